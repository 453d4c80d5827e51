"""A request to upstream: over a kept connection or a new one, its body whole or as it comes, and the answer's head.

A request is sent twice only if it may be done twice, is here whole, went over a kept connection, and not a byte of an
answer came: then the server had closed what was idle.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import trio

from fozzy.chaos.http.ends import End
from fozzy.chaos.http.heads import request_head, rows_of
from fozzy.chaos.http.lines import Interim, Line, UpstreamAnswer
from fozzy.chaos.http.origins import Origin
from fozzy.chaos.http.pool import IDEMPOTENT, Pool
from fozzy.chaos.http.refusals import ClientGone, Refusal, UpstreamFailed
from fozzy.chaos.http.turn import Turn
from fozzy.chaos.http.watch import Phase
from fozzy.chaos.http.writer import LAST_CHUNK
from fozzy.faults.http.decision import Close, Pace
from fozzy.faults.http.limits import slice_bytes

ONCE = "POST"  # what must not be done twice, as far as connections are concerned
Relay = Callable[[UpstreamAnswer], Awaitable[None]]


class Paced(NamedTuple):
    """Asks the engine for time, slice by slice."""

    turn: Turn
    pace: Pace

    async def wait(self, size: int) -> None:
        """Until so many bytes may have gone."""
        session = self.turn.session
        wait_ns = session.engine.pace(self.pace, size, session.now_ns())
        if wait_ns > 0:
            self.turn.watch.hold()
            await trio.sleep(wait_ns / 1e9)

    def slices(self, data: bytes) -> list[bytes]:
        """The data in slices that flow smoothly."""
        size = slice_bytes(self.pace)
        return [data[at : at + size] for at in range(0, len(data), size)]


class Call:
    """One request to upstream. *Closes*: `close`, which keeps the connection where another request may go over it."""

    def __init__(self, turn: Turn, pool: Pool, origin: Origin) -> None:
        self._turn = turn
        self._pool = pool
        self._origin = origin
        self._line: Line | None = None
        self._has_sent_all = False

    async def ask(self, interim: Interim) -> UpstreamAnswer:
        """The answer to a request that is here whole. *Errors*: `UpstreamFailed`, `ClientGone`."""
        turn, method = self._turn, self._turn.head.method
        line = self._pool.take(self._origin, method, turn.session.now_ns())
        if line is not None:
            try:
                return await self._sent(line, interim)
            except UpstreamFailed as failed:
                if failed.reason != "upstream_closed" or line.has_begun or method not in IDEMPOTENT:
                    raise
                self.close()
                turn.note("sent again: upstream had closed the connection that was kept")
        return await self._sent(await self._connected(), interim)

    async def stream(self, interim: Interim, relay: Relay) -> None:
        """Send a body on while it comes, and have the answer relayed, which may begin before the body has ended.

        *Errors*: `UpstreamFailed`; `ClientGone` and `Refusal` of the request's body; whatever `relay` raises.
        """
        turn = self._turn
        kept = self._pool.take(self._origin, ONCE, turn.session.now_ns())  # such a body is gone once it was sent
        self._line = line = kept if kept is not None else await self._connected()
        self._expect(line)
        upload = Upload(turn, line.end, self._origin)
        turn.is_uploading = True
        failed: Exception | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(upload.run, nursery.cancel_scope)
            try:
                turn.hear(answer := await line.head(interim))
                await relay(answer)
            except Exception as error:  # a nursery would wrap it
                failed = error
            nursery.cancel_scope.cancel()
        turn.is_uploading = False
        self._has_sent_all = upload.is_done
        failed = upload.error or failed
        if failed is not None:
            raise failed

    def close(self) -> None:
        """Keep the connection for the next request, or end it."""
        line, self._line = self._line, None
        if line is None:
            return
        if self._has_sent_all and line.is_free():
            self._pool.keep(self._origin, line, self._turn.head_ns)
        else:
            line.close()

    def take_end(self) -> End:
        """The connection; from now on it is the caller's to close."""
        line, self._line = self._line, None
        assert line is not None
        return line.end

    async def _connected(self) -> Line:
        turn = self._turn
        turn.watch.expect(Phase.CONNECT, turn.wire.connect_timeout_s)
        return await self._pool.connect(self._origin)

    def _expect(self, line: Line) -> None:
        decision = self._turn.decision
        action = decision.action if decision is not None else None
        by_chunk = action is not None and isinstance(action, Close) and action.after_chunks is not None
        line.expect(self._turn.head.method, by_chunk=by_chunk)

    async def _sent(self, line: Line, interim: Interim) -> UpstreamAnswer:
        turn = self._turn
        self._line = line
        self._expect(line)
        turn.watch.expect(Phase.ANSWER, turn.wire.answer_timeout_s)
        head = head_of(turn, self._origin)
        try:
            if turn.decision is not None and turn.decision.up is not None and turn.waiting:
                await Upload(turn, line.end, self._origin).send_all()
            else:
                await line.end.send(head + framed_whole(turn) if turn.waiting or turn.head.facts.chunked else head)
        except OSError:
            pass  # it may have answered before it closed; whether it did is seen when that is read
        self._has_sent_all = True
        turn.asked_ns = turn.session.now_ns()
        answer = await line.head(interim)
        turn.hear(answer)
        return answer


