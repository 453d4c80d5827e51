"""`fozzy map`: which code is risky, and which of it a recorded run has touched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec

from fozzy.cli.command import Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.map_documents import MapHotspotsDocument, MapServicesDocument, MapSuitesDocument
from fozzy.cli.map_screen import Screen, hotspot_lines, service_lines, suite_lines
from fozzy.cli.options import config_of
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, InputError, UsageError, Where
from fozzy.insight.map.model import Hotspot, Page, Service
from fozzy.insight.map.topology import Scope, Topology, topology
from fozzy.trace.store import Store

PAGE_ROWS = 20
RISK_MAX = 100
T = TypeVar("T")


class _Mapping(Command, frozen=True, kw_only=True):
    """Base of the maps: where they look and how much they show."""

    root: Annotated[str | None, Opt(("--root",), "The tree to map; the project's folder by default.", "DIR")] = None
    scenario_root: Annotated[
        str | None, Opt(("--scenario-root",), "Where its scenarios are; those of the configuration by default.", "DIR")
    ] = None
    min_risk: Annotated[
        int | None,
        Opt(("--min-risk",), "From which risk on it is a hotspot, 0 to 100; the profile says otherwise.", "N"),
    ] = None
    profile: Annotated[
        Literal["balanced", "pedantic", "overkill"],
        Opt(("--profile",), "Hotspots from risk 60, 40 or 1 on; required from 75, 60 or 1 on.", "PROFILE"),
    ] = "balanced"
    only_uncovered: Annotated[bool, Opt(("--only-uncovered",), "Only what no recorded run touched.")] = False
    only_required: Annotated[bool, Opt(("--only-required",), "Only hotspots of the profile's required risk.")] = False
    limit: Annotated[int | None, Opt(("--limit",), f"Show so many, {PAGE_ROWS} by default.", "N")] = None
    offset: Annotated[int, Opt(("--offset",), "Begin after so many.", "N")] = 0
    all: Annotated[bool, Opt(("--all",), "Show all.")] = False

    def mapped(self) -> tuple[Topology, Store]:
        """The map, and the store its evidence is from. *Errors*: `UsageError`, `InputError`."""
        self._check()
        config = config_of(self)
        root = Path(self.root) if self.root is not None else config.root
        scenarios = (
            Path(self.scenario_root) if self.scenario_root is not None else config.root / config.settings.scenarios
        )
        for flag, given in (("--root", self.root), ("--scenario-root", self.scenario_root)):
            if given is not None and not os.path.isdir(given):  # which takes no empty word for the working directory
                message = f"there is no folder {given}"
                raise InputError("map.no_folder", message, hint=f"{flag} takes a folder", where=Where(given))
        scope = Scope(root=root, scenario_root=scenarios, project=config.root, base_dir=config.base_dir())
        return topology(scope, self.profile, self.min_risk), Store(config.base_dir())

    def chosen(self, found: Topology) -> list[Hotspot]:
        """The hotspots that are asked for."""
        return [
            each
            for each in found.hotspots
            if (each.required or not self.only_required) and not (each.is_evident and self.only_uncovered)
        ]

    def page(self, rows: Sequence[T]) -> tuple[list[T], Page]:
        """The rows that are shown, and which part of all they are."""
        limit = None if self.all else self.limit or PAGE_ROWS
        shown = list(rows[self.offset : None if limit is None else self.offset + limit])
        return shown, Page(offset=self.offset, limit=limit, shown=len(shown), total=len(rows))

    def verdict(self, found: Topology) -> Exit:
        """A map with gaps fails a strict command; uncovered hotspots do not: that is for a gate to judge."""
        return Exit.FAIL if self.strict and found.is_degraded else Exit.PASS

    def body(self, found: Topology, page: Page) -> dict[str, Any]:
        """What the documents of all maps have."""
        return {
            "schema_version": SCHEMA_VERSION,
            "status": "fail" if self.verdict(found) else "pass",
            "profile": found.profile,
            "min_risk": found.thresholds.hotspot,
            "required_risk": found.thresholds.required,
            "totals": found.totals,
            "files": found.files,
            "runs": found.runs,
            "page": page,
            "degraded": found.degraded,
            "notes": found.notes,
        }

    def screen(self, found: Topology, store: Store, page: Page) -> Screen:
        """What the screens of all maps need."""
        return Screen(found, page, store, self.verbose, self.place_flags)

    def _check(self) -> None:
        for flag, number, least, most in (
            ("--min-risk", self.min_risk, 0, RISK_MAX),
            ("--limit", self.limit, 1, 10**9),
            ("--offset", self.offset, 0, 10**9),
        ):
            if number is not None and not least <= number <= most:
                limits = f"from {least} to {most}" if most == RISK_MAX else f"{least} or more"
                raise UsageError("usage.bad_value", f"{flag} must be {limits}, got {number}")
        if self.all and (self.limit is not None or self.offset):
            raise UsageError("usage.bad_value", "--all shows everything: it goes with no --limit and no --offset")


class Hotspots(_Mapping, frozen=True, kw_only=True):
    """Show the riskiest functions, and which a recorded run has touched.

    Risk follows from what a function does: retries, HTTP, money and so on, its size and shape, how often it changed.
    docs/reference/map.md has the table. A scenario that only names a function covers nothing. What could not be read
    is listed, and fails the command unless --unsafe is given.
    """

    name: ClassVar[str] = "map hotspots"

    def call(self, console: Console) -> Exit:
        found, store = self.mapped()
        rows, page = self.page(self.chosen(found))
        if console.json:
            document = MapHotspotsDocument(command="map hotspots", hotspots=rows, **self.body(found, page))
            console.raw(msgspec.json.encode(document).decode() + "\n")
        else:
            console.answer(hotspot_lines(self.screen(found, store, page), rows, console.quiet))
        return self.verdict(found)


class Services(_Mapping, frozen=True, kw_only=True):
    """Show the parts of the tree: how risky each is, how much of it recorded runs touched, what it talks to.

    A service is a top folder or package; entry points, routes and what its functions do are found in the source.
    """

    name: ClassVar[str] = "map services"

    def call(self, console: Console) -> Exit:
        found, store = self.mapped()
        rows, page = self.page([each for each in found.services if self._is_wanted(each)])
        if console.json:
            document = MapServicesDocument(command="map services", services=rows, **self.body(found, page))
            console.raw(msgspec.json.encode(document).decode() + "\n")
        else:
            console.answer(service_lines(self.screen(found, store, page), rows, console.quiet))
        return self.verdict(found)

    def _is_wanted(self, service: Service) -> bool:
        return bool(service.required or not self.only_required) and bool(service.uncovered or not self.only_uncovered)


class Suites(_Mapping, frozen=True, kw_only=True):
    """Show which scenarios touch which hotspots, and which hotspots nothing touches.

    Evidence is a recorded run: lines of `--coverage`, calls, processes started and URLs requested on the host. A
    scenario that mentions a function and never ran it is shown as "name only".
    """

    name: ClassVar[str] = "map suites"

    def call(self, console: Console) -> Exit:
        found, store = self.mapped()
        rows, page = self.page(self.chosen(found))
        if console.json:
            document = MapSuitesDocument(
                command="map suites", hotspots=rows, suites=found.suites, **self.body(found, page)
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        else:
            console.answer(suite_lines(self.screen(found, store, page), rows, console.quiet))
        return self.verdict(found)
