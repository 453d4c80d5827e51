"""What a cluster is, as the simulator reads it: whole nanoseconds and plain values, nothing left to parse.

`fozzy/dsl/cluster/settings.py` makes these from a valid scenario file; tests and presets make them by hand.
Rule 1: no behaviour here, and nothing that is drawn: a range is drawn by who uses it, under a label of its own.
Rule 2: everything is in the order of the file; a pick of zero among several is the first.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

SpreadKind = Literal["fixed", "uniform", "exponential", "normal"]
NodeKind = Literal["program", "asgi", "builtin"]
FaultKind = Literal["partition", "crash", "restart", "pause", "latency", "loss"]

PORT = 80
DURATION_NS = 60 * 10**9
STEPS_CLIENT = "client"  # the machine that steps and invariants speak through
CHECKER = "checker"  # the machine on which functions of the user's judge


def client_name(workload: str, index: int) -> str:
    """What a client of a workload is called; the index is all after the last dot, so no two are called alike."""
    return f"{workload}.{index}"


class Spread(Struct, frozen=True, kw_only=True):
    """How a time is spread. Every drawn value lies within `low_ns` and `high_ns`, both included.

    Fixed: low, high and mean are the same. Uniform: every value alike. Exponential and normal: around `mean_ns`, cut at
    the bounds. `deviation_ns` is of a normal one only, else 0.
    """

    kind: SpreadKind
    low_ns: int
    high_ns: int
    mean_ns: int
    deviation_ns: int = 0


LATENCY = Spread(kind="uniform", low_ns=10**6, high_ns=10 * 10**6, mean_ns=5_500_000)  # of a link that says nothing


class LinkSetting(Struct, frozen=True, kw_only=True):
    """One direction between two nodes. `bandwidth_bytes_s` of 0 is as much as one likes; rates are from 0 to 1."""

    latency: Spread = LATENCY
    bandwidth_bytes_s: int = 0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: bool = False


class NodeSetting(Struct, frozen=True, kw_only=True):
    """One node and what runs on it. `target` is `module:name`, or the name of a builtin program (`kv`)."""

    name: str
    kind: NodeKind = "builtin"
    target: str = "kv"
    port: int = PORT
    args: Any = {}


class Moment(Struct, frozen=True, kw_only=True):
    """When something happens, or how long it lasts: a whole number from `low` to `high`, both included.

    By `time` it is nanoseconds; by `step` the number of the step, from 0, right before which it happens. Where low and
    high are the same nothing is drawn.
    """

    by: Literal["time", "step"] = "time"
    low: int
    high: int


class FaultSetting(Struct, frozen=True, kw_only=True):
    """Something that goes wrong by itself. Only what its kind needs is given, the rest is empty.

    `nodes` (crash, restart, pause): the one it strikes; of several one is drawn. `between` and `oneway` (partition):
    what goes from the first group to the second is held, and back as well unless it is one-way. `from_node` and
    `to_node` (latency, loss): the links it strikes, every node where empty. `lasts` of none is for good.
    """

    name: str
    kind: FaultKind
    at: Moment
    lasts: Moment | None = None
    nodes: tuple[str, ...] = ()
    between: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    oneway: bool = False
    from_node: str = ""
    to_node: str = ""
    add_ns: int = 0
    rate: float = 0.0


class ClusterSetting(Struct, frozen=True, kw_only=True):
    """A whole cluster. `links` holds the directions, (from, to), that differ from `link`.

    `client` is `module:Class`, empty where there is none. `share` are modules of the user that all nodes see as one.
    """

    nodes: tuple[NodeSetting, ...]
    link: LinkSetting = LinkSetting()
    links: dict[tuple[str, str], LinkSetting] = {}
    faults: tuple[FaultSetting, ...] = ()
    client: str = ""
    duration_ns: int = DURATION_NS
    schedule_intra: bool = False
    share: tuple[str, ...] = ()
