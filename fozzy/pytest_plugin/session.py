"""One session of pytest: which tests are ours, how each is to run, and what is said of it.

Rule 1: hooks call here and do nothing else; what there is to do for one test is in its `ChaosTest`.
Rule 2: a verdict on the faults is given in the call phase, one on what is left behind in the teardown.
Rule 3: a seed that a marker says stays what it is; other tests have one that follows from the session's and their name.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fozzy.core.sources import member_seed
from fozzy.errors import FozzyError, StoreError, suggestion
from fozzy.faults.tcp.plan import TcpPlan
from fozzy.pytest_plugin import leftovers
from fozzy.pytest_plugin.failing import (
    DecidedOtherwise,
    LeftBehind,
    NeverApplied,
    Untold,
    bare,
    failure_of,
    section,
    trim,
)
from fozzy.pytest_plugin.fixtures import FIRST
from fozzy.pytest_plugin.keeping import Kept, decisions_of, is_writable, keep, read
from fozzy.pytest_plugin.limits import Limits
from fozzy.pytest_plugin.markers import Marked, marked
from fozzy.pytest_plugin.properties import renewed
from fozzy.pytest_plugin.repeated import Repeated
from fozzy.pytest_plugin.replaying import verdict_of
from fozzy.pytest_plugin.resetting import Instances
from fozzy.pytest_plugin.runs import Turn, run_all
from fozzy.pytest_plugin.services import is_broken_off
from fozzy.pytest_plugin.settings import Settings, command_of
from fozzy.pytest_plugin.state import ChaosTest, Wanted
from fozzy.trace.finalize import shown_path
from fozzy.wall import SEED_BITS

CLOCKS = frozenset(("virtual_time", "clock"))
RESEEDS = "randomly_reset_seed"  # the option of pytest-randomly


class FaultNeverApplied(pytest.PytestWarning):
    """A declared fault never came to pass, and the session is not strict."""


class ChaosSession:
    """*Errors*: `pytest.UsageError` for options that cannot be."""

    def __init__(self, config: pytest.Config) -> None:
        try:
            self.settings = Settings(config)
            self.recorded: Kept | None = None if self.settings.replay is None else read(self.settings.replay)
        except FozzyError as error:
            raise pytest.UsageError(_said(error)) from None
        if self.recorded is not None and self.recorded.about.limit_s:
            config.pluginmanager.register(Limits(self.recorded.about.limit_s), "fozzy-limits")
        self.turns: dict[str, Turn] = {}  # by node: which run comes next
        self.notes: list[str] = []  # for the end of the session
        self.refusal = ""  # why nothing is run
        self._tests: dict[str, ChaosTest | None] = {}  # by node: its latest run
        self._repeated: dict[str, Repeated] = {}
        self._instances = Instances()

    def take(self, item: pytest.Item) -> None:
        """A test is ours: its state begins before all fixtures that are made for it alone."""
        self._tests[item.nodeid] = None
        known: list[str] = getattr(item, "fixturenames", [])
        names = [name for name in known if name != FIRST]
        at = next((at for at, name in enumerate(names) if _is_of_test(item, name)), len(names))
        item.fixturenames = [*names[:at], FIRST, *names[at:]]  # type: ignore[attr-defined]

    def has(self, item: pytest.Item) -> bool:
        """Whether a test is ours."""
        return item.nodeid in self._tests

    def test_of(self, item: pytest.Item) -> ChaosTest | None:
        """The latest run of a test."""
        return self._tests.get(item.nodeid)

    def turn(self, item: pytest.Item, turn: Turn) -> None:
        """A run of a test begins; until it has a state of its own nothing is known of it."""
        self._tests[item.nodeid] = None
        self.turns[item.nodeid] = turn

    def put_back(self, item: pytest.Item, test: ChaosTest) -> None:
        """What is told of a test is an earlier run of it."""
        self._tests[item.nodeid] = test
        self._report(item, test)

    def choose(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave the test of the trace that is replayed. *Errors*: `pytest.UsageError` where it is not there."""
        assert self.recorded is not None
        chosen = [item for item in items if item.nodeid == self.recorded.about.nodeid]
        if not chosen:
            nodeid = self.recorded.about.nodeid
            near = suggestion(nodeid, [item.nodeid for item in items])
            said = f"the trace is of {nodeid}, which is not among the tests here"
            self.refusal = f"{said}; {near} A trace is of its test's name" if near else said
            if not hasattr(config, "workeroutput"):  # whose word nobody would hear
                raise pytest.UsageError(self.refusal)
        others = [item for item in items if item not in chosen]
        items[:] = chosen
        config.hook.pytest_deselected(items=others)

    def protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test that is to run several times; none: pytest runs it."""
        self._tests[item.nodeid] = None
        self._repeated[item.nodeid] = Repeated()
        self.turns.pop(item.nodeid, None)
        try:
            runs = 1 if self.recorded is not None else marked(item).runs or self.settings.runs
        except FozzyError:
            return None  # its state says so
        if runs == 1 and not self.settings.shrinks:
            return None
        run_all(self, item, nextitem, runs)
        return True

    @contextlib.contextmanager
    def test(self, item: pytest.Item) -> Iterator[ChaosTest]:
        """The state of a test, from before its fixtures to after them."""
        refused = ""
        try:
            wanted = self._wanted(item)
            test = ChaosTest(wanted, () if wanted.keeps_state else self._instances.now())
            test.begin()
        except FozzyError as error:
            refused = _shown(error)
        if refused:
            pytest.fail(refused, pytrace=False)
        self._tests[item.nodeid] = test
        with seeded_by_us(item.config) if test.wanted.is_virtual else contextlib.nullcontext():
            try:
                yield test
            finally:
                test.end()
        self._end(item, test)

    def body(self, item: pytest.Item) -> None:
        """The body of a test begins: what is there now is not its doing."""
        test = self.test_of(item)
        if test is not None:
            test.services.begin()
            test.before = leftovers.now()

    def judge(self, item: pytest.Item) -> None:
        """A body that ended well: what was declared must have come to pass."""
        test = self.test_of(item)
        if test is None:
            return
        wrong = test.time.stuck or test.trouble
        if wrong is not None:
            raise Untold(_said(wrong), pytrace=False)
        never = self._repeated.setdefault(item.nodeid, Repeated()).never_applied(test)
        if never:
            said = "\n  ".join(["fault never applied: what the test declared struck nobody", *never])
            if self.settings.is_strict:
                raise NeverApplied(said, pytrace=False)
            warnings.warn(FaultNeverApplied(said), stacklevel=1)

    def trim(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        """An error of ours is about to be shown."""
        if call.excinfo is not None:
            trim(item, call.excinfo)

    def tell(self, item: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport) -> None:
        """What a report of a failure says besides; with the last one of a test its trace is kept."""
        test = self.test_of(item)
        if test is None:
            return
        if report.failed and call.excinfo is not None:
            if test.failure is None:
                test.failure = failure_of(item, report.when or "", call.excinfo.value)
            report.longrepr = bare(item, call.excinfo) or report.longrepr
            report.sections.append(("chaos", section(test, self.settings, self._trace(test))))
        if report.when == "teardown":
            self._over(item, test)
            report.user_properties = list(item.user_properties)

    def _wanted(self, item: pytest.Item) -> Wanted:
        said = marked(item)
        settings, turn = self.settings, self.turns.get(item.nodeid, Turn())
        names = getattr(item, "fixturenames", ())
        is_virtual = settings.is_virtual and not said.is_real_time and (said.is_marked or not CLOCKS.isdisjoint(names))
        wanted = Wanted(
            nodeid=item.nodeid,
            seed=self._seed(item, said, turn.run),
            varies=_varies(said),
            run=turn.run,
            runs=turn.runs,
            is_virtual=is_virtual,
            plan=_plan(item, said),
            upstreams=settings.upstreams,
            cut=turn.cut or {},
            keeps_state=settings.keeps_state if said.keeps_state is None else said.keeps_state,
            is_shrunk=turn.cut is not None,
            limit_s=settings.limit_s,
        )
        return wanted if self.recorded is None else _as_recorded(wanted, self.recorded, turn)

    def _seed(self, item: pytest.Item, said: Marked, run: int) -> int:
        if said.seed is not None and not _varies(said):
            return said.seed
        first = member_seed(self.settings.seed, item.nodeid) if said.seed is None else said.seed
        return (first + run - 1) % (1 << SEED_BITS)

    def _end(self, item: pytest.Item, test: ChaosTest) -> None:
        """All of ours has ended: refuse what is left, and what went otherwise."""
        if is_broken_off(item.session):
            test.resetting.end()
            return
        left = _left(test)
        if left:
            raise LeftBehind("\n  ".join(["the test left something behind", *left]), pytrace=False)
        said = "" if test.failure else self._repeated.setdefault(item.nodeid, Repeated()).other_decisions(test)
        if said:
            raise DecidedOtherwise(said, pytrace=False)

    def _over(self, item: pytest.Item, test: ChaosTest) -> None:
        """All its fixtures have ended, and any of them may have failed: keep its trace, say what a replay came to."""
        is_replay = self.recorded is not None and not test.wanted.is_shrunk
        if test.failure is not None and not is_replay and not test.is_kept:
            test.is_kept = True
            self._keep(test)
        self._report(item, test)
        if is_replay and self.recorded is not None and not test.is_told:
            test.is_told = True
            shown = shown_path(self.settings.replay or item.path)
            self.notes.append(
                f"replay of {shown}: {verdict_of(self.recorded, test.failure, decisions_of(test.records))}"
            )

    def _report(self, item: pytest.Item, test: ChaosTest) -> None:
        trace = None if test.failure is None else self._trace(test)
        replay = "" if trace is None else command_of(self.settings, test.wanted.nodeid, trace)
        item.user_properties[:] = renewed(item.user_properties, test, trace, replay)

    def _trace(self, test: ChaosTest) -> Path | None:
        """Where the trace of a failure is, or will be when the test is over; none where it cannot be."""
        if self.recorded is not None and not test.wanted.is_shrunk:
            return self.settings.replay
        made = self.settings.trace_of(test.wanted.nodeid, is_shrunk=test.wanted.is_shrunk)
        return made if not test.is_lost and is_writable(made.parent) else None

    def _keep(self, test: ChaosTest) -> None:
        try:
            keep(
                test,
                self.settings.trace_of(test.wanted.nodeid, is_shrunk=test.wanted.is_shrunk),
                is_strict=self.settings.is_strict,
            )
        except (StoreError, OSError) as error:
            test.is_lost = True
            self.notes.append(f"no trace of {self.settings.shown(test.wanted.nodeid)} was kept: {error}")


def session_of(config: pytest.Config) -> ChaosSession:
    """The session; it is there once a test of ours was collected."""
    from fozzy.pytest_plugin.plugin import SESSION

    return config.stash[SESSION]


@contextlib.contextmanager
def seeded_by_us(config: pytest.Config) -> Iterator[None]:
    """Within this block pytest-randomly does not seed `random` anew: what the test's own seed decides stays decided."""
    before = getattr(config.option, RESEEDS, None)
    if before is None:
        yield
        return
    setattr(config.option, RESEEDS, False)
    try:
        yield
    finally:
        setattr(config.option, RESEEDS, before)


