"""The plugin as pytest sees it: options, markers, hooks, fixtures. It imports nothing of ours until a test asks for it.

Rule 1: a test without a marker and a fixture of ours runs as if the plugin were not there.
Rule 2: what a hook does is in `session`; here is only when it does it.
To add a fixture: a function in `fixtures`, which `provided` finds; its name in `OURS` there where it makes a test ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from fozzy.pytest_plugin.fixtures import OURS
from fozzy.pytest_plugin.options import OPTIONS, add_options, foreign_options, option_of
from fozzy.pytest_plugin.provided import foreign_fixtures, provide
from fozzy.pytest_plugin.services import LEFT_OUT

if TYPE_CHECKING:
    from fozzy.pytest_plugin.session import ChaosSession

pytest_plugins = ("fozzy.pytest_plugin.items", "fozzy.pytest_plugin.runners")  # their hooks
KINDS = ("chaos_network", "chaos_service", "chaos_middleware")
MARKERS = (
    "chaos(seed=None, scenario=None, real_time=False, keeps_state=False): a resilience test; its time is virtual, and "
    "breakers, limiters and caches know nothing of other tests (fozzy)",
    *(f"{name}(...): as chaos, which it has too (fozzy)" for name in KINDS),
    "chaos_runs(n): run this test with n seeds, as one test (fozzy)",
    "slow: takes real time",
)
CHECKED = {"--chaos-replay": "chaos_replay", "--chaos-seed": "chaos_seed", "--chaos-runs": "chaos_runs"}
SESSION: pytest.StashKey[ChaosSession] = pytest.StashKey()
TOLD: pytest.StashKey[list[str]] = pytest.StashKey()  # by workers
REFUSED: pytest.StashKey[str] = pytest.StashKey()  # why workers ran nothing
NOTES, REFUSAL = "fozzy_notes", "fozzy_refusal"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Our options."""
    add_options(parser, pluginmanager)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which options and fixtures are not ours."""
    theirs = foreign_fixtures(config.pluginmanager)
    said = [f"fozzy: the fixture {name} is another plugin's" for name in theirs]
    return [*foreign_options(config), *said]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Our fixtures, now that all plugins are there."""
    provide(session.config.pluginmanager)


def pytest_configure(config: pytest.Config) -> None:
    """Our markers; and options that cannot be are refused before workers begin, whose word nobody would hear."""
    if any(option_of(config, name) != OPTIONS[flag]["default"] for flag, name in CHECKED.items()):
        _session(config)
    for line in MARKERS:
        config.addinivalue_line("markers", line)


def pytest_itemcollected(item: pytest.Item) -> None:
    """What is a kind of chaos is chaos; what is ours begins before its other fixtures."""
    if any(item.get_closest_marker(name) for name in KINDS) and item.get_closest_marker("chaos") is None:
        item.add_marker("chaos")
    if is_ours(item):
        _session(item.config).take(item)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A replay runs the test of its trace and no other."""
    if option_of(config, "chaos_replay"):
        _session(config).choose(config, items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A test that runs several times is still one test."""
    session = _of(item)
    return None if session is None else session.protocol(item, nextitem)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """The body of a test is over: hold what was declared against what came to pass."""
    session = _of(item)
    if session is not None:
        session.body(item)
    result = yield
    if session is not None:
        session.judge(item)
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """A failure says what the wire saw, and how to have it again."""
    session = _of(item)
    if session is not None:
        session.trim(item, call)
    report: Any = yield
    if session is not None:
        session.tell(item, call, report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist has no terminal: who has one is told what came of replays and of shrinking."""
    ours, output = session.config.stash.get(SESSION, None), getattr(session.config, "workeroutput", None)
    if ours is not None and output is not None:
        output[NOTES], output[REFUSAL] = ours.notes, ours.refusal
    refused = session.config.stash.get(REFUSED, None)
    if refused:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker of pytest-xdist begins."""
    from fozzy.pytest_plugin.settings import WORKER_SEED, fresh_seed

    node.workerinput[WORKER_SEED] = fresh_seed(node.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended."""
    output, stash = getattr(node, "workeroutput", {}), node.config.stash
    stash.setdefault(TOLD, []).extend(output.get(NOTES, ()))
    stash[REFUSED] = stash.get(REFUSED, "") or output.get(REFUSAL, "")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What came of replays and of shrinking."""
    session = config.stash.get(SESSION, None)
    left_out = services_left_out(terminalreporter.stats.get("skipped", ()))
    notes = [*left_out, *config.stash.get(TOLD, []), *(session.notes if session is not None else ())]
    refused = config.stash.get(REFUSED, "")
    if refused:
        terminalreporter.write_line(f"ERROR: {refused}", red=True)
    if notes:
        terminalreporter.section("chaos")
        for note in sorted(notes):
            terminalreporter.line(note)


def services_left_out(reports: Iterable[pytest.TestReport]) -> list[str]:
    """A line for each service that is not there, of reports of tests that were skipped."""
    reasons = [
        said[-1].removeprefix("Skipped: ") for said in (each.longrepr for each in reports) if isinstance(said, tuple)
    ]
    found = Counter(reason for reason in reasons if LEFT_OUT in reason)
    return [f"{times} {'test' if times == 1 else 'tests'} skipped: {reason}" for reason, times in found.items()]


def is_ours(item: pytest.Item) -> bool:
    """Whether a test has a marker or a fixture of ours. A fixture of this name that somebody else made is not ours."""
    if item.get_closest_marker("chaos") is not None:
        return True
    return any(_is_made_here(item, name) for name in OURS.intersection(getattr(item, "fixturenames", ())))


def _is_made_here(item: Any, name: str) -> bool:
    made = item._fixtureinfo.name2fixturedefs.get(name)
    return not made or made[-1].func.__module__.startswith("fozzy.")


def taken(item: pytest.Item) -> None:
    """A test of ours is known to our session, whenever it was made."""
    session = _session(item.config)
    if not session.has(item):
        session.take(item)


def _of(item: pytest.Item) -> ChaosSession | None:
    """Our session, for a test that is ours."""
    session = item.config.stash.get(SESSION, None)
    return session if session is not None and session.has(item) else None


def _session(config: pytest.Config) -> ChaosSession:
    """Our session, begun by the first who needs it."""
    if SESSION not in config.stash:
        from fozzy.pytest_plugin.session import ChaosSession

        config.stash[SESSION] = ChaosSession(config)
    return config.stash[SESSION]
