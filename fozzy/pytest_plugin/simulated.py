"""`@pytest.mark.fozzy(seeds=100)`: an async test runs inside the simulator, once for each seed.

The test is called on a machine of its own; what the marker says besides of `nodes`, `network`, `faults` and the like is
what a distributed scenario says of its cluster. So a failure is a run like any other: it is shrunk, recorded, replayed.
Rule 1: a test runs in the simulator's interpreter. What `parametrize` and fixtures give it goes there as JSON, or not at all.
Rule 2: its seeds follow from --chaos-seed and its name alone, so neither its place in the session nor another test counts.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fozzy.core.duration import show_ns
from fozzy.core.sources import member_seed
from fozzy.core.summary import Member
from fozzy.dsl.cluster.file import SEEDS_MAX, Cluster
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import document, parse
from fozzy.dsl.scenario import SEED_MAX
from fozzy.engine.discover import Chosen
from fozzy.errors import FozzyError, UsageError, suggestion
from fozzy.pytest_plugin import screens
from fozzy.pytest_plugin.engine_run import Runs, runs_of
from fozzy.pytest_plugin.smaller import smaller
from fozzy.report.text import count, line, quoted
from fozzy.trace.finalize import project_name, shown_path

TEST = "test"  # the machine of the test
IDLE = "fozzy.pytest_plugin.inside:idle"
DURATION = "24h"  # of virtual time: what is not done then never will be
OURS = ("seeds", "seed")
THEIRS = tuple(name for name in Cluster.__struct_fields__ if name not in ("seeds", "steps", "node_count", "program"))


class Marked(NamedTuple):
    """What the marker says."""

    seeds: int
    seed: int | None
    cluster: dict[str, Any]


def refusal(item: pytest.Function) -> str:
    """Run a test in the simulator; why it could not be run, if so. *Errors*: fails or skips the test."""
    try:
        run_simulated(item)
    except FozzyError as error:
        return screens.wrong(error)
    return ""


def run_simulated(item: pytest.Function) -> None:
    """Run a test in the simulator. *Errors*: fails or skips the test; `UsageError` for a marker that cannot be."""
    said = marked(item)
    runs = runs_of(item.config)
    seed = member_seed(runs.settings.seed, item.nodeid) if said.seed is None else said.seed
    loaded = scenario_of(item, said, seed, runs.config.root)
    member = runs.run(Chosen(item.path, loaded.document.name, loaded.document.shown, loaded), allow_code=True)
    item.user_properties += [("seed", member.seed), ("executions", member.executions)]
    if not member.passed:
        _skip_if_it_says_so(member)
        pytest.fail(_failure(item, said, member, runs), pytrace=False)


def marked(item: pytest.Item) -> Marked:
    """The closest marker. *Errors*: `UsageError` naming the word that is not ours."""
    mark = item.get_closest_marker("fozzy")
    assert mark is not None
    words = dict(mark.kwargs)
    if mark.args:
        raise UsageError(
            "chaos.foreign_marker", f"the marker fozzy takes no {mark.args[0]!r} without a name", hint=HINT
        )
    for name in words:
        if name not in OURS + THEIRS:
            near = suggestion(name, OURS + THEIRS)
            raise UsageError("chaos.foreign_marker", f"the marker fozzy has no {name}", hint=near or HINT)
    seeds, seed = words.pop("seeds", 1), words.pop("seed", None)
    _check("seeds", seeds, 1, SEEDS_MAX)
    if seed is not None:
        _check("seed", seed, 0, SEED_MAX)
    return Marked(seeds, seed, words)


HINT = "it takes seeds, seed, and what a distributed scenario says of its cluster: nodes, network, faults, invariants"


def _check(name: str, value: Any, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise UsageError("usage.bad_value", f"{name} must be from {low} to {high}, got {value!r}")


def scenario_of(item: pytest.Function, said: Marked, seed: int, root: Path) -> Loaded:
    """The scenario that a test is. *Errors*: `InputError` for a cluster that cannot be; `UsageError`."""
    folder, module = _home(item.path)
    call = {"type": "call", "node": TEST, "function": f"{module}:{_function(item)}", "args": _arguments(item)}
    nodes = {TEST: {"program": IDLE}, **_nodes(said.cluster.get("nodes", {}))}
    cluster = {"duration": DURATION, **said.cluster, "nodes": nodes, "seeds": said.seeds, "steps": [call]}
    written = json.dumps({"version": 1, "name": item.name, "seed": seed, "distributed": cluster}, indent=2)
    name = re.sub(r"[/\\]", "-", f"{module}.py::{item.name}")
    shown = f"{item.nodeid} in the simulator"
    return parse(document(written.encode(), project_name(folder / name, root), shown, "json"))


def _home(path: Path) -> tuple[Path, str]:
    """The folder in which a file is importable, and under which name."""
    folder, names = path.parent, [path.stem]
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)


def _function(item: pytest.Function) -> str:
    name = item.originalname
    if item.cls is not None:
        raise UsageError("chaos.not_simulated", f"{name} is a method, and the simulator calls functions of a module")
    if not inspect.iscoroutinefunction(getattr(item.module, name, None)):
        raise UsageError("chaos.not_simulated", f"{name} is not async: the simulator runs async tests")
    return name


def _arguments(item: pytest.Function) -> dict[str, Any]:
    """What `parametrize` and fixtures give; the fixtures themselves were made here, as for any test."""
    given = getattr(getattr(item, "callspec", None), "params", {})
    arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
    for name, value in arguments.items():
        if _is_plain(value):
            continue
        hint = "numbers, texts, lists and tables can; make anything else in the test itself"
        if name in given:
            raise UsageError("chaos.not_simulated", f"{name}={value!r} cannot be handed to the simulator", hint=hint)
        message = f"the fixture {name} gives a {type(value).__name__}, which cannot be handed to the simulator"
        raise UsageError("chaos.not_simulated", f"{message}: it runs {item.originalname} by itself", hint=hint)
    return arguments


def _is_plain(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


def _nodes(said: Any) -> Mapping[str, Any]:
    """Machines beside the test's; a text is what runs there."""
    if not isinstance(said, Mapping):
        raise UsageError("usage.bad_value", 'nodes must be a table such as {"server": "module:main"}')
    return {name: {"program": each} if isinstance(each, str) else each for name, each in said.items()}


