"""The passes of the shrinker, in the order they run. Each proposes candidates to the gate and decides nothing.

To add a pass: a module here with a function that takes the gate, and a line in `PASSES`, with what it works on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fozzy.search.shrink.gate import Aim, Gate
from fozzy.search.shrink.passes import (
    choices,
    clients,
    cluster,
    faults,
    head,
    moments,
    network,
    nodes,
    steps,
    unwrap,
    values,
)

__all__ = ["PASSES", "Aim", "Pass"]


class Pass(NamedTuple):
    """A pass, and what it makes smaller."""

    name: str
    run: Callable[[Gate], None]
    aims: tuple[Aim, ...]


PASSES = (
    Pass("calm all", choices.calm_all, ("input", "schedule", "faults")),
    Pass("fix times", moments.fix_times, ("faults",)),
    Pass("strike by steps", moments.strike_by_steps, ("faults",)),
    Pass("drop nodes", nodes.drop_nodes, ("nodes",)),
    Pass("drop clients", clients.drop_clients, ("input",)),
    Pass("drop steps", steps.drop_steps, ("input",)),
    Pass("unwrap blocks", unwrap.unwrap_blocks, ("input",)),
    Pass("drop faults", faults.drop_faults, ("faults",)),
    Pass("simplify faults", faults.simplify_faults, ("faults",)),
    Pass("trim faults", cluster.trim_faults, ("faults",)),
    Pass("still the network", network.still_network, ("schedule",)),
    Pass("calm schedule", choices.calm_schedule, ("schedule",)),
    Pass("zero draws", choices.zero_draws, ("input", "faults")),
    Pass("drop draws", choices.drop_draws, ("input", "schedule", "faults")),
    Pass("lower draws", choices.lower_draws, ("input", "schedule", "faults")),
    Pass("shorten times", moments.shorten_times, ("input", "faults")),
    Pass("trim the cluster", cluster.trim_cluster, ("input",)),
    Pass("trim the head", head.trim_head, ("input",)),
    Pass("simplify values", values.simplify_values, ("input",)),
    Pass("drop pairs", steps.drop_pairs, ("input",)),
)
