"""HTTP with faults: rolls for every request, and applies what was planned to whatever backend answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fozzy.core.blob import Blob
from fozzy.faults.actions import Change, Refuse, Reply, Wait
from fozzy.faults.engine import Faults, Planned
from fozzy.faults.kinds import HttpReply
from fozzy.world.failure import Failure
from fozzy.world.http.base import Http, HttpAnswer, HttpRequest
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
        hold_ns = action.after_ns
        own_ns = request.timeout_ms * 10**6
        self._delay(min(hold_ns, own_ns) if own_ns else hold_ns)
        return self._applied(planned, HttpAnswer(failure=Failure(action.kind, f"{action.message} to {request.url}")))

    def _change(self, planned: Planned, action: Change, true: HttpAnswer) -> HttpAnswer:
        if true.failure is not None:
            self._faults.bypassed(planned, "upstream_failed")
            return true
        reply = HttpReply(true.status, true.headers, true.body.data())
        return self._applied(planned, _answer(action.change(reply)))

    def _applied(self, planned: Planned, answer: HttpAnswer) -> HttpAnswer:
        self._faults.applied(planned)
        return answer


def _event(request: HttpRequest) -> dict[str, Any]:
    """What a rule can match: `method`, `path`, `url`, `headers.NAME`."""
    named = {f"headers.{name.lower()}": value for name, value in request.headers}
    return {"method": request.method, "path": path_of(request.url).partition("?")[0], "url": request.url, **named}


def _answer(reply: HttpReply) -> HttpAnswer:
    failure = Failure("reset", "a fault ended the connection in the middle of the body") if reply.cut else None
    return HttpAnswer(status=reply.status, headers=reply.headers, body=Blob.of(reply.body), failure=failure)
