"""What a suite of resilience tests came to, as lines and as the one document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from fozzy.cli.chaos_documents import (
    ChaosClauseBody,
    ChaosCoverageBody,
    ChaosRefusedBody,
    ChaosRunDocument,
    ChaosTestBody,
)
from fozzy.cli.problem_documents import ErrorBody
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, InputError
from fozzy.gate.resilience.recovery import Covered
from fozzy.gate.resilience.suite import Came
from fozzy.gate.resilience.told import Ended
from fozzy.report.text import Line, Span, count, duration, line, one_line

SHOWN_MAX = 20  # of a kind; the document has all
Status = Literal["pass", "fail", "timeout", "crash", "error"]
STATUSES: dict[Exit, Status] = {
    Exit.PASS: "pass",
    Exit.FAIL: "fail",
    Exit.TIMEOUT: "timeout",
    Exit.CRASH: "crash",
    Exit.NOTHING: "fail",
}
_STOPS = {Exit.INTERRUPTED: "interrupted", Exit.TERMINATED: "terminated"}


class Seen(NamedTuple):
    """What is shown: how often each test was run with a seed of its own; `no_data`: coverage was wanted and saw nothing."""

    came: Came
    found: Covered | None = None
    runs: int = 1
    no_data: bool = False


def lines_of(seen: Seen, *, quiet: bool, verbose: bool) -> Iterator[Line]:
    """The summary, below what pytest said."""
    if not quiet:
        yield []
        yield from _problems(seen.came)
        yield from _left_out(seen.came)
        if verbose:
            yield from _breakers(seen.came)
        if seen.found is not None:
            yield from _recovery(seen.found)
        elif seen.no_data:
            yield line("  ", Span("coverage saw nothing of --source", "warn"))
    yield line(f"  {_closing(seen)}")
    if not quiet:
        yield from _next(seen.came)


def _closing(seen: Seen) -> str:
    came = seen.came
    counts = [
        f"{number} {word}"
        for number, word in (
            (came.count("passed"), "passed"),
            (came.count("failed", "error", "xpassed"), "failed"),
            (came.count("timeout") + len(came.stuck), "took too long"),
            (came.count("skipped"), "left out"),
            (came.count("xfailed"), "failed as expected"),
            (came.not_run, "not run"),
        )
        if number
    ]
    tests = count(len(came.tests) + len(came.stuck) + came.not_run, "resilience test")
    seeds = f" with {seen.runs} seeds" if seen.runs > 1 else ""
    seed = "" if came.seed is None else f"   seed {came.seed}"
    return f"{tests}{seeds}: {', '.join(counts) or 'nothing ran'}   {duration(came.duration_ns)}{seed}"


def _problems(came: Came) -> Iterator[Line]:
    for test in came.stuck:
        yield line("  ", Span("stuck", "fail"), f"   {one_line(test)} could not be ended, so its pytest was")
    if came.stopped is not None:
        yield line("  ", Span("stopped", "warn"), f" {_STOPS[came.stopped]}")
    if came.exit_status == Exit.NOTHING:
        yield line(
            "  ", Span("nothing", "fail"), " of ours: resilience tests have a marker (chaos, …) or a fixture of fozzy"
        )
    if came.exit_status == Exit.FAIL and not came.count("failed", "error", "xpassed"):
        yield line("  ", Span("failed", "fail"), "  no test did; pytest itself did, and its own words say why")
    if came.status < 0 and not came.stuck and came.stopped is None:
        yield line("  ", Span("died", "fail"), f"    pytest was ended by signal {-came.status}")
    for refused in came.refused[:SHOWN_MAX]:
        yield line("  ", Span("refused", "fail"), f" {one_line(refused.place)}: {one_line(refused.message)}")


def _left_out(came: Came) -> Iterator[Line]:
    """Why tests were skipped, each reason once: nothing is left out silently."""
    reasons: dict[str, int] = {}
    for each in came.tests:
        if each.outcome == "skipped":
            reasons[each.message] = reasons.get(each.message, 0) + 1
    for reason, number in list(reasons.items())[:SHOWN_MAX]:
        yield line("  ", Span("left out", "warn"), f"  {count(number, 'test')}: {one_line(reason)}")
    if came.others:
        yield line(f"  not run   {count(came.others, 'test')} without a marker or fixture of ours")


def _breakers(came: Came) -> Iterator[Line]:
    for each in came.tests:
        changes = said_of(each, "chaos.breaker")
        if changes:
            yield line(f"  breakers  {one_line(each.test)}")
            yield from (line(f"            {one_line(change)}") for change in changes)


def _recovery(found: Covered) -> Iterator[Line]:
    never = found.never
    if not found.clauses:
        yield line(f"  recovery  no except clause in {count(found.files, 'file')}, the tests aside")
        return
    ran = len(found.clauses) - len(never)
    files = count(found.files, "file")
    yield line(
        f"  recovery  {ran} of {count(len(found.clauses), 'except clause')} ran, {found.percent:.0f} % of {files}"
    )
    for clause in never[:SHOWN_MAX]:
        yield line("  ", Span("never", "warn"), f"     {one_line(clause.file)}:{clause.line}  {one_line(clause.text)}")
    if len(never) > SHOWN_MAX:
        yield line(f"            and {len(never) - SHOWN_MAX} more, which --json has")


def _next(came: Came) -> Iterator[Line]:
    replays = [said for each in came.tests for said in said_of(each, "chaos.replay")]
    smaller = [said for each in came.tests if said_of(each, "chaos.fault") for said in said_of(each, "chaos.replay")]
    for at, said in enumerate(replays[:SHOWN_MAX]):
        yield line("  next  " if not at else "        ", Span(one_line(said), "code"))
    if smaller:
        yield line("        ", Span(f"{one_line(smaller[0])} --chaos-shrink", "code"))


def said_of(test: Ended, name: str) -> list[str]:
    """What a test's properties of a name say, in order."""
    return [said for known, said in test.properties if known == name]


