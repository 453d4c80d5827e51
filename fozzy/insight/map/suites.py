"""Which scenarios touch which hotspots, by their recorded runs."""

from __future__ import annotations

from fozzy.insight.map.evidence import Evident
from fozzy.insight.map.model import EVIDENT, Hotspot, Suite
from fozzy.insight.map.scenarios import Scenarios


def suites_of(found: Scenarios, evident: Evident, hotspots: list[Hotspot]) -> list[Suite]:
    """Every scenario there is, and every one a recorded run was of, by name."""
    valid = {each.name: each.valid for each in found.scenarios}
    names = sorted({*valid, *(name for name in evident.scenarios if name)})
    touches: dict[str, list[str]] = {name: [] for name in names}
    stale = dict.fromkeys(names, 0)
    named = dict.fromkeys(names, 0)
    for hotspot in hotspots:
        evidence = hotspot.evidence
        fresh = {each.scenario for each in evidence if not each.stale and each.state in EVIDENT}
        for name in sorted(fresh & touches.keys()):
            touches[name].append(f"{hotspot.place} {hotspot.name}".rstrip())
        for name in sorted({each.scenario for each in evidence if each.stale} - fresh):
            stale[name] = stale.get(name, 0) + 1
        for name in hotspot.mentions:
            named[name] = named.get(name, 0) + (hotspot.state == "name_only")
    return [
        Suite(
            scenario=name,
            valid=valid.get(name, True),
            runs=len(evident.scenarios.get(name, ())),
            touches=touches[name],
            stale=stale.get(name, 0),
            names_only=named.get(name, 0),
        )
        for name in names
    ]
