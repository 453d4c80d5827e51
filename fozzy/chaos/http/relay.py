"""An answer to the client: through the flow of the fault that was planned, at the pace there is, with its evidence.

What a fault does to an answer is decided in `chaos/flow`, as for every door; here its steps are carried out.
"""

from __future__ import annotations

import math

import trio

from fozzy.chaos.flow import End, Head, Step, Struck, Wait, flow_of
from fozzy.chaos.http.answers import Answer
from fozzy.chaos.http.call import Paced
from fozzy.chaos.http.heads import rows_of
from fozzy.chaos.http.ready import reason_of
from fozzy.chaos.http.refusals import CutOff
from fozzy.chaos.http.turn import Turn
from fozzy.chaos.http.watch import Phase
from fozzy.chaos.http.writer import Shown, Writer
from fozzy.core.duration import show_ns

EVIDENCE = "X-Fozzy-Chaos"


async def relay(turn: Turn, answer: Answer, writer: Writer) -> None:
    """Send an answer as it comes, with the planned fault. *Errors*: `ClientGone`, `UpstreamFailed`, `CutOff`."""
    decision, whole = turn.decision, answer.whole
    assert decision is not None
    if whole is None or decision.down is not None or (decision.action is not None and not turn.is_settled):
        return await Relay(turn, answer, writer).run()
    if whole:
        turn.heard(whole)
    turn.watch.expect(Phase.SEND, turn.wire.body_idle_timeout_s)
    rows = answer.text + evidence(turn)
    shown = Shown(answer.status, answer.reason, rows, answer.length, answer.says_length, answer.has_body)
    return await writer.send_whole(shown, whole, answer.trailers if answer.chunked else None)


class Relay:
    """An answer that goes on piece by piece."""

    def __init__(self, turn: Turn, answer: Answer, writer: Writer) -> None:
        decision = turn.decision
        assert decision is not None
        self._turn = turn
        self._answer = answer
        self._writer = writer
        self._seconds = turn.wire.body_idle_timeout_s
        self._head = _head_of(answer, turn.head.method)
        self._flow = flow_of(None if turn.is_settled else decision.action, self._head, turn.session.now_ns)
        self._paced = Paced(turn, decision.down) if decision.down is not None else None
        self._deadline = math.inf

    async def run(self) -> None:
        """Relay it to its end. *Errors*: as `relay`."""
        turn, flow, answer = self._turn, self._flow, self._answer
        await self._carry_out(flow.start(self._head))
        if flow.after_ns is not None:
            self._deadline = trio.current_time() + flow.after_ns / 1e9
        while True:
            turn.watch.expect(Phase.RELAY, self._seconds)
            piece = await answer.piece() if self._deadline == math.inf else await self._in_time()
            if not piece:
                break
            turn.heard(piece)
            await self._carry_out(flow.feed(piece))
        await self._carry_out(flow.end())
        if flow.reason:
            turn.bypass(flow.reason)
        turn.watch.expect(Phase.SEND, self._seconds)
        await self._writer.end(answer.trailers)

    async def _in_time(self) -> bytes:
        """The next piece, or the end that the flow's time brings."""
        with trio.move_on_at(self._deadline):
            return await self._answer.piece()
        self._deadline = math.inf
        await self._carry_out(self._flow.expire())
        return await self._answer.piece()

    async def _carry_out(self, steps: list[Step]) -> None:
        turn, flow, writer = self._turn, self._flow, self._writer
        for step in steps:
            if isinstance(step, bytes):
                await self._write(step)
                if isinstance(step, Struck):
                    turn.apply(flow.reason)
            elif isinstance(step, Head):
                writer.begin(self._shown(step))
            else:
                await self._flush()
                turn.apply(flow.reason)
                if isinstance(step, End):
                    raise CutOff(step.how, flow.reason)
                assert isinstance(step, Wait)
                await turn.hold(step.ns)
        await self._flush()
        if flow.applied:
            turn.apply(flow.reason)

    async def _write(self, piece: bytes) -> None:
        paced = self._paced
        for part in paced.slices(piece) if paced is not None else (piece,):
            if paced is not None:
                await paced.wait(len(part))
            self._turn.watch.expect(Phase.SEND, self._seconds)
            await self._writer.write(part)

    async def _flush(self) -> None:
        self._turn.watch.expect(Phase.SEND, self._seconds)
        await self._writer.flush()

    def _shown(self, head: Head) -> Shown:
        """What the client gets: upstream's own words, where the flow changed nothing."""
        answer = self._answer
        reason = answer.reason if head.status == answer.status else reason_of(head.status)
        length = head.length()
        return Shown(
            head.status, reason, rows_of(head.headers) + evidence(self._turn), length, length is not None, head.has_body
        )


def _head_of(answer: Answer, method: str) -> Head:
    """The head as a flow sees it: with the length, where it is known."""
    length, headers = answer.length, answer.passed
    if length is not None and not answer.says_length:
        headers = [*headers, ("Content-Length", str(length))]  # spelled as where no flow is
    return Head(answer.status, headers, answer.has_body, method == "HEAD")


def evidence(turn: Turn) -> str:
    """What an answer says of its own chaos, where the plan wants that: fault or latency, number and key, the delay."""
    decision = turn.decision
    if decision is None or not turn.session.engine.state.plan.evidence_headers:
        return ""
    said = [decision.planned or ("latency" if decision.delay_ns else "none"), f"number={decision.number}"]
    if decision.key:
        said.append(f"key={decision.key}.{decision.occurrence}")
    if decision.delay_ns:
        said.append(f"delay={show_ns(decision.delay_ns)}")
    return f"{EVIDENCE}: {'; '.join(said)}\r\n"
