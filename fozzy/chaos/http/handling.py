"""What is done with one request: decided, delayed, answered by whoever answers it, and every way in which that fails.

The order: limits, the body as far as the key needs it, the decision, the delay, a fault that answers in upstream's
place, then the route's answer, the cassette or upstream, through the fault that changes their answer.
"""

from __future__ import annotations

import contextlib
from typing import Literal, NamedTuple

import trio

from fozzy.chaos.cassette.serving import Miss, Serving
from fozzy.chaos.http.answers import Answer
from fozzy.chaos.http.call import Call
from fozzy.chaos.http.ends import End
from fozzy.chaos.http.lines import UpstreamAnswer
from fozzy.chaos.http.origins import origin_of
from fozzy.chaos.http.pool import Pool
from fozzy.chaos.http.ready import fixture, given, recorded
from fozzy.chaos.http.refusals import ClientGone, CutOff, Refusal, UpstreamFailed, own_answer
from fozzy.chaos.http.relay import evidence, relay
from fozzy.chaos.http.settings import Settings
from fozzy.chaos.http.turn import Turn
from fozzy.chaos.http.upgrade import Tunnel, switch_rows
from fozzy.chaos.http.watch import Phase
from fozzy.chaos.http.writer import Shown, Writer
from fozzy.faults.http.decision import Action, Close, Decision, Give, Hold
from fozzy.faults.http.fixtures import fixture_of

Cut = Literal["", "fin", "rst"]  # how the client's connection ends now; empty: it need not
NO_UPSTREAM = "no route means this request, and there is no upstream"
UPSTREAM_FAILED = "upstream_failed"  # why a fault of an answer could not happen
HEARD_OUT_S = 5.0  # what upstream gets to end an answer that a fault has cut, so that it can be recorded whole
HEARD_PAUSE_S = 1.0  # if it says nothing for so long, that was all
LONG_NS = 20 * 10**6  # after so long it is looked whether the client is still there
_BEFORE = ("accept", "before-response")


class Others(NamedTuple):
    """Who else may answer."""

    pool: Pool
    upstream_url: str | None
    cassette: Serving | None


