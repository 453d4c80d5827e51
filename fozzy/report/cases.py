"""A summary as cases: one a scenario of a suite, or one for the whole of a single run or replay."""

from __future__ import annotations

from fozzy.core.outcome import Status
from fozzy.core.summary import Member, Summary
from fozzy.report.text import extent, quoted
from fozzy.trace.finalize import display_name
from fozzy.trace.format import SUFFIX


def is_suite(summary: Summary) -> bool:
    """Whether many scenarios could have run; a suite that ran none is one too."""
    return summary.mode == "test" and summary.tests is not None


def cases(summary: Summary) -> list[Member]:
    """What a report lists."""
    return summary.scenarios if summary.scenarios or is_suite(summary) else [_single(summary)]


def ending(case: Member) -> Status:
    """How a case ended, measured by what its scenario expects: a pass that was not expected is a failure."""
    if case.passed:
        return "pass"
    return "fail" if case.status == "pass" else case.status


def commands(case: Member) -> list[str]:
    """What to paste to see a case again, the exact way first."""
    is_trace = case.path.endswith(SUFFIX)
    replay = [f"fozzy replay {quoted(case.trace_path)}{case.code_flag}"] if case.trace_path else []
    if is_trace and not replay:
        return [f"fozzy trace verify {quoted(case.path)}"]
    run = (
        [f"fozzy run {quoted(case.path)} --seed {case.seed}{case.case_flag}{case.code_flag}"]
        if case.path and not is_trace
        else []
    )
    return [*replay, *run]


def progress(case: Member) -> str:
    """How far a case came, in words."""
    if case.replay is not None:
        return case.replay.verdict
    if case.expected and case.passed:
        return f"{case.expected} as expected"
    if case.failed_step:
        return f"step {case.failed_step} of {case.steps}"
    return extent(case.steps, case.nodes)


def unsaid(case: Member) -> str:
    """What is said of a failing case that found nothing."""
    return f"the replay came to {case.replay.verdict}" if case.replay else "it could not run"


def _single(summary: Summary) -> Member:
    """A run of one scenario. Its summary does not name the scenario, so the place of a finding or the trace does."""
    files = [finding.location.file for finding in summary.findings if finding.location]
    trace = summary.identity.trace_path
    path = (trace if summary.replay else None) or next(iter(files), trace or "")
    return Member(
        number=1,
        name=display_name(path) or f"run {summary.identity.run_id}",
        path=path,
        status=summary.status,
        seed=summary.identity.seed,
        duration_ns=summary.duration_ms * 10**6,
        steps=summary.steps,
        failed_step=summary.failed_step,
        passed=summary.status == "pass",
        trace_path=trace,
        findings=summary.findings,
        replay=summary.replay,
        nodes=summary.nodes,
        story=summary.story,
        story_left_out=summary.story_left_out,
    )
