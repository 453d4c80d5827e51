"""The step that sends many HTTP requests at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, NoReturn

from msgspec import Meta

from fozzy.dsl.steps.answers import Part, check_answers, keep
from fozzy.dsl.steps.base import Issue, Name, Step, fail, literal
from fozzy.dsl.steps.http import STATUS_OK, RequestFields, meet_rules
from fozzy.world.failure import Failure, fail_with
from fozzy.world.http.base import Answered, HttpBurst, HttpRequest
from fozzy.world.world import World

COUNT_MAX = 10_000  # all answers stand in one record
CONCURRENCY_MAX = 256  # a process may often have no more than 1024 files open
PARTS = ("statuses", "failures")

BurstStatus = Annotated[int, Meta(ge=100, le=599)]
BurstCount = Annotated[int, Meta(ge=0)]


class HttpBurstStep(Step, frozen=True, kw_only=True, tag="http_burst"):
    """Sends the same request many times, several at the same time; fails when one has no answer that is expected."""

    stores: ClassVar[tuple[str, ...]] = ("save",)
    count: Annotated[int, Meta(ge=1, le=COUNT_MAX)]
    concurrency: Annotated[int, Meta(ge=1, le=CONCURRENCY_MAX)]
    request: RequestFields
    expect_statuses: dict[Name, BurstCount] | list[BurstStatus] | None = None
    save: dict[Name, Name] = {}

    def run(self, world: World) -> str:
        request = self.request.request(world)
        burst = HttpBurst(count=self.count, concurrency=self.concurrency, request=request)
        answers = world.http.burst(burst).answers
        tally = _tally(answers)
        is_real = world.setting.backends.http == "host"
        if is_real:
            meet_rules(world, request)
        self._expect(answers, tally, request)
        if is_real:
            self._hold_to_rules(world, request, tally)
        self._keep(world, answers, tally)
        return f"{self.count} × {self.request.method} {self.request.path}  {_in_words(tally)}"

    def _expect(self, answers: list[Answered], tally: dict[str, int], request: HttpRequest) -> None:
        wanted = self.expect_statuses
        if isinstance(wanted, dict):
            if {name: count for name, count in wanted.items() if count} != tally:
                self._fail(f"the answers are {_in_words(tally)}, wanted {_in_words(wanted)}", tally, answers)
            return
        failed = [each.answer.failure for each in answers if each.answer.failure is not None]
        if failed:
            self._fail_with(failed, tally, request)
        if wanted is not None and not {str(status) for status in wanted} >= set(tally):
            words = " or ".join(map(str, wanted))
            self._fail(f"the answers are {_in_words(tally)}, wanted {words} alone", tally, answers)

    def _fail(self, message: str, tally: dict[str, int], answers: list[Answered]) -> NoReturn:
        details: dict[str, Any] = {"expected": self.expect_statuses, "actual": tally}
        first = next((each.answer.failure for each in answers if each.answer.failure is not None), None)
        if first is not None:
            details["first_failure"] = first.message
        fail(message, field="expect_statuses", label=f"is {_in_words(tally)}", details=details)

    def _fail_with(self, failed: list[Failure], tally: dict[str, int], request: HttpRequest) -> NoReturn:
        """The first failure names the finding; the others are counted."""
        first = failed[0]
        details: dict[str, Any] = {"answers": tally}
        if first.kind == "unscripted":
            status = self.expect_statuses[0] if isinstance(self.expect_statuses, list) else STATUS_OK
            path = literal(request.url)
            when = {"type": "http_when", "method": request.method, "path": path, "status": status}
            details = {"paste": {**when, "times": self.count}}
        message = f"{len(failed)} of {self.count} requests failed ({_in_words(tally)}); the first: {first.message}"
        fail_with("http", Failure(first.kind, message), details)

    def _hold_to_rules(self, world: World, request: HttpRequest, tally: dict[str, int]) -> None:
        """With the host backend the statuses must be those of the `http_when` that are left, in whatever order."""
        rules = [world.http_rules.take(lambda rule: rule.matches(request)) for _ in range(self.count)]
        wanted = Counter(str(rule.status) for rule in rules if rule is not None)
        if any(count > tally.get(status, 0) for status, count in wanted.items()):
            message = f"the answers are {_in_words(tally)}, http_when says {_in_words(wanted)}"
            fail(message, title="http_when", details={"expected": dict(wanted), "actual": tally})

    def _keep(self, world: World, answers: list[Answered], tally: dict[str, int]) -> None:
        statuses = {name: count for name, count in tally.items() if name.isdecimal()}
        failures = {name: count for name, count in tally.items() if not name.isdecimal()}
        parts: dict[str, Part] = {"statuses": lambda: statuses, "failures": lambda: failures}
        keep(world, self.save, parts, lambda: {"answers": [_shown(each) for each in answers]})

    def check(self) -> Iterator[Issue]:
        for issue in self.request.check():
            yield issue._replace(path=("request", *issue.path))
        wanted = self.expect_statuses
        if isinstance(wanted, dict) and sum(wanted.values()) != self.count:
            message = f'"expect_statuses" counts {sum(wanted.values())} answers, "count" is {self.count}'
            yield Issue(("expect_statuses",), message, "every request has one answer or one failure")
        yield from check_answers([], self.save, PARTS)


def _tally(answers: list[Answered]) -> dict[str, int]:
    """How often each status came, and each kind of failure, the statuses first."""
    names = Counter(_name(each) for each in answers)
    return {name: names[name] for name in sorted(names)}


def _name(answered: Answered) -> str:
    failure = answered.answer.failure
    return str(answered.answer.status) if failure is None else failure.kind


def _in_words(tally: dict[str, int] | Counter[str]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in sorted(tally.items()) if count)


def _shown(answered: Answered) -> dict[str, Any]:
    """One answer for who keeps it; its times are left out, because they differ whenever it is asked for real."""
    answer = answered.answer
    shown: dict[str, Any] = {"index": answered.index, "status": answer.status, "body": answer.body.shown()}
    if answer.failure is not None:
        shown["failure"] = answer.failure.kind
    return shown
