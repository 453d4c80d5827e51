"""An answer to the client: through the effect that was planned, at the pace there is, with the headers of evidence."""

from __future__ import annotations

from fozzy.chaos.http.answers import Answer
from fozzy.chaos.http.call import Paced
from fozzy.chaos.http.effect import Effect
from fozzy.chaos.http.effects import EFFECTS
from fozzy.chaos.http.turn import Turn
from fozzy.chaos.http.watch import Phase
from fozzy.chaos.http.writer import Writer
from fozzy.core.duration import show_ns

EVIDENCE = "X-Fozzy-Chaos"


async def relay(turn: Turn, answer: Answer, writer: Writer) -> None:
    """Send an answer as it comes, with the planned fault. *Errors*: `ClientGone`, `UpstreamFailed`, `CutOff`."""
    decision = turn.decision
    assert decision is not None
    effect = EFFECTS.get(type(decision.action)) if decision.action is not None and not turn.is_settled else None
    told = evidence(turn)
    if effect is not None:
        if answer.has_body:
            turn.watch.expect(Phase.RELAY, turn.wire.body_idle_timeout_s)
        changed = await effect(answer, turn, decision.action)
        if changed is not answer:
            return await _flow(turn, changed, writer, told)
    whole = answer.whole
    if whole is not None and decision.down is None:
        if whole:
            turn.heard(whole)
        turn.watch.expect(Phase.SEND, turn.wire.body_idle_timeout_s)
        return await writer.send_whole(answer, whole, told)
    return await _flow(turn, Effect(answer, turn), writer, told)


async def _flow(turn: Turn, answer: Answer, writer: Writer, told: list[str]) -> None:
    """Piece by piece. The head goes first, so that a client sees it when it is there."""
    decision, watch, seconds = turn.decision, turn.watch, turn.wire.body_idle_timeout_s
    assert decision is not None
    paced = Paced(turn, decision.down) if decision.down is not None else None
    writer.begin(answer, told)
    watch.expect(Phase.SEND, seconds)
    await writer.flush()
    while True:
        watch.expect(Phase.RELAY, seconds)
        piece = await answer.piece()
        if not piece:
            break
        for part in paced.slices(piece) if paced is not None else (piece,):
            if paced is not None:
                await paced.wait(len(part))
            watch.expect(Phase.SEND, seconds)
            await writer.write(part)
    watch.expect(Phase.SEND, seconds)
    await writer.end(answer.trailers)


def evidence(turn: Turn) -> list[str]:
    """What an answer says of its own chaos, where the plan wants that: the planned fault, its roll, the delay."""
    decision = turn.decision
    if decision is None or not turn.session.engine.state.plan.evidence_headers:
        return []
    said = [decision.planned or "none", f"number={decision.number}"]
    if decision.key:
        said.append(f"key={decision.key}.{decision.occurrence}")
    if decision.delay_ns:
        said.append(f"delay={show_ns(decision.delay_ns)}")
    return [f"{EVIDENCE}: {'; '.join(said)}\r\n"]