class Handling:
    """One request between a client's end and whoever answers."""

    def __init__(self, turn: Turn, end: End, others: Others) -> None:
        self.turn = turn
        self.writer = Writer(end, turn, turn.head.keeps)
        self.is_doubtful = False  # the client had ended its half, or all, before its answer was there
        self._end = end
        self._others = others

    async def run(self, settings: Settings) -> Cut:
        """Do it. Returns how the connection ends, where it must; the turn has the rest, and is not finished yet."""
        try:
            decision = await self._decided(settings)
            if decision.delay_ns:
                await self.turn.hold(decision.delay_ns)
            if decision.action is None or not await self._fault(decision.action):
                await self._answer(decision)
        except ClientGone:
            return self.gone()
        except CutOff as cut:
            return self.cut(cut.how)
        except UpstreamFailed as failed:
            return await self.failed(failed)
        except Refusal as refusal:
            return await self.refused(refusal)
        return ""

    def gone(self) -> Cut:
        """The client left."""
        turn = self.turn
        turn.fail("client_gone")
        turn.sent_ended = "client_gone"
        if self.is_doubtful and not turn.sent_bytes:
            turn.sent_status = 0
        return "rst"

    def cut(self, how: Literal["fin", "rst"]) -> Literal["fin", "rst"]:
        """The answer ends here, before its end. Where the connection's end would look like the answer's, by RST."""
        turn = self.turn
        if how == "fin" and self.writer.ends_with_connection:
            turn.note("reset: to end the connection would have made the answer look whole")
            how = "rst"
        turn.sent_ended = how
        return how

    async def failed(self, failed: UpstreamFailed) -> Cut:
        """Upstream gave no answer, or not all of one: an answer of our own, or the same short end."""
        turn = self.turn
        turn.fail(failed.reason, bypassed=UPSTREAM_FAILED)
        if not self.writer.has_begun:
            turn.note(failed.message)
            await self._say(own_answer(failed.status, failed.reason, failed.message))
            return ""
        return self.cut("rst" if turn.answer is not None and turn.answer.ended == "rst" else "fin")

    async def refused(self, refusal: Refusal) -> Cut:
        """The request is not carried out."""
        turn = self.turn
        turn.fail(refusal.code)
        if self.writer.has_begun:
            return self.cut("fin")
        turn.sent_ended = "refused"
        if refusal.is_last:
            self.writer.keeps = False
        await self._say(own_answer(refusal.status, refusal.code, refusal.message))
        return ""

    async def _say(self, give: Give) -> None:
        """An answer of our own. A body that nobody read is read to its end, if the connection is to go on."""
        try:
            if self.writer.keeps:
                await self.turn.swallow()
            self.turn.watch.expect(Phase.SEND, self.turn.wire.body_idle_timeout_s)
            await self._send(give, "")
        except (ClientGone, Refusal):
            self.turn.sent_ended = "client_gone"
            self.writer.keeps = False

    async def _decided(self, settings: Settings) -> Decision:
        turn = self.turn
        if turn.wire.request_bytes_max is not None:
            turn.check_size()
        if not turn.is_body_whole:
            engine = turn.session.engine
            if not engine.is_idle or engine.keyed or turn.head.facts.steers or settings.reads_body:
                await turn.gather(settings.gathered_bytes)
        decision = turn.decide()
        if decision.refused:
            raise Refusal(400, "chaos_header", decision.refused, is_last=False)
        if self._others.cassette is not None and decision.source == "proxy":
            return await self._looked_up(decision, self._others.cassette)
        return decision

    async def _looked_up(self, decision: Decision, cassette: Serving) -> Decision:
        """Ask the cassette. With `as_recorded` what was decided then is what happens now."""
        turn = self.turn
        await turn.gather(turn.wire.record_bytes_max)
        assert turn.seen is not None
        turn.found = found = cassette.find(decision, turn.seen, b"".join(turn.waiting))
        if isinstance(found, Miss) or found.decision is None:
            return decision
        return turn.follow(found.decision._replace(number=decision.number, arrived_ns=decision.arrived_ns))

    async def _fault(self, action: Action) -> bool:
        """A fault that comes before upstream is asked. Whether it was one."""
        turn = self.turn
        if isinstance(action, Close):
            return await self._closed(action)
        if isinstance(action, Hold):
            await turn.swallow()
            turn.apply()
            await turn.hold(action.wait_ns)
            if action.then is not None:
                await self._give(action.then)
            return True
        if isinstance(action, Give):
            await turn.swallow()
            await self._give(action)
            turn.apply()
            return True
        return False

    async def _closed(self, action: Close) -> bool:
        if action.at not in _BEFORE:
            return False
        if action.at == "before-response":
            await self.turn.swallow()
        self.turn.apply()
        raise CutOff(action.how, action.at)

    async def _give(self, give: Give) -> None:
        turn = self.turn
        turn.watch.expect(Phase.SEND, turn.wire.body_idle_timeout_s)
        await self._send(give, evidence(turn))

    async def _send(self, give: Give, more: str) -> None:
        answer = given(give)
        rows = answer.text + more
        shown = Shown(answer.status, answer.reason, rows, answer.length, answer.says_length, answer.has_body)
        await self.writer.send_whole(shown, give.body)

    async def _answer(self, decision: Decision) -> None:
        """Have it answered by whoever answers."""
        turn, others = self.turn, self._others
        if decision.source == "internal":
            turn.fail("no_route")
            return await self._say(own_answer(404, "no_route", NO_UPSTREAM))
        if decision.source == "fixture":
            return await self._fixture(decision)
        if turn.found is not None and await self._found(decision):
            return None
        url = self._upstream(decision)
        if url is None:  # whoever answered when it was decided is gone
            turn.fail("no_route")
            return await self._say(own_answer(404, "no_route", NO_UPSTREAM))
        call = Call(turn, others.pool, origin_of(url))
        try:
            if turn.is_body_whole:
                await self._relayed(call, await call.ask(self.writer.interim))
            else:
                await call.stream(self.writer.interim, lambda answer: self._relayed(call, answer))
        finally:
            call.close()

    async def _fixture(self, decision: Decision) -> None:
        route, turn = decision.route, self.turn
        assert route is not None
        said = fixture_of(route.answer or route.answers[decision.slot])
        await turn.swallow()
        if said.delay_ns:
            await turn.hold(said.delay_ns)
        turn.asked_ns = turn.session.now_ns()
        await self._relay(fixture(said, turn.hold))

    def _upstream(self, decision: Decision) -> str | None:
        """Whom to ask, if there is anybody; a plan that was changed may have taken them away."""
        route, plan = decision.route, self.turn.session.engine.state.plan
        return (route.upstream if route is not None else None) or plan.upstream or self._others.upstream_url

    async def _found(self, decision: Decision) -> bool:
        """Answer from the cassette; not where upstream is to be asked instead."""
        turn, found, cassette = self.turn, self.turn.found, self._others.cassette
        assert found is not None and cassette is not None
        if isinstance(found, Miss):
            if cassette.mode == "auto" and self._upstream(decision) is not None:
                turn.note(found.reason)
                return False
            turn.fail("not_recorded")
            turn.note(found.reason)
            await self._say(found.answer)
            return True
        assert found.answer is not None, "a recorded decision answers by itself where nothing was answered"
        await turn.swallow()
        turn.asked_ns = turn.session.now_ns()
        await self._relay(recorded(found.answer, found.pace, turn.hold))
        return True

    async def _relay(self, answer: Answer) -> None:
        self.turn.hear(answer)
        await relay(self.turn, answer, self.writer)

    async def _hear_out(self, answer: UpstreamAnswer, how: Literal["fin", "rst"]) -> None:
        """Where somebody records: cut the client off now, and hear what upstream says to its end, for a while."""
        turn = self.turn
        if not (turn.is_body_whole and turn.answer_pieces is not None):
            return
        turn.watch.hold()
        with trio.move_on_after(HEARD_OUT_S), contextlib.suppress(OSError, UpstreamFailed):
            if how == "rst":
                await self._end.flush(HEARD_OUT_S)
                self._end.close(at_once=True)
            else:
                await self._end.finish()
            while turn.answer_pieces is not None and (piece := await self._in_time(answer)):
                turn.heard(piece)

    async def _in_time(self, answer: UpstreamAnswer) -> bytes:
        """The next piece, nothing where upstream pauses for long."""
        with trio.move_on_after(HEARD_PAUSE_S):
            return await answer.piece()
        return b""

    async def _relayed(self, call: Call, answer: UpstreamAnswer) -> None:
        if answer.status == 101:
            return await self._tunnelled(call, answer)
        turn = self.turn
        if turn.head.upgrade:
            turn.reader.resume_parsing()
        if turn.head_ns - turn.asked_ns > LONG_NS:
            self.is_doubtful = not self._end.is_open()
        try:
            return await relay(self.turn, answer, self.writer)
        except CutOff as cut:
            how = self.cut(cut.how)
            await self._hear_out(answer, how)
            raise CutOff(how, cut.reason) from None

    async def _tunnelled(self, call: Call, answer: UpstreamAnswer) -> None:
        """Upstream and client speak something else from now on."""
        turn = self.turn
        if not turn.head.upgrade:
            raise UpstreamFailed("upstream_bad_answer", "upstream switches protocols, which nobody asked for")
        turn.bypass("upgraded")
        await self.writer.send_switch(answer.reason, answer.text + switch_rows(answer))
        upstream = call.take_end()
        at_once = True
        try:
            tunnel = Tunnel(turn, self._end, upstream)
            await tunnel.run(turn.reader.stop_parsing(), answer.tunnelled)
            at_once = False
        except CutOff as cut:
            turn.fail(cut.reason)
            raise
        finally:
            upstream.close(at_once=at_once)
