"""The faults of a running proxy in its live view: turn chaos on and off, start and stop scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.cli.proxy_words import section_words
from fozzy.errors import FozzyError
from fozzy.faults.http import control
from fozzy.faults.http.state import State
from fozzy.report.text import Line, Span, line, one_line

if TYPE_CHECKING:
    from fozzy.chaos.session import Session

NAME_CHARS = 22


class FaultPanel:
    """A list of scenarios, one of which is chosen."""

    keys = "[space] chaos on or off  [enter] start or stop  [s] stop all  [f] back"

    def __init__(self, session: Session) -> None:
        self._session = session
        self._chosen = 0

    def lines(self, room: int) -> list[Line]:
        """The panel in so many lines at most."""
        state = self._session.engine.state
        names = list(state.scenarios())
        first = max(0, min(self._chosen, len(names) - room + 1))
        listed = [self._line(state, name, index) for index, name in enumerate(names)]
        on = line("  chaos is ", Span("on" if state.enabled else "off", "warn" if state.enabled else "strong"))
        return [on, *listed[first : first + room - 1]]

    def key(self, name: str) -> tuple[str, bool]:
        """What a key does, in words, and whether the panel is left."""
        names = list(self._session.engine.state.scenarios())
        if name in ("up", "k", "down", "j"):
            step = -1 if name in ("up", "k") else 1
            self._chosen = min(max(self._chosen + step, 0), len(names) - 1)
        elif name in ("f", "escape", "q"):
            return "", True
        else:
            return self._change(name, names[self._chosen]), False
        return "", False

    def _change(self, key: str, scenario: str) -> str:
        state, now = self._session.engine.state, self._session.now_ns()
        try:
            if key == " ":
                changed, what = (control.disable, "disable") if state.enabled else (control.enable, "enable")
                self._session.change(changed(state), what)
            elif key == "s":
                self._session.change(control.stop(state), "stop")
            elif key == "enter" and any(each.name == scenario for each in state.active):
                self._session.change(control.stop(state, scenario), "stop", scenario=scenario)
            elif key == "enter":
                self._session.change(control.start(state, scenario, now), "start", scenario=scenario)
        except FozzyError as error:
            return error.message
        return ""

    def _line(self, state: State, name: str, index: int) -> Line:
        active = any(each.name == name for each in state.active)
        mark = ">" if index == self._chosen else " "
        scenario = state.scenarios()[name]
        words = "   ".join(section_words(scenario))
        shown = f"{mark} {'on ' if active else '   '}{one_line(name)[:NAME_CHARS]:<{NAME_CHARS}} "
        return line(Span(f"  {shown}", "strong" if active else ""), Span(words, "dim"))
