"""The JSON documents of `fozzy map`."""

from __future__ import annotations

from typing import Literal

from fozzy.core.outcome import Camel
from fozzy.insight.map.model import Degraded, Files, Hotspot, Page, Profile, Runs, Service, Suite, Totals


class MapDocument(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What every map says; `fail` when it is degraded and the command is strict. Only one page is listed."""

    schema_version: int
    status: Literal["pass", "fail"]
    profile: Profile
    min_risk: int
    required_risk: int
    totals: Totals
    files: Files
    runs: Runs
    page: Page
    degraded: Degraded
    notes: list[str]


class MapHotspotsDocument(MapDocument, frozen=True, kw_only=True, omit_defaults=False):
    """The riskiest functions."""

    command: Literal["map hotspots"]
    hotspots: list[Hotspot]


class MapServicesDocument(MapDocument, frozen=True, kw_only=True, omit_defaults=False):
    """The parts of a tree."""

    command: Literal["map services"]
    services: list[Service]


class MapSuitesDocument(MapDocument, frozen=True, kw_only=True, omit_defaults=False):
    """Hotspots and every scenario with what it touches."""

    command: Literal["map suites"]
    hotspots: list[Hotspot]
    suites: list[Suite]
