"""Whether recorded runs touched the code that is riskiest."""

from __future__ import annotations

from fozzy.config import Config
from fozzy.errors import Problem, Where
from fozzy.gate.checked import Checked, judged
from fozzy.insight.map.topology import Scope, topology

NAME = "topology"


def covered(config: Config) -> Checked:
    """Every hotspot at or over the required risk was touched by a recorded run since it changed."""
    root = config.root
    found = topology(Scope(root, root / config.settings.scenarios, root, config.base_dir()))
    totals = found.totals
    problems = [
        Problem(
            code="full.not_covered",
            message=f"{each.name or each.path}, risk {each.risk}: no recorded run has touched it",
            hint="record a run that does: fozzy map suites says where to start",
            where=Where(each.path, each.line, 1),
        )
        for each in found.lacking()
    ]
    left_out = [f"{reason}: {count}" for reason, count in sorted(found.degraded.counts.items())]
    return judged(NAME, f"{totals.hotspots} hotspots, {totals.covered} covered", problems, left_out=left_out)
