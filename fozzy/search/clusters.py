"""What can be cut of a distributed file, as plain data: its nodes with all that names them, faults that mean steps.

Names hold still while others go: a fault or workload that is told apart by a number (`crash2`) gets that name for good,
and a fault that strikes before a step means it by where it stood at first. Nodes are named, never counted off: what is
left of `node_count` after one in the middle has gone is a list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

Json = dict[str, Any]


def _programs(cluster: Mapping[str, Any]) -> dict[str, str]:
    from fozzy.dsl.cluster.rules import declared_nodes  # here and below: only clusters need these

    return declared_nodes(dict(cluster)) or {}


def names_of(cluster: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a cluster's nodes, in order."""
    return tuple(_programs(cluster))


def work_of(workload: Mapping[str, Any]) -> int:
    """How many operations a workload is."""
    clients, count = workload.get("clients", 2), workload.get("count", 20)
    return clients * count if type(clients) is int and type(count) is int else 0


def runs_itself(cluster: Mapping[str, Any]) -> bool:
    """Whether programs of the user run, so that there need be no steps."""
    return any(runs != "builtin" for runs in _programs(cluster).values())


# Names and numbers


def named(cluster: Mapping[str, Any]) -> Json:
    """A cluster whose faults and workloads keep their names when others go."""
    made = dict(cluster)
    if made.get("faults"):
        made["faults"] = _with_names(made["faults"], [fault["kind"] for fault in made["faults"]])
    workloads = [step for step in made.get("steps") or () if step["type"] == "workload"]
    if workloads:
        fresh = iter(_with_names(workloads, ["workload"] * len(workloads)))
        made["steps"] = [next(fresh) if step["type"] == "workload" else step for step in made["steps"]]
    return made


def _with_names(items: Sequence[Json], usual: Sequence[str]) -> list[Json]:
    from fozzy.dsl.cluster.faults import unique_names

    names = unique_names([(item.get("name"), word) for item, word in zip(items, usual, strict=True)])
    return [
        item if name == item.get("name", word) else {**item, "name": name}
        for item, word, name in zip(items, usual, names, strict=True)
    ]


def by_origin(item: Json, steps: Sequence[str]) -> Json:
    """A fault that means steps by their origins, from one that means them by number; anything else as it is."""
    return _with_step(item, lambda number: steps[number])


def numbered(item: Json, steps: Sequence[str]) -> Json:
    """A fault that means steps by number again: the step it meant, else the next that is left, else the last."""
    places = [number_of(origin) for origin in steps]

    def number(origin: str) -> int:
        wanted = number_of(origin)
        return next((index for index, place in enumerate(places) if place >= wanted), len(places) - 1)

    return _with_step(item, number)


def number_of(origin: str) -> int:
    """Which of its part something was at first."""
    return int(origin[origin.rindex("[") + 1 : -1])


def _with_step(item: Json, change: Any) -> Json:
    at = item.get("at")
    if "kind" not in item or not isinstance(at, dict) or at.get("step") is None:
        return item
    step = at["step"]
    made = [change(each) for each in step] if isinstance(step, list) else change(step)
    return {**item, "at": {**at, "step": made}}


# Nodes


def without_machines(cluster: Mapping[str, Any], gone: Collection[str]) -> Json:
    """A cluster without some nodes and their links; what else names them is cut by `item_without`."""
    made = dict(cluster)
    left = [name for name in names_of(cluster) if name not in gone]
    nodes = made.get("nodes")
    if isinstance(nodes, dict):
        made["nodes"] = {name: nodes[name] for name in left}
    elif nodes is not None:
        made["nodes"] = left
    elif left == [f"n{index}" for index in range(len(left))]:
        made["node_count"] = len(left)
    else:
        del made["node_count"]
        made["nodes"] = left
    network = made.get("network", {})
    if network.get("links"):
        links = [link for link in network["links"] if link["from"] not in gone and link["to"] not in gone]
        made["network"] = {**network, "links": links}
    return made


def item_without(item: Mapping[str, Any], gone: Collection[str]) -> Json | None:
    """A step, fault or invariant that names some nodes no more; none when there is nothing left of it."""
    if not named_in(item) & set(gone):
        return dict(item)
    made: Json = dict(item)
    for field in _fields_of(item):
        word = field.partition(".")[0]
        if word in item:
            made[word] = _cut(item[word], gone, field.partition(".")[2])
            if not made[word]:
                return None
    return made


def named_in(item: Mapping[str, Any]) -> set[str]:
    """The nodes that a step, fault or invariant names."""
    from fozzy.dsl.cluster.rules import nodes_in

    return {name for field in _fields_of(item) for _, name in nodes_in(item, field.split("."))}


def _fields_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    from fozzy.dsl.cluster.rules import FAULTS, INVARIANTS, STEPS

    kinds: dict[str, Any] = {**STEPS, **INVARIANTS} if "type" in item else FAULTS
    kind = kinds.get(item.get("type", item.get("kind")))
    return kind.nodes if kind is not None else ()


def _cut(value: Any, gone: Collection[str], inside: str) -> Any:
    """A field without some nodes: nothing when it named no other."""
    if inside:  # a list of things that name nodes
        return [each for each in (_holder(each, gone, inside) for each in value) if each is not None]
    if isinstance(value, str):
        return "" if value in gone else value
    if isinstance(value, dict):
        left = [name for name in value.get("any", ()) if name not in gone]
        return {**value, "any": left} if left else None
    if value and isinstance(value[0], list):
        groups = [[name for name in group if name not in gone] for group in value]
        return groups if all(groups) else None
    return [name for name in value if name not in gone]


def _holder(item: Json, gone: Collection[str], field: str) -> Json | None:
    if field not in item:
        return item
    made = _cut(item[field], gone, "")
    return {**item, field: made} if made else None
