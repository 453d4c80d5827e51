"""A test that runs several times and is one test: with several seeds, and with fewer faults to find the fewest.

Rule 1: every run has its own fixtures of the test; those of its module and its session are set up once.
Rule 2: what is told is one run: the first that failed, the shrunk one where that was asked for and came of it, else the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from fozzy.pytest_plugin.declared import Cut
from fozzy.pytest_plugin.shrinking import Shrunk, shrink
from fozzy.pytest_plugin.state import ChaosTest

if TYPE_CHECKING:
    from fozzy.pytest_plugin.session import ChaosSession

Reports = list[pytest.TestReport]


class Turn(NamedTuple):
    """Which run of a test comes next. `cut` none: as it is."""

    run: int = 1
    runs: int = 1
    cut: Cut | None = None


def run_all(session: ChaosSession, item: pytest.Item, nextitem: pytest.Item | None, runs: int) -> None:
    """Run it so often, and report it once."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = _course(session, item, runs)
    reports += _torn_down(item, nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _course(session: ChaosSession, item: pytest.Item, runs: int) -> Reports:
    reports: Reports = []
    for number in range(1, runs + 1):
        turn = Turn(number, runs)
        reports = _once(session, item, turn)
        if any(report.failed for report in reports):
            return _shrunk(session, item, turn, reports) if session.settings.shrinks else reports
    return reports


def _once(session: ChaosSession, item: pytest.Item, turn: Turn) -> Reports:
    """One run. Fixtures that others share stay: as far as pytest can tell, a sibling comes next."""
    from _pytest.runner import runtestprotocol

    session.turn(item, turn)
    sibling: pytest.Item = item.parent  # type: ignore[assignment]
    return runtestprotocol(item, log=False, nextitem=sibling)


def _torn_down(item: pytest.Item, nextitem: pytest.Item | None) -> Reports:
    """What is not needed any more ends; a report where that fails."""
    call = pytest.CallInfo.from_call(lambda: item.session._setupstate.teardown_exact(nextitem), "teardown")
    if call.excinfo is None:
        return []
    return [item.ihook.pytest_runtest_makereport(item=item, call=call)]


def _shrunk(session: ChaosSession, item: pytest.Item, turn: Turn, reports: Reports) -> Reports:
    """The reports of the run with the fewest faults that still fails so; where that cannot be had, those of the first."""
    first = session.test_of(item)
    if first is None or first.failure is None or not first.declared.all:
        return reports
    latest: list[Reports] = []

    def again(cut: Cut) -> ChaosTest | None:
        latest[:] = [_once(session, item, turn._replace(cut=cut))]
        return session.test_of(item)

    done = shrink(first, again)
    session.notes.append(f"{session.settings.shown(item.nodeid)}: {done.said}")
    if done.is_shrunk:
        return _told(done, latest[-1])
    session.put_back(item, first)
    return _told(done, reports)


def _told(done: Shrunk, reports: Reports) -> Reports:
    for report in reports:
        if report.failed:
            report.sections.append(("chaos shrink", done.said))
    return reports
