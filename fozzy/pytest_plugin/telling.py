"""What `fozzy chaos run` loads into its pytest besides: it leaves out tests that are none of ours, ends those that take
too long, and tells the runner what happens. Nobody else loads it.

Rule 1: a limit is for each phase of each run of a test; how it is kept is in `limits`.
Rule 2: under xdist the workers tell what begins, and who has the reports tells what came of it.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from fozzy.gate.resilience.told import LIMIT, Chosen, Ended, Outcome, Phase, Refused, tell
from fozzy.pytest_plugin.limits import limited
from fozzy.pytest_plugin.settings import session_seed

PHASES = ("setup", "call", "teardown")
MESSAGE_CHARS_MAX = 2000
FIRST_WORKER = "gw0"


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the runner says. It held signals back while it began this process."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    group = parser.getgroup("chaos")
    group.addoption("--chaos-told", metavar="FILE", help="tell `fozzy chaos run` there what happens")
    takes = "how long each phase of a test may take"
    group.addoption("--chaos-limit", metavar="SECONDS", type=float, dest="fozzy_chaos_limit", help=takes)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to tell."""
    if config.getoption("chaos_told"):
        config.pluginmanager.register(Telling(config), "fozzy-telling")


class Telling:
    """The hooks of a session that is told."""

    def __init__(self, config: pytest.Config) -> None:
        self._path = Path(config.getoption("chaos_told"))
        self._limit_s = float(config.getoption("fozzy_chaos_limit") or 0)
        self._worker = str(getattr(config, "workerinput", {}).get("workerid", ""))
        self._others = 0
        self._reports: dict[str, list[pytest.TestReport]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Only what is ours is run."""
        from fozzy.pytest_plugin.plugin import is_ours

        others = [item for item in items if not is_ours(item) and item.get_closest_marker("fozzy") is None]
        left_out = set(others)
        items[:] = [item for item in items if item not in left_out]
        if others:
            config.hook.pytest_deselected(items=others)
        self._others = len(others)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Names and markers have been chosen, too."""
        if self._worker in ("", FIRST_WORKER):
            seed = session_seed(session.config)
            tell(self._path, Chosen(tests=len(session.items), others=self._others, seed=seed))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected."""
        if report.failed and not self._worker:
            tell(self._path, Refused(place=report.nodeid, message=_last_line(str(report.longrepr))))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase is over; after the last one the test is."""
        if self._worker:
            return
        reports = self._reports.setdefault(report.nodeid, [])
        reports.append(report)
        if report.when not in PHASES[:2]:
            tell(self._path, ended(self._reports.pop(report.nodeid)))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Its fixtures."""
        with self._limited(item, "setup"):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Its body."""
        with self._limited(item, "call"):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """The end of its fixtures."""
        with self._limited(item, "teardown"):
            return (yield)

    @contextlib.contextmanager
    def _limited(self, item: pytest.Item, phase: str) -> Iterator[None]:
        tell(self._path, Phase(pid=os.getpid(), test=item.nodeid, phase=phase))
        try:
            with limited(item, phase, self._limit_s):
                yield
        finally:
            tell(self._path, Phase(pid=os.getpid()))


def ended(reports: list[pytest.TestReport]) -> Ended:
    """What came of a test, from the reports of its phases."""
    outcome, decisive = _outcome(reports)
    shown = outcome in ("failed", "error", "timeout", "skipped")
    return Ended(
        test=reports[0].nodeid,
        outcome=outcome,
        phase=str(decisive.when) if shown else "",
        duration_ns=round(sum(each.duration for each in reports) * 1e9),
        message=_message(decisive) if shown else "",
        properties=[(name, str(said)) for name, said in reports[-1].user_properties],
    )


def _outcome(reports: list[pytest.TestReport]) -> tuple[Outcome, pytest.TestReport]:
    wrong = next((each for each in reports if each.failed), None)
    if wrong is not None:
        if any(name == LIMIT for name, _ in reports[-1].user_properties):
            return "timeout", wrong
        return ("failed" if wrong.when == "call" else "error"), wrong
    left_out = next((each for each in reports if each.skipped), None)
    if left_out is not None:
        return ("xfailed" if hasattr(left_out, "wasxfail") else "skipped"), left_out
    body = next((each for each in reports if each.when == "call"), reports[0])
    return ("xpassed" if hasattr(body, "wasxfail") else "passed"), body


def _message(report: pytest.TestReport) -> str:
    said: Any = report.longrepr
    if isinstance(said, tuple):  # of a skip: file, line, reason
        return str(said[-1]).removeprefix("Skipped: ")
    crash = getattr(said, "reprcrash", None)
    return str(crash.message if crash is not None else said)[:MESSAGE_CHARS_MAX]


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("E").strip()[:MESSAGE_CHARS_MAX] if lines else ""