def document_of(came: Came, found: Covered | None, junit: str | None, said: Sequence[str] = ()) -> ChaosRunDocument:
    """The document; `said` is pytest's output."""
    status = STATUSES.get(came.exit_status, "error")
    return ChaosRunDocument(
        schema_version=SCHEMA_VERSION,
        command="chaos run",
        status=status,
        exit=came.exit_status,
        duration_ms=came.duration_ns // 10**6,
        seed=came.seed,
        passed=came.count("passed"),
        failed=came.count("failed", "error", "xpassed"),
        timed_out=came.count("timeout"),
        skipped=came.count("skipped"),
        expected_failures=came.count("xfailed"),
        others=came.others,
        not_run=came.not_run,
        stuck=came.stuck,
        tests=[_test(each) for each in came.tests],
        refused=[ChaosRefusedBody(place=each.place, message=each.message) for each in came.refused],
        coverage=None if found is None else _coverage(found),
        junit_path=junit,
        error=_error(came, said),
    )


def _error(came: Came, said: Sequence[str]) -> ErrorBody | None:
    """Why nothing could be said, or not all."""
    if came.stopped is not None:
        return ErrorBody(code="run.interrupted", message=_STOPS[came.stopped])
    if came.exit_status != Exit.USAGE:
        return None
    refused = [f"{each.place}: {each.message}" for each in came.refused]
    told = [each.partition("ERROR:")[2].strip() for each in said if each.startswith("ERROR:")]
    message = [*refused, *told, "pytest refused to run"][0]
    first = InputError("chaos.refused", message, hint="with -v pytest's own words are on stderr").problems[0]
    return ErrorBody(code=first.code, message=first.message, hint=first.hint)


def _test(test: Ended) -> ChaosTestBody:
    first = dict(reversed(test.properties))
    return ChaosTestBody(
        name=test.test,
        outcome=test.outcome,
        duration_ms=test.duration_ns // 10**6,
        phase=test.phase or None,
        message=test.message or None,
        seed=int(first["chaos.seed"]) if "chaos.seed" in first else None,
        time=first.get("chaos.time"),
        decisions=first.get("chaos.decisions"),
        faults=said_of(test, "chaos.fault"),
        breakers=said_of(test, "chaos.breaker"),
        trace_path=first.get("chaos.trace"),
        replay=first.get("chaos.replay"),
    )


def _coverage(found: Covered) -> ChaosCoverageBody:
    never = [ChaosClauseBody(file=each.file, line=each.line, text=each.text) for each in found.never]
    return ChaosCoverageBody(
        percent=found.percent,
        files=found.files,
        recovery_paths=len(found.clauses),
        recovery_paths_ran=len(found.clauses) - len(never),
        never_ran=never,
    )