def _skip_if_it_says_so(member: Member) -> None:
    finding = member.findings[0]
    details = finding.location.details if finding.location else None
    if isinstance(details, dict) and str(details.get("exception", "")).endswith("Skipped"):
        pytest.skip(finding.message.partition("Skipped: ")[2])


def _failure(item: pytest.Function, said: Marked, member: Member, runs: Runs) -> str:
    """All that is told of a failure. The first failing execution is the one that is made smaller."""
    which = (
        f"execution {member.executions} of {said.seeds}, seed {member.seed}"
        if said.seeds > 1
        else f"seed {member.seed}"
    )
    lines = [line(f"{item.originalname} fails in the simulator: {which}"), []]
    for finding in member.findings:
        lines += screens.raised_lines(finding)
    if member.trace_path is None:
        return screens.text(lines)
    trace = Path(member.trace_path)
    try:
        small = smaller(trace, runs, runs.settings.trace_of(item.nodeid))
        trace, told = (
            small.path,
            f"smallest: {count(small.choices, 'choice')}, {show_ns(small.duration_ns)} of virtual time",
        )
    except FozzyError as error:
        told = f"not made smaller: {error.message}"
    lines += [*screens.story_of_trace(trace, 1), [], line("  ", told)]
    lines += [line("  reproduce   ", f"fozzy replay {quoted(shown_path(trace))} --allow-code")]
    return screens.text(lines)
