"""Groups a tree into services: its top folders and packages, with what each touches and where its programs begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from fozzy.errors import whole
from fozzy.insight.map.model import EntryPoint, Hotspot, Service
from fozzy.insight.map.reading import Tree
from fozzy.insight.map.signals import WORDS
from fozzy.insight.map.units import Unit

_OUTER = frozenset(
    [
        "src",
        "lib",
        "libs",
        "packages",
        "apps",
        "services",
        "cmd",
        "internal",
        "pkg",
        "crates",
        "modules",
        "backend",
        "frontend",
    ]
)
ROUTES_MAX = 100  # of one service


class Groups:
    """Which service a file belongs to: its top folder, or one further in where a folder only holds others or holds more
    than half of all files; `.` at the top."""

    def __init__(self, paths: Iterable[str]) -> None:
        files = sorted(set(paths))
        self._opened: set[str] = set()
        while True:
            sizes = Counter(self.of(path) for path in files)
            name, size = max(sizes.items(), key=lambda each: (each[1], each[0]), default=(".", 0))
            holds = len(
                {each[len(name) + 1 :].split("/")[0] for each in files if self.of(each) == name and "/" in each}
            )
            if name == "." or name in self._opened or 2 * size <= len(files) or holds < 2:
                break
            self._opened.add(name)

    def of(self, path: str) -> str:
        """The service of a file."""
        folders = path.split("/")[:-1]
        depth = 1
        while depth < len(folders) and (folders[depth - 1] in _OUTER or "/".join(folders[:depth]) in self._opened):
            depth += 1
        return "/".join(folders[:depth]) or "."


def services_of(tree: Tree, hotspots: list[Hotspot], groups: Groups) -> list[Service]:
    """Every service, the riskiest first, then by name."""
    units: dict[str, list[Unit]] = {}
    for unit in tree.units:
        units.setdefault(groups.of(unit.path), []).append(unit)
    spots: dict[str, list[Hotspot]] = {}
    for hotspot in hotspots:
        spots.setdefault(hotspot.service, []).append(hotspot)
    found = [_service(name, mine, spots.get(whole(name), [])) for name, mine in units.items()]
    entries: dict[str, list[EntryPoint]] = {}
    for each in tree.entries:
        shown = msgspec.structs.replace(each, path=whole(each.path))
        entries.setdefault(whole(groups.of(each.path)), []).append(shown)
    found = [msgspec.structs.replace(each, entry_points=entries.get(each.name, [])) for each in found]
    return sorted(found, key=lambda each: (-each.risk, -each.hotspots, each.name))


def _service(name: str, units: list[Unit], hotspots: list[Hotspot]) -> Service:
    states = Counter(each.state for each in hotspots)
    shown = Counter(what for unit in units for what, _ in unit.counts if what in WORDS)
    routes = sorted({str(route) for unit in units for route in unit.routes})
    return Service(
        name=whole(name),
        risk=max((each.risk for each in hotspots), default=0),
        files=len({unit.path for unit in units}),
        functions=sum(bool(unit.name) for unit in units),
        hotspots=len(hotspots),
        required=sum(each.required for each in hotspots),
        covered=states["covered"],
        touched=states["touched"],
        uncovered=len(hotspots) - states["covered"] - states["touched"],
        entry_points=[],
        routes=routes[:ROUTES_MAX],
        signals={each: shown[each] for each in WORDS if shown[each]},
    )