def _varies(said: Marked) -> bool:
    """Whether each run has a seed of its own."""
    return said.seed is None or said.runs > 0


def _as_recorded(wanted: Wanted, recorded: Kept, turn: Turn) -> Wanted:
    about = recorded.about
    cut = about.cut if turn.cut is None else turn.cut
    as_it_was = wanted._replace(
        seed=recorded.seed, run=about.run, runs=about.runs, is_virtual=about.is_virtual, cut=cut
    )
    return as_it_was._replace(limit_s=about.limit_s)


def _left(test: ChaosTest) -> list[str]:
    left = [f"a toxic in force: {each.armed.place}" for each in test.declared.behind()]
    left += [said for said in (check() for check in test.checks) if said]
    left += test.resetting.end()
    return left if test.before is None else left + leftovers.left_behind(test.before)


def _is_of_test(item: pytest.Item, name: str) -> bool:
    """Whether a fixture is made for one test."""
    found = item._fixtureinfo.name2fixturedefs.get(name)  # type: ignore[attr-defined]
    return bool(found) and found[-1].scope == "function"


def _plan(item: pytest.Item, said: Marked) -> TcpPlan:
    from fozzy.chaos.tcp.files import plan_of

    if not isinstance(said.scenario, str):
        return plan_of(said.scenario)
    beside = item.path.parent / said.scenario
    return plan_of(beside if beside.exists() else item.config.rootpath / said.scenario)


def _shown(error: FozzyError) -> str:
    """What is wrong; of a file with its lines."""
    if error.where is not None:
        from fozzy.pytest_plugin.screens import wrong

        return wrong(error)
    return _said(error)


def _said(error: FozzyError) -> str:
    return f"{error.message}\n{error.hint}" if error.hint else error.message
