"""The toxics of running TCP proxies in their live view: a proxy or a toxic is turned off, and on again as it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from fozzy.cli.proxy_tcp_words import toxic_words
from fozzy.faults.tcp import control
from fozzy.faults.tcp.plan import Proxy, Toxic, toxic_of
from fozzy.report.text import Line, Span, line, one_line

if TYPE_CHECKING:
    from fozzy.chaos.tcp.parts import TcpRunning

OFF_MAX = 100  # toxics that were taken away here and can be put back; the oldest is forgotten


class _Item(NamedTuple):
    """A line of the panel."""

    proxy: Proxy
    toxic: Toxic | None
    is_on: bool


class _Off(NamedTuple):
    """A toxic that was taken away, and those behind it then."""

    toxic: Toxic
    behind: list[str]


class ToxicPanel:
    """A list of proxies and their toxics, one of which is chosen."""

    keys = "[space] on or off  [f] back"

    def __init__(self, run: TcpRunning, say: Callable[[str], None]) -> None:
        self._run = run
        self._say = say
        self._chosen = 0
        self._off: dict[tuple[str, str], _Off] = {}  # what was taken away here

    def lines(self, room: int) -> list[Line]:
        """The panel in so many lines at most."""
        items = self._items()
        first = max(0, min(self._chosen, len(items) - room))
        return [self._line(item, at == self._chosen) for at, item in enumerate(items)][first : first + room]

    def key(self, name: str) -> tuple[str, bool]:
        """What a key does, in words, and whether the panel is left."""
        items = self._items()
        if name in ("f", "escape", "q"):
            return "", True
        if name in ("up", "k", "down", "j"):
            step = -1 if name in ("up", "k") else 1
            self._chosen = min(max(self._chosen + step, 0), max(len(items) - 1, 0))
        elif name == " " and items:
            self._turn(items[min(self._chosen, len(items) - 1)])
        return "", False

    def _items(self) -> list[_Item]:
        """Every proxy, below it its toxics, those that were taken away where they stood."""
        items: list[_Item] = []
        for proxy in self._run.engine.plan.proxies:
            items.append(_Item(proxy, None, proxy.enabled))
            toxics = [_Item(proxy, toxic, True) for toxic in proxy.toxics]
            for (name, called), off in self._off.items():
                if name == proxy.name and toxic_of(proxy, called) is None:
                    toxics.insert(_place(toxics, off), _Item(proxy, off.toxic, False))
            items += toxics
        return items

    def _turn(self, item: _Item) -> None:
        name, toxic = item.proxy.name, item.toxic
        if toxic is None:
            make = partial(control.update_proxy, name=name, document={"enabled": not item.is_on})
            self._run.alter_soon(make, self._say, what="proxy changed", proxy=name)
            return
        key = name, toxic.called
        if item.is_on:
            of_proxy = [
                each.toxic.called for each in self._items() if each.proxy is item.proxy and each.toxic is not None
            ]
            self._off[key] = _Off(toxic, of_proxy[of_proxy.index(toxic.called) + 1 :])
            if len(self._off) > OFF_MAX:
                del self._off[next(iter(self._off))]
            taken = partial(control.delete_toxic, proxy_name=name, name=toxic.called)
            self._run.alter_soon(taken, self._say, what="toxic deleted", proxy=name, toxic=toxic.called)
        else:
            back = partial(control.return_toxic, proxy_name=name, toxic=toxic, behind=self._off.pop(key).behind)
            self._run.alter_soon(back, self._say, what="toxic added", proxy=name, toxic=toxic.called)

    def _line(self, item: _Item, is_chosen: bool) -> Line:
        mark, state = ">" if is_chosen else " ", "on " if item.is_on else "off"
        if item.toxic is None:
            words = f"{mark} {state} {item.proxy.name}  {item.proxy.listen} -> {item.proxy.upstream}"
        else:
            words = f"{mark}     {state} {toxic_words(item.toxic)}"
        return line(Span(one_line(f"  {words}"), "strong" if is_chosen else "" if item.is_on else "dim"))


def _place(toxics: list[_Item], off: _Off) -> int:
    """Where it stands in the list: before the first of those that were behind it."""
    called = [item.toxic.called for item in toxics if item.toxic is not None]
    return next((at for at, name in enumerate(called) if name in off.behind), len(called))
