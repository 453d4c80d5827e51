"""HTTP with faults: rolls for every request, and applies what was planned to whatever backend answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from fozzy.core.blob import Blob
from fozzy.faults.actions import Change, Refuse, Reply, Wait
from fozzy.faults.engine import Faults, Planned
from fozzy.faults.kinds import HttpReply
from fozzy.world.failure import Failure
from fozzy.world.http.base import Answered, BurstAnswers, Http, HttpAnswer, HttpBurst, HttpRequest
from fozzy.world.http.lanes import stays
from fozzy.world.http.scripted import path_of


class FaultyHttp:
    """Stands before a backend once a fault is armed; the backend's true answer is what the trace holds."""

    def __init__(self, inner: Http, faults: Faults, delay: Callable[[int], None]) -> None:
        self._inner = inner
        self._faults = faults
        self._delay = delay

    def send(self, request: HttpRequest) -> HttpAnswer:
        """The answer, as the fault leaves it."""
        planned = self._faults.roll("http", _event(request))
        if planned is None:
            return self._inner.send(request)
        return self._send(request, planned)

    def burst(self, request: HttpBurst) -> BurstAnswers:
        """Every answer, as the faults leave it: one roll for each request, all before the first is sent.

        What a fault answers is not sent. Waits pass before, `concurrency` of them at a time.
        """
        one = request.request
        planned = [self._planned(one) for _ in range(request.count)]
        waits = stays([_wait_ns(each, one) for each in planned], request.concurrency)
        held_ns = max((stay.ended_ns for stay in waits), default=0)
        if held_ns:
            self._delay(held_ns)
        sent = [index for index, each in enumerate(planned) if each is None or not _replaces(each)]
        inner = msgspec.structs.replace(request, count=len(sent))
        found = self._inner.burst(inner).answers if sent else []
        by_index = {sent[each.index]: each for each in found}
        answers = [self._one(request, index, each, by_index.get(index)) for index, each in enumerate(planned)]
        late = [
            Answered(each.index, each.at_ns + stay.ended_ns, each.took_ns + stay.ended_ns - stay.began_ns, each.answer)
            for each, stay in zip(answers, waits, strict=True)
        ]
        return BurstAnswers(answers=_completed(late, [sent[each.index] for each in found]))

    def _planned(self, request: HttpRequest) -> Planned | None:
        """Roll for one request of a burst. What is sure to be applied is, so that `times` counts it at once."""
        planned = self._faults.roll("http", _event(request))
        if planned is not None and not isinstance(planned.action, Change):
            self._faults.applied(planned)
        return planned

    def _one(self, burst: HttpBurst, index: int, planned: Planned | None, true: Answered | None) -> Answered:
        """One answer of a burst, `true` when its request was sent."""
        if planned is None or isinstance(planned.action, Wait):
            assert true is not None
            return Answered(index, true.at_ns, true.took_ns, true.answer)
        if isinstance(planned.action, Reply):
            return Answered(index, 0, 0, _answer(planned.action.answer))
        if isinstance(planned.action, Refuse):
            return Answered(index, 0, 0, _refused(planned.action, burst.request))
        assert true is not None and isinstance(planned.action, Change)
        answer = true.answer
        if self._faults.is_spent(planned):
            self._faults.bypassed(planned, "used_up")
        else:
            answer = self._change(planned, planned.action, answer)
        return Answered(index, true.at_ns, true.took_ns, answer)

    def _send(self, request: HttpRequest, planned: Planned) -> HttpAnswer:
        action = planned.action
        if isinstance(action, Reply):
            return self._applied(planned, _answer(action.answer))
        if isinstance(action, Refuse):
            return self._refuse(planned, action, request)
        if isinstance(action, Wait):
            self._delay(action.duration_ns)
            self._faults.applied(planned)
            return self._inner.send(request)
        assert isinstance(action, Change), f"{planned.rule.kind.name} is no fault of HTTP"
        return self._change(planned, action, self._inner.send(request))

    def _refuse(self, planned: Planned, action: Refuse, request: HttpRequest) -> HttpAnswer:
        self._delay(_wait_ns(planned, request))
        return self._applied(planned, _refused(action, request))

    def _change(self, planned: Planned, action: Change, true: HttpAnswer) -> HttpAnswer:
        if true.failure is not None:
            self._faults.bypassed(planned, "upstream_failed")
            return true
        reply = HttpReply(true.status, true.headers, true.body.data())
        return self._applied(planned, _answer(action.change(reply)))

    def _applied(self, planned: Planned, answer: HttpAnswer) -> HttpAnswer:
        self._faults.applied(planned)
        return answer


def _replaces(planned: Planned) -> bool:
    return isinstance(planned.action, Reply | Refuse)


def _wait_ns(planned: Planned | None, request: HttpRequest) -> int:
    """How long a fault holds a request: a wait in full, a refusal no longer than the request waits itself."""
    action = None if planned is None else planned.action
    if isinstance(action, Wait):
        return action.duration_ns
    if not isinstance(action, Refuse):
        return 0
    own_ns = request.timeout_ms * 10**6
    return min(action.after_ns, own_ns) if own_ns else action.after_ns


def _refused(action: Refuse, request: HttpRequest) -> HttpAnswer:
    return HttpAnswer(failure=Failure(action.kind, f"{action.message} to {request.url}"))


def _completed(answers: Sequence[Answered], order: Sequence[int]) -> list[Answered]:
    """In the order of completion; those of the same moment as they came, or by number where nobody sent them."""
    came = {index: place for place, index in enumerate(order)}
    return sorted(answers, key=lambda each: (each.at_ns, came.get(each.index, -1), each.index))


def _event(request: HttpRequest) -> dict[str, Any]:
    """What a rule can match: `method`, `path`, `url`, `headers.NAME`."""
    named = {f"headers.{name.lower()}": value for name, value in request.headers}
    return {"method": request.method, "path": path_of(request.url).partition("?")[0], "url": request.url, **named}


def _answer(reply: HttpReply) -> HttpAnswer:
    failure = Failure("short_body", "a fault ended the connection in the middle of the body") if reply.cut else None
    return HttpAnswer(status=reply.status, headers=reply.headers, body=Blob.of(reply.body), failure=failure)
