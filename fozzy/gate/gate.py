"""`gate`: the strict checks on what changed, or on what a scope names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fozzy.config import Config
from fozzy.engine.discover import Chosen, Found
from fozzy.engine.prepare import Options
from fozzy.engine.suite import refuse_code
from fozzy.errors import Exit, Problem, UsageError
from fozzy.gate.changes import Changes, affected, changes
from fozzy.gate.checked import Checked, Step, guarded, skipped
from fozzy.gate.checks.determinism import NAME as DETERMINISM
from fozzy.gate.checks.determinism import Audit, determinism
from fozzy.gate.checks.scenarios import can_run, scenarios
from fozzy.gate.checks.tests import Suite, passes
from fozzy.gate.checks.traces import traces
from fozzy.gate.checks.undeclared import undeclared

RUNS = 3  # of each scenario: twice here, once with everything around it different


class Selected(NamedTuple):
    """What the checks are made on: what was found and belongs to it, and since when it changed."""

    found: Found
    scope: list[str]
    since: str | None = None


class Passage(NamedTuple):
    """What passes through the gate."""

    selected: Selected
    config: Config
    options: Options
    seed: int
    runs: int = RUNS


def select(found: Found, scope: Sequence[str], root: Path) -> Selected:
    """What a scope names, or what changed. *Errors*: `UsageError` outside git; with exit status 5 when it is nothing."""
    if scope:
        chosen = [each for each in found.chosen if _is_in(each.name, scope)]
        problems = [each for each in found.problems if _is_in(each.where.file if each.where else "", scope)]
        return _some(
            Selected(_only(found, chosen, problems), list(scope)), f"no scenario has {' or '.join(scope)} in its path"
        )
    changed = changes(root)
    chosen = affected(found.chosen, changed, root)
    problems = [each for each in found.problems if _changed(each, changed, root)]
    message = f"nothing that a scenario touches changed since {changed.since}"
    return _some(Selected(_only(found, chosen, problems), [], changed.since), message)


def gate(passage: Passage) -> Iterator[Checked]:
    """Every check, one after the other."""
    found, options, config = passage.selected.found, passage.options, passage.config
    runnable = can_run(found.chosen)
    testable = [each for each in found.chosen if each.loaded is None or each in runnable]
    yield scenarios(found)
    yield guarded(Step("undeclared", lambda: undeclared(runnable, options)))
    yield traces(found.chosen, strict=options.strict)
    yield guarded(Step("test", lambda: passes(Suite(testable, options, config.root, passage.seed))))
    yield audited(Audit(runnable, options, config.root, config.base_dir(), passage.seed, passage.runs))


def audited(audit: Audit) -> Checked:
    """The audit of scenarios, when they may run at all."""
    if refuse_code(audit.chosen, audit.options, audit.root):
        return skipped(DETERMINISM, "a scenario calls user code and may not: --allow-code")
    return guarded(Step(DETERMINISM, lambda: determinism(audit)))


def _some(selected: Selected, message: str) -> Selected:
    if selected.found.chosen or selected.found.problems:
        return selected
    error = UsageError(
        "gate.nothing", message, hint="name a part of a path with --scope, or drop it to check what changed"
    )
    error.exit_status = Exit.NOTHING
    raise error


def _only(found: Found, chosen: list[Chosen], problems: list[Problem]) -> Found:
    bad = {each.where.file for each in problems if each.where is not None}
    files = {each.shown for each in chosen} | bad
    return found._replace(chosen=chosen, problems=problems, files=len(files), invalid=len(bad))


def _is_in(path: str, scope: Sequence[str]) -> bool:
    return any(word in path for word in scope)


def _changed(problem: Problem, changed: Changes, root: Path) -> bool:
    if problem.where is None:
        return True
    path = Path(problem.where.file).absolute()
    return path.is_relative_to(root.absolute()) and path.relative_to(root.absolute()).as_posix() in changed.files
