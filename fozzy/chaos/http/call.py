"""A request to upstream: over a kept connection or a new one, its body whole or as it comes, and the answer's head.

A request is sent twice only if it may be done twice, is here whole, went over a kept connection, and not a byte of an
answer came: then the server had closed what was idle.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import trio

from fozzy.chaos.http.answers import Interim, UpstreamAnswer
from fozzy.chaos.http.ends import End
from fozzy.chaos.http.heads import request_head
from fozzy.chaos.http.origins import Origin
from fozzy.chaos.http.pool import IDEMPOTENT, Pool
from fozzy.chaos.http.refusals import ClientGone, Refusal, UpstreamFailed
from fozzy.chaos.http.turn import Turn
from fozzy.chaos.http.watch import Phase
from fozzy.chaos.http.writer import LAST_CHUNK
from fozzy.faults.http.decision import Close, Pace
from fozzy.faults.http.limits import slice_bytes

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
        self._end: End | None = None
        self._upload_error: ClientGone | Refusal | None = None
        self._has_sent_all = False
        self.answer: UpstreamAnswer | None = None

    async def run(self, interim: Interim, relay: Relay) -> None:
        """Ask, and have the answer relayed as soon as its head is here.

        *Errors*: `UpstreamFailed`; `ClientGone` and `Refusal` of the request's body; whatever `relay` raises.
        """
        turn = self._turn
        await turn.gather_ready()
        if turn.is_body_whole:
            await relay(await self._asked(interim))
        else:
            await self._streamed(interim, relay)

    def close(self) -> None:
        """Keep the connection for the next request, or end it."""
        end, self._end = self._end, None
        if end is None:
            return
        if self._has_sent_all and self.answer is not None and self.answer.is_clean:
            self._pool.keep(self._origin, end)
        else:
            end.close()

    def take_end(self) -> End:
        """The connection; from now on it is the caller's to close."""
        end, self._end = self._end, None
        assert end is not None
        return end

    async def _asked(self, interim: Interim) -> UpstreamAnswer:
        """The answer to a request that is here whole."""
        turn = self._turn
        method = turn.head.method
        end = self._pool.take(self._origin, method)
        if end is not None:
            try:
                return await self._sent(end, interim)
            except UpstreamFailed as failed:
                is_stale = failed.reason == "upstream_closed" and self.answer is not None and not self.answer.has_begun
                if not is_stale or method not in IDEMPOTENT:
                    raise
                self.close()
                turn.notes.append("sent again: upstream had closed the connection that was kept")
        return await self._sent(await self._connected(), interim)

    def _head(self) -> bytes:
        """The request's head; whoever has a say in what upstream gets as headers has it."""
        turn, origin = self._turn, self._origin
        rows, outgoing = turn.head.facts.rows, turn.session.outgoing
        if outgoing is not None and turn.decision is not None:
            pairs = [(name, value.strip()) for name, _, value in (row.partition(":") for row in rows)]
            rows = [f"{name}: {value}\r\n" for name, value in outgoing(pairs, turn.decision)]
        return request_head(turn.head, origin.authority, origin.prefix, rows)

    async def _sent(self, end: End, interim: Interim) -> UpstreamAnswer:
        turn = self._turn
        self._end = end
        self._has_sent_all = False
        self.answer = answer = self._expected(end)
        turn.watch.expect(Phase.ANSWER, turn.wire.answer_timeout_s)
        await self._send_whole(end)
        self._has_sent_all = True
        turn.asked_ns = turn.session.now_ns()
        await answer.head(interim)
        turn.hear(answer)
        return answer

    async def _send_whole(self, end: End) -> None:
        turn = self._turn
        data = self._head()
        up = turn.decision.up if turn.decision is not None else None
        try:
            if up is None or not turn.waiting:
                await end.send(data + self._framed_whole())
            else:
                await end.send(data)
                for piece in turn.waiting:
                    await self._send_piece(end, piece)
                await self._send_last(end)
        except OSError:
            return  # it may have answered before it closed; whether it did is seen when that is read

    def _framed_whole(self) -> bytes:
        turn = self._turn
        body = b"".join(turn.waiting)
        if not turn.head.facts.chunked:
            return body
        trailers = self._trailers()
        return b"%x\r\n%b\r\n%b" % (len(body), body, trailers) if body else trailers

    async def _send_piece(self, end: End, piece: bytes) -> None:
        turn = self._turn
        up = turn.decision.up if turn.decision is not None else None
        paced = Paced(turn, up) if up is not None else None
        for part in paced.slices(piece) if paced is not None else (piece,):
            if paced is not None:
                await paced.wait(len(part))
            turn.watch.expect(Phase.ANSWER, turn.wire.body_idle_timeout_s)
            await end.send(b"%x\r\n%b\r\n" % (len(part), part) if turn.head.facts.chunked else part)

    async def _send_last(self, end: End) -> None:
        if self._turn.head.facts.chunked:
            await end.send(self._trailers())

    def _trailers(self) -> bytes:
        trailers = self._turn.reader.trailers
        if not trailers:
            return LAST_CHUNK
        rows = "".join(f"{name}: {value}\r\n" for name, value in trailers)
        return f"0\r\n{rows}\r\n".encode("latin-1")

    async def _connected(self) -> End:
        turn = self._turn
        turn.watch.expect(Phase.CONNECT, turn.wire.connect_timeout_s)
        return await self._pool.connect(self._origin)

    def _expected(self, end: End) -> UpstreamAnswer:
        decision = self._turn.decision
        action = decision.action if decision is not None else None
        by_chunk = isinstance(action, Close) and action.after_chunks is not None
        return UpstreamAnswer(end, self._turn.wire, self._turn.head.method, by_chunk=by_chunk)

    async def _streamed(self, interim: Interim, relay: Relay) -> None:
        """A body that is sent on while it comes, and an answer that may begin before it ends."""
        turn = self._turn
        self._end = end = await self._connected()
        self.answer = answer = self._expected(end)
        turn.is_uploading = True
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._upload, end, nursery.cancel_scope)
            failed = await self._answered(answer, interim, relay)
            nursery.cancel_scope.cancel()
        turn.is_uploading = False
        if self._upload_error is not None:
            raise self._upload_error
        if failed is not None:
            raise failed

    async def _answered(self, answer: UpstreamAnswer, interim: Interim, relay: Relay) -> Exception | None:
        """Relay the answer; an error is returned, since a nursery would wrap it."""
        try:
            await answer.head(interim)
            self._turn.hear(answer)
            await relay(answer)
        except Exception as error:
            return error
        return None

    async def _upload(self, end: End, both: trio.CancelScope) -> None:
        turn = self._turn
        try:
            await end.send(self._head())
            while turn.waiting:
                await self._send_piece(end, turn.waiting.pop(0))
            while piece := await turn.take():
                await self._send_piece(end, piece)
            await self._send_last(end)
        except OSError:
            return  # upstream reads no further; its answer tells why
        except (ClientGone, Refusal) as error:
            self._upload_error = error
            both.cancel()
            return
        self._has_sent_all = True
        turn.asked_ns = turn.session.now_ns()
        turn.watch.expect(Phase.ANSWER, turn.wire.answer_timeout_s)
