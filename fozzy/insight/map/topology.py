"""The map of a tree: what is risky in it, and what recorded runs say of it.

Risk comes from the source alone; evidence comes from traces and coverage files alone, never from a name. What could
not be read is part of the answer. The same tree and the same store make the same map: nothing here reads a clock.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from fozzy.errors import whole
from fozzy.insight.map.doubts import Doubts
from fozzy.insight.map.evidence import Evident, gather
from fozzy.insight.map.history import History, history
from fozzy.insight.map.model import (
    STATES,
    Degraded,
    Evidence,
    Files,
    Hotspot,
    Profile,
    Runs,
    Service,
    State,
    Suite,
    Totals,
)
from fozzy.insight.map.reading import Tree, read_tree
from fozzy.insight.map.scenarios import Mentions, read_scenarios
from fozzy.insight.map.services import Groups, services_of
from fozzy.insight.map.signals import risk_of, weigh
from fozzy.insight.map.suites import suites_of
from fozzy.insight.map.units import Unit

EVIDENCE_MAX = 10  # of one hotspot, the best; more say nothing more


class Thresholds(NamedTuple):
    """From which risk on a place is a hotspot, and from which on it must be covered."""

    hotspot: int
    required: int


PROFILES: dict[Profile, Thresholds] = {
    "balanced": Thresholds(60, 75),
    "pedantic": Thresholds(40, 60),
    "overkill": Thresholds(1, 1),
}


class Scope(NamedTuple):
    """Where to look. `project` is the folder of the configuration, which paths in traces are relative to."""

    root: Path
    scenario_root: Path
    project: Path
    base_dir: Path


class Topology(NamedTuple):
    """A map. Hotspots are sorted by risk, the highest first, then by place."""

    profile: Profile
    thresholds: Thresholds
    hotspots: list[Hotspot]
    services: list[Service]
    suites: list[Suite]
    files: Files
    runs: Runs
    degraded: Degraded
    notes: list[str]

    @property
    def is_degraded(self) -> bool:
        """Whether something could not be looked at."""
        return bool(self.degraded.reasons)

    @property
    def totals(self) -> Totals:
        """How many hotspots there are of each kind."""
        states = Counter(each.state for each in self.hotspots)
        required = [each for each in self.hotspots if each.required]
        return Totals(
            hotspots=len(self.hotspots),
            covered=states["covered"],
            touched=states["touched"],
            uncovered=len(self.hotspots) - states["covered"] - states["touched"],
            required=len(required),
            required_uncovered=len(self.lacking()),
        )

    def lacking(self) -> list[Hotspot]:
        """The required hotspots that no recorded run touched since they changed. What a gate on coverage looks at."""
        return [each for each in self.hotspots if each.required and not each.is_evident]


def topology(scope: Scope, profile: Profile = "balanced", min_risk: int | None = None) -> Topology:
    """Map a tree. `min_risk`, 0 to 100, stands for the profile's own. Nothing is run but `git`, which only reads.

    *Limits*: those of `sources` and `evidence`; what is over one is in `degraded`.
    """
    thresholds = PROFILES[profile]
    if min_risk is not None:
        thresholds = thresholds._replace(hotspot=min_risk)
    doubts = Doubts()
    tree = read_tree(scope.root, doubts)
    past = history(scope.root)
    groups = Groups(unit.path for unit in tree.units)
    found = read_scenarios(scope.scenario_root, scope.project, doubts)
    evident = gather(scope, tree, past, doubts)
    judge = _Judge(past, evident, found.mentions, groups, thresholds)
    hotspots = sorted(filter(None, map(judge.hotspot, tree.units)), key=_order)
    _doubt_guesses(tree, hotspots, doubts)
    return Topology(
        profile=profile,
        thresholds=thresholds,
        hotspots=hotspots,
        services=services_of(tree, hotspots, groups),
        suites=suites_of(found, evident, hotspots),
        files=_files(tree),
        runs=Runs(traces=evident.traces, coverage_files=evident.coverage_files, scenarios=len(found.scenarios)),
        degraded=doubts.degraded(),
        notes=[*tree.notes, *past.notes, *found.notes],
    )


class _Judge(NamedTuple):
    """Everything that says what a unit is."""

    past: History
    evident: Evident
    mentions: Mentions
    groups: Groups
    thresholds: Thresholds

    def hotspot(self, unit: Unit) -> Hotspot | None:
        """The unit as a hotspot, none when it is not risky enough."""
        why = weigh(unit, self.past.commits(unit.path))
        risk = risk_of(why)
        if risk < self.thresholds.hotspot:
            return None
        evidence = self.evident.of(unit)
        named = self.mentions.of(unit)
        return Hotspot(
            path=whole(unit.path),
            line=unit.line,
            end_line=unit.end,
            name=unit.name,
            language=unit.language,
            service=whole(self.groups.of(unit.path)),
            risk=risk,
            required=risk >= self.thresholds.required,
            state=_state(evidence, bool(named)),
            why=why,
            evidence=evidence[:EVIDENCE_MAX],
            evidence_count=len(evidence),
            mentions=named,
        )


def _order(hotspot: Hotspot) -> tuple[int, str, int, str]:
    return -hotspot.risk, hotspot.path, hotspot.line, hotspot.name


def _state(evidence: list[Evidence], named: bool) -> State:
    states: list[State] = ["stale" if each.stale else each.state for each in evidence]
    states += ["name_only"] if named else []
    return min(states, key=STATES.index, default="none")


def _doubt_guesses(tree: Tree, hotspots: list[Hotspot], doubts: Doubts) -> None:
    """Where a parser is missing, lines and names of hotspots are guesses; without hotspots that is only a note."""
    guessed = Counter(each.language for each in hotspots if each.language in tree.unparsed)
    for language, number in sorted(guessed.items()):
        message = f"{number} hotspots in {language} were found line by line; their ends are guesses"
        doubts.add("no_parser", "", f"{message}: pip install 'fozzy[map]'")


def _files(tree: Tree) -> Files:
    return Files(
        read=sum(tree.languages.values()),
        size_bytes=tree.size_bytes,
        functions=sum(bool(unit.name) for unit in tree.units),
        languages=dict(sorted(tree.languages.items())),
        left_out=dict(sorted(tree.left_out.items())),
        ignored_by="git" if tree.by_git else "rules",
    )
