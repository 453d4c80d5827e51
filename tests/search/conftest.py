"""What tests of the search share: failing runs, and a subject that fails when it is told to."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from fozzy.core.events import Draw
from fozzy.dsl.load import document, load, parse
from fozzy.engine.code import Allowance
from fozzy.engine.prepare import Options
from fozzy.engine.record import Keeping, run_once
from fozzy.engine.replay import replay_file
from fozzy.search.failing import Failing, open_failing
from fozzy.search.fuzz.campaign import Campaign, Plan
from fozzy.search.fuzz.targets import UNITS, Bounds, Target, Wanted, open_target
from fozzy.search.script import Script, script_of
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.passes import Aim
from fozzy.search.shrink.result import record_best
from fozzy.search.shrink.shrinker import Shrunk, shrink
from fozzy.search.subject import Candidate, Failure, Outcome, Tape
from fozzy.trace.store import Store

BUDGET_NS = 60 * 10**9  # far more than any of these takes
HERE = Failure("assertion", "planted", "steps[0]")


def scenario_of(steps: Any, **more: Any) -> dict[str, Any]:
    """A whole scenario of some steps, or the one that was given."""
    return steps if isinstance(steps, dict) else {"version": 1, "name": "n", **more, "steps": steps}


class Bench:
    """Makes failing runs, shrinks them and replays what comes of it, all in one folder."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.folder = folder
        self._numbers = itertools.count(1)

    def record(self, steps: Any, *, seed: int = 1, options: Options | None = None, **more: Any) -> tuple[str, Path]:
        """Run a scenario and record it: its status, and the trace."""
        text = json.dumps(scenario_of(steps, **more))
        loaded = parse(document(text.encode(), "a/n.fozzy.json", "a/n.fozzy.json", "json"))
        done = run_once(loaded, options or Options(det=True), seed, "run", keep=self.keeping(), root=self.folder)
        assert done.trace is not None
        return done.ended.status, done.trace

    def failing(self, steps: Any, **more: Any) -> Failing:
        """A failing run, opened."""
        status, trace = self.record(steps, **more)
        assert status != "pass"
        return open_failing(trace, allowance=Allowance(root=self.folder))

    def keeping(self) -> Keeping:
        """Where the next trace goes."""
        target = self.folder / f"t{next(self._numbers)}.fozzy"
        return Keeping("0000000a", self.store, target, "error", True, True)

    def shrink(self, failing: Failing, *aims: Aim) -> Shrunk:
        """Shrink until nothing changes."""
        done = shrink(
            failing.subject,
            failing.first,
            failing.failure,
            budget_ns=BUDGET_NS,
            aims=aims or ("input", "schedule", "faults"),
        )
        assert done.end == "converged"
        return done

    def written(self, failing: Failing, best: Candidate) -> Path:
        """The trace of a candidate."""
        trace = record_best(failing, best, self.keeping(), lambda _path: None).trace
        assert trace is not None
        return trace

    def verdict(self, trace: Path) -> str:
        """What a replay says."""
        return replay_file(trace, allowance=Allowance(True, self.folder)).divergence.verdict


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench in a folder of its own."""
    return Bench(tmp_path)


class Planted:
    """A subject that fails for a reason when `fails` says so, and draws again what the tape says."""

    def __init__(self, fails: Callable[[Candidate], bool | Failure]) -> None:
        self.fails = fails
        self.runs: list[Candidate] = []

    def run(self, candidate: Candidate) -> Outcome:
        """Run a candidate."""
        self.runs.append(candidate)
        said = self.fails(candidate)
        if said is False:
            return Outcome(draws=candidate.tape.draws)
        failure = HERE if said is True else said
        return Outcome("fail", failure, f"it fails with {failure.shown}", candidate.tape.draws, "planted")


def events(*names: str) -> Script:
    """A script of events with these names, the failing step in front."""
    steps: list[dict[str, Any]] = [{"type": "fail"}, *({"type": "trace_event", "name": name} for name in names)]
    return script_of(scenario_of(steps))


def draws(*values: int, label: str = "rand.k", low: int = 0, high: int = 100) -> tuple[Draw, ...]:
    """Draws of one label, made by the failing step."""
    return tuple(Draw(0, "steps[0]", label, low, high, value) for value in values)


def names_in(script: Script) -> list[str]:
    """The events of a script."""
    return [node.fields.get("name") for node in script.nodes() if node.type == "trace_event"]


class Plant:
    """Planted failures: no engine, no trace, only what the search does."""

    HERE = HERE
    subject = Planted
    events = staticmethod(lambda *names: events(*names))
    draws = staticmethod(lambda *values, **more: draws(*values, **more))
    names = staticmethod(lambda script: names_in(script))

    @staticmethod
    def gate(
        fails: Callable[[Candidate], bool | Failure],
        script: Script | None = None,
        values: tuple[Draw, ...] = (),
        *,
        budget_ns: int = BUDGET_NS,
    ) -> Gate:
        """A gate before a planted subject."""
        return Gate(Planted(fails), Candidate(script or events(), Tape(values)), HERE, budget_ns)


@pytest.fixture(scope="session")
def plant() -> Plant:
    """Planted failures."""
    return Plant()


Open = Callable[..., Target]
Search = Callable[..., Campaign]


@pytest.fixture
def opened(project: Path) -> Iterator[Open]:
    """Opens a target: `opened("py:shop:parse", seed=1)`; a scenario is given as its steps."""
    with ExitStack() as stack:

        def call(words: str, steps: Any = None, *, allow: bool = False, scenario: Any = None, **more: Any) -> Target:
            if steps is not None:
                file = Path(words.removeprefix("scenario:"))
                file.write_text(json.dumps({"version": 1, "name": "s", "steps": steps, **(scenario or {})}, indent=1))
            wanted = Wanted(**{"seed": 1, "bounds": Bounds(), "options": Options(det=True), "root": project} | more)
            made = open_target(words, wanted, lambda word: load(Path(word), word, word), Allowance(allow, project))
            return stack.enter_context(closing(made))

        yield call


@pytest.fixture
def searched() -> Search:
    """Runs a campaign against an opened target: `searched(target, runs=500)`."""

    def call(target: Target, runs: int, *, seed: int = 1, guided: bool = True) -> Campaign:
        campaign = Campaign(Plan(seed=seed, runs=runs, guided=guided, unit=UNITS[target.kind]), target.bench, [])
        campaign.run()
        return campaign

    return call