class Upload:
    """A request's body on its way to upstream. `error` is of the client; upstream's shows in its answer."""

    def __init__(self, turn: Turn, end: End, origin: Origin) -> None:
        self._turn = turn
        self._end = end
        self._origin = origin
        up = turn.decision.up if turn.decision is not None else None
        self._paced = Paced(turn, up) if up is not None else None
        self.is_done = False
        self.error: ClientGone | Refusal | None = None

    async def run(self, both: trio.CancelScope) -> None:
        """Send it as it comes; where the client fails `both` directions are cancelled."""
        turn = self._turn
        try:
            await self.send_all()
        except OSError:
            return
        except (ClientGone, Refusal) as error:
            self.error = error
            both.cancel()
            return
        self.is_done = True
        turn.asked_ns = turn.session.now_ns()
        turn.watch.expect(Phase.ANSWER, turn.wire.answer_timeout_s)

    async def send_all(self) -> None:
        """Head, body and trailers. *Errors*: `OSError` of upstream; `ClientGone` and `Refusal` of the client."""
        turn = self._turn
        await self._end.send(head_of(turn, self._origin))
        while turn.waiting:
            await self._send(turn.waiting.pop(0))
        while piece := await turn.take():
            await self._send(piece)
        if turn.head.facts.chunked:
            await self._end.send(_last(turn))

    async def _send(self, piece: bytes) -> None:
        turn, paced = self._turn, self._paced
        for part in paced.slices(piece) if paced is not None else (piece,):
            if paced is not None:
                await paced.wait(len(part))
            turn.watch.expect(Phase.ANSWER, turn.wire.body_idle_timeout_s)
            await self._end.send(b"%x\r\n%b\r\n" % (len(part), part) if turn.head.facts.chunked else part)


def head_of(turn: Turn, origin: Origin) -> bytes:
    """The head that upstream gets; the session may have a say in its headers."""
    outgoing, rows = turn.session.outgoing, turn.head.facts.text
    if outgoing is not None and turn.decision is not None:
        rows = rows_of(outgoing(turn.head.facts.passed, turn.decision))
    return request_head(turn.head, origin.authority, origin.prefix, rows)


def framed_whole(turn: Turn) -> bytes:
    """The body that waits, framed as it came."""
    body = turn.waiting[0] if len(turn.waiting) == 1 else b"".join(turn.waiting)
    if not turn.head.facts.chunked:
        return body
    last = _last(turn)
    return b"%x\r\n%b\r\n%b" % (len(body), body, last) if body else last


def _last(turn: Turn) -> bytes:
    trailers = turn.reader.trailers
    if not trailers:
        return LAST_CHUNK
    return f"0\r\n{rows_of(trailers)}\r\n".encode("latin-1")
