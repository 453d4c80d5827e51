"""Tests: every scenario ends as it says, and every kept trace is mended, as `fozzy test --det --strict` has it.

It makes no run in the store: what it records goes into a folder of its own and is gone afterwards.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.core.summary import exit_of
from fozzy.engine.discover import Chosen
from fozzy.engine.prepare import Options
from fozzy.engine.suite import Job, Told, refuse_code, run_suite
from fozzy.errors import Exit, Problem, Where, worst
from fozzy.gate.checked import Checked, judged, skipped
from fozzy.report.text import count, quoted
from fozzy.trace.format import SUFFIX

NAME = "test"


class Suite(NamedTuple):
    """What runs, and how."""

    chosen: Sequence[Chosen]
    options: Options
    root: Path
    seed: int


def passes(suite: Suite) -> Checked:
    """Run everything once. The exit status is the one `fozzy test` would end with."""
    if not suite.chosen:
        return skipped(NAME, "there are no scenarios to run")
    options = msgspec.structs.replace(suite.options, det=True)
    refused = refuse_code(suite.chosen, options, suite.root)
    if refused:
        return judged(NAME, "nothing", refused, exit_status=Exit.USAGE)
    with tempfile.TemporaryDirectory(prefix="fozzy-test-") as folder:
        told = list(_told(suite, options, folder))
    failed = [each for each in told if not each.member.passed]
    passed = len(told) - len(failed)
    ran = f"{count(len(told), 'scenario')} with --det --strict --seed {suite.seed}, {passed} passed"
    return judged(NAME, ran, map(_problem, failed), exit_status=_exit(failed))


def _told(suite: Suite, options: Options, folder: str) -> list[Told]:
    job = Job(
        options=options,
        suite_seed=suite.seed,
        run_id="0" * 8,
        base_dir=folder,
        root=str(suite.root),
        record=None,
        policy="append",
        single=False,
        with_events=False,
        paths=[(str(each.path), each.name, each.shown, each.case) for each in suite.chosen],
    )
    Path(folder, "runs", job.run_id).mkdir(parents=True)
    jobs = max(1, min(os.cpu_count() or 1, len(suite.chosen)))
    return list(run_suite(suite.chosen, job, jobs, lambda _: False))


def _exit(failed: Sequence[Told]) -> Exit:
    statuses = [each.member.status if each.member.status != "pass" else "fail" for each in failed]
    return worst([*(Exit(each.exit_status) for each in failed if each.exit_status), exit_of(list(statuses))])


def _problem(told: Told) -> Problem:
    member = told.member
    first = member.findings[0] if member.findings else None
    where = Where(member.path)
    if first is not None and first.location is not None:
        where = Where(first.location.file, first.location.line, first.location.col)
    is_trace = member.path.endswith(SUFFIX)
    again = f"fozzy replay {quoted(member.path)}" if is_trace else f"fozzy run {quoted(member.path)} --det"
    seed = "" if is_trace else f" --seed {member.seed}{member.case_flag}"
    said = f"{first.title}: {first.message}" if first else member.status
    message = f"{member.name} ends with {member.status}: {said}"
    return Problem(code="gate.test_failed", message=message, hint=f"{again}{seed}{member.code_flag}", where=where)
