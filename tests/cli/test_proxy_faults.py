"""The faults of a live view: a list of scenarios that can be started and stopped, and a switch for all chaos."""

from __future__ import annotations

import pytest

from fozzy.chaos.session import Session
from fozzy.cli.proxy_faults import FaultPanel
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Faults, Plan, Scenario
from fozzy.faults.http.predefined import PREDEFINED
from fozzy.report.text import plain


@pytest.fixture
def session() -> Session:
    """A session whose plan has a scenario of its own."""
    return Session(Engine(Plan(scenarios={"rush": Scenario(faults=Faults(drop=0.5))}), 7), lambda: 0)


def test_it_lists_every_scenario_with_what_it_does(session: Session) -> None:
    """The plan's own first."""
    lines = [plain(each) for each in FaultPanel(session).lines(50)]
    assert lines[0] == "  chaos is on"
    assert lines[1].startswith("  >    rush ") and "drop on 50%" in lines[1]
    assert [each.split()[0] for each in lines[2:]] == list(PREDEFINED)


def test_a_low_screen_shows_those_around_the_chosen_one(session: Session) -> None:
    """However many there are, the chosen one is among those shown."""
    panel = FaultPanel(session)
    for _ in range(20):
        panel.key("down")
    lines = [plain(each) for each in panel.lines(4)]
    assert len(lines) == 4
    assert lines[-1].startswith(f"  >    {list(PREDEFINED)[-1]}")


def test_enter_starts_and_stops(session: Session) -> None:
    """Another one takes its place; `s` stops all."""
    panel = FaultPanel(session)
    panel.key("enter")
    panel.key("j")
    panel.key("enter")
    assert [each.name for each in session.engine.state.active] == ["network_degradation"]
    panel.key("enter")
    assert session.engine.state.active == []
    panel.key("enter")
    assert panel.key("s") == ("", False)
    assert session.engine.state.active == []


def test_space_is_the_switch(session: Session) -> None:
    """Off and on again."""
    panel = FaultPanel(session)
    panel.key(" ")
    assert not session.engine.state.enabled
    assert plain(panel.lines(5)[0]) == "  chaos is off"
    panel.key(" ")
    assert session.engine.state.enabled


def test_what_cannot_be_done_is_said(session: Session) -> None:
    """Nothing changes then."""
    assert FaultPanel(session).key("s") == ("no scenario is active", False)


@pytest.mark.parametrize("key", ["f", "escape", "q"])
def test_it_is_left(session: Session, key: str) -> None:
    """By the key that opened it, among others."""
    assert FaultPanel(session).key(key) == ("", True)
