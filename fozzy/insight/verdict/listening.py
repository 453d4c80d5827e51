"""Listens to circuit breakers of libraries, so that what they did stands in the trace: pybreaker, purgatory, circuitbreaker.

Rule 1: no library is imported here; a breaker is told by what it can do.
Rule 2: a change is told before the call that it lets through, also where the library itself tells of it afterwards.
Rule 3: `close` leaves every breaker as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from fozzy.errors import UsageError
from fozzy.insight.verdict.events import state_of

Tell = Callable[[str, str], None]


class Listener:
    """Tells of the changes of one breaker, each once. It is a listener of pybreaker, and a hook of purgatory, itself."""

    def __init__(self, name: str, tell: Tell) -> None:
        self.name = name
        self._tell = tell
        self._states: dict[str, str] = {}
        self._undo: list[Callable[[], None]] = []

    def watch(self, breaker: Any) -> Any:
        """Listen to a breaker, or to all that a factory of purgatory makes. Returns it. *Errors*: `UsageError`."""
        if hasattr(breaker, "add_listeners"):  # pybreaker
            breaker.add_listener(self)
            self._undo.append(lambda: breaker.remove_listener(self))
        elif hasattr(breaker, "get_breaker"):  # purgatory
            self._wrap_factory(breaker)
        elif hasattr(breaker, "open_remaining"):  # circuitbreaker
            self._wrap_breaker(breaker)
        else:
            hint = 'tell its changes yourself: chaos.transition("NAME", "open")'
            raise UsageError("usage.bad_value", f"{type(breaker).__name__} is no breaker that is known", hint=hint)
        return breaker

    def close(self) -> None:
        """Listen no longer."""
        while self._undo:
            self._undo.pop()()

    def said(self, state: str, name: str = "") -> None:
        """It is in this state now; nothing where that is known."""
        known, who = state_of(state) or state, name or self.name
        if self._states.get(who, "closed") != known:
            self._states[who] = known
            self._tell(who, known)

    # pybreaker

    def state_change(self, breaker: Any, old: Any, new: Any) -> None:
        """It changed."""
        self.said(new.name)

    def before_call(self, breaker: Any, func: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing to tell."""

    def failure(self, breaker: Any, error: BaseException) -> None:
        """Nothing to tell."""

    def success(self, breaker: Any) -> None:
        """Nothing to tell."""

    # purgatory

    def __call__(self, name: str, kind: str, event: Any) -> None:
        """As a hook: it changed. Of a half-opening purgatory says so only after the call; `watch` hears it before."""
        if kind == "state_changed":
            self.said(event.state, self._named(name))

    def _named(self, circuit: str) -> str:
        return self.name if self.name in ("", circuit) else f"{self.name}/{circuit}"

    def _wrap_factory(self, factory: Any) -> None:
        get = factory.get_breaker
        heard: list[Any] = []

        def told(breaker: Any) -> Any:
            context = breaker.context
            if any(each is context for each in heard):
                return breaker
            change = context.set_state
            heard.append(context)

            def changed(state: Any) -> None:
                change(state)
                self.said(state.name, self._named(context.name))

            context.set_state = changed
            self._undo.append(lambda: vars(context).pop("set_state", None))  # who else listens ends with us
            return breaker

        def got(*args: Any, **kwargs: Any) -> Any:
            found = get(*args, **kwargs)
            return _later(found, told) if hasattr(found, "__await__") else told(found)

        factory.get_breaker = got
        self._undo.append(lambda: factory.__dict__.pop("get_breaker", None))

    # circuitbreaker

    def _wrap_breaker(self, breaker: Any) -> None:
        own = type(breaker)
        listener = self

        def enter(watched: Any) -> Any:
            listener.said(watched.state)
            return own.__enter__(watched)

        def leave(
            watched: Any, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
        ) -> Any:
            answer = own.__exit__(watched, kind, error, at)
            listener.said(watched.state)
            return answer

        breaker.__class__ = type(own.__name__, (own,), {"__enter__": enter, "__exit__": leave})
        self._undo.append(lambda: setattr(breaker, "__class__", own))


async def _later(coming: Any, told: Callable[[Any], Any]) -> Any:
    return told(await coming)
