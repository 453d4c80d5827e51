"""HTTP answered by the rules of the scenario."""

import re
from collections.abc import Callable

import msgspec

from fozzy.core.blob import EMPTY, Blob
from fozzy.world.failure import Failure
from fozzy.world.http.base import Answered, BurstAnswers, HttpAnswer, HttpBurst, HttpRequest
from fozzy.world.http.lanes import stays
from fozzy.world.rules import Rules

SWITCHING_PROTOCOLS = 101


class HttpRule(msgspec.Struct, frozen=True):
    """Answers one method and path; a rule with status 101 answers websocket upgrades and nothing else."""

    method: str
    path: str
    status: int
    headers: list[tuple[str, str]] = []
    body: Blob = EMPTY
    body_asserted: bool = False
    delay_ns: int = 0
    content_type: str = ""  # what the body is by its form: answered besides the headers, and asserted of nobody

    def words(self) -> str:
        """What the rule speaks of, for people."""
        return f"{self.method} {self.path}"

    def answer(self) -> HttpAnswer:
        """The answer the rule describes."""
        implied = [("content-type", self.content_type)] if self.content_type else []
        return HttpAnswer(status=self.status, headers=self.headers + implied, body=self.body)

    def matches(self, request: HttpRequest) -> bool:
        """Whether this rule speaks for the request."""
        same_kind = request.is_upgrade() == (self.status == SWITCHING_PROTOCOLS)
        return same_kind and request.method == self.method and _same_target(self.path, request.url)


def _same_target(path: str, url: str) -> bool:
    """A rule's path is compared with the request's path, an absolute rule with the whole URL."""
    return path == url or (path.startswith("/") and path == path_of(url))


def path_of(url: str) -> str:
    """Path and query of an absolute URL; a path is returned as it is."""
    _, found, rest = url.partition("://")
    if not found:
        return url
    end = re.search(r"[/?#]", rest)
    path = "" if end is None else rest[end.start() :]
    return path if path.startswith("/") else f"/{path}"


class ScriptedHttp:
    """The first matching rule with uses left answers, after its delay on the scenario's clock."""

    def __init__(self, rules: Rules[HttpRule], delay: Callable[[int], None]) -> None:
        self._rules = rules
        self._delay = delay

    def send(self, request: HttpRequest) -> HttpAnswer:
        """The rule's answer. *Errors*: failure `unscripted` when no rule speaks for the request."""
        answer, took_ns = self._answer(request)
        if took_ns:
            self._delay(took_ns)
        return answer

    def burst(self, request: HttpBurst) -> BurstAnswers:
        """The rules' answers, taken in order; their delays pass at the same time, `concurrency` of them."""
        given = [self._answer(request.request) for _ in range(request.count)]
        times = stays([took_ns for _, took_ns in given], request.concurrency)
        answers = [
            Answered(index, stay.ended_ns, took_ns, answer)
            for index, ((answer, took_ns), stay) in enumerate(zip(given, times, strict=True))
        ]
        answers.sort(key=lambda each: each.at_ns)
        if answers and answers[-1].at_ns:
            self._delay(answers[-1].at_ns)
        return BurstAnswers(answers=answers)

    def _answer(self, request: HttpRequest) -> tuple[HttpAnswer, int]:
        """The answer and the nanoseconds it takes."""
        rule = self._rules.take(lambda rule: rule.matches(request))
        if rule is None:
            message = f"no http_when answers {request.method} {request.url}"
            return HttpAnswer(failure=Failure("unscripted", message)), 0
        timeout_ns = request.timeout_ms * 10**6
        if timeout_ns and rule.delay_ns > timeout_ns:
            message = f"{request.url} had not answered after {request.timeout_ms} ms"
            return HttpAnswer(failure=Failure("timeout", message)), timeout_ns
        return rule.answer(), rule.delay_ns
