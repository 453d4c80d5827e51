"""Rules of a cluster as a whole: its nodes are declared, and everything in it can happen.

They read the plain data, so that they find all of this also in a file whose types are wrong elsewhere; what is not as
it must be is a problem of its own, found by its type, and left alone here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from fozzy.dsl.checks import placed, struct_flaws
from fozzy.dsl.cluster.base import ClusterPart
from fozzy.dsl.cluster.faults import Faults, unique_names
from fozzy.dsl.cluster.nodes import NODES_MAX, PROGRAMS, check_kv_args
from fozzy.dsl.flaw import Flaw, Path, type_of
from fozzy.dsl.steps.cluster import Always, ClusterSteps, Eventually, Invariants, Workload, by_tag
from fozzy.dsl.steps.cluster.workload import MAKERS
from fozzy.sim.settings import CHECKER, STEPS_CLIENT

SHOWN_MAX = 20  # names a hint lists
STEPS = by_tag(ClusterSteps)
INVARIANTS = by_tag(Invariants)
FAULTS = by_tag(Faults)
KV_OPERATIONS = {"put": ("key", "value"), "get": ("key",)}  # and what each takes, in this order
NO_CLIENT = 'client = "module:Class" says how nodes are called; only nodes of builtin "kv" need none'


def part_flaws(value: Any, path: Path) -> Iterator[Flaw]:
    """What is wrong with a part of a cluster and with all it holds, beyond the types."""
    if isinstance(value, ClusterPart):
        yield from struct_flaws(value, path)
        for field in msgspec.structs.fields(type(value)):
            yield from part_flaws(getattr(value, field.name), (*path, field.encode_name))
    elif isinstance(value, list | dict):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(item, ClusterPart | list):
                yield from part_flaws(item, (*path, key))


def cluster_flaws(cluster: dict[str, Any], path: Path) -> Iterator[Flaw]:
    """What is wrong with a cluster as a whole."""
    yield from _ways(cluster, path)
    yield from _programs(cluster, path)
    yield from _twice(cluster, path)
    yield from _steps_missing(cluster, path)
    yield from fault_flaws(cluster.get("faults"), cluster, (*path, "faults"))
    declared = declared_nodes(cluster)
    if declared is None:
        return  # a problem of its own; which nodes there are is not known
    for part, index, item, fields in _items_with_nodes(cluster):
        yield from _unknown(item, fields, declared, (*path, *part, index))
    yield from _like_clients(cluster, declared, path)
    yield from _calls(cluster, declared, path)


def fault_flaws(faults: Any, cluster: dict[str, Any], path: Path) -> Iterator[Flaw]:
    """What is wrong with faults in a cluster: names given twice, nodes nobody declared, steps that are not there."""
    declared = declared_nodes(cluster)
    names: set[str] = set()
    for index, fault in _dicts(faults):
        name = fault.get("name")
        if isinstance(name, str) and name in names:
            yield Flaw((*path, index, "name"), f'two faults are called "{name}"', "leave one name out, or change it")
        names |= {name} if isinstance(name, str) else set()
        kind = FAULTS.get(_text(fault.get("kind")))
        if kind is not None and declared is not None:
            yield from _unknown(fault, kind.nodes, declared, (*path, index))
        yield from _step_numbers(fault.get("at"), cluster.get("steps"), (*path, index, "at", "step"))


def declared_nodes(cluster: dict[str, Any]) -> dict[str, str] | None:
    """The names of a cluster's nodes in order, each with what runs there (one of `PROGRAMS`); none when they are not
    written as they must be."""
    nodes, count = cluster.get("nodes"), cluster.get("node_count")
    shared = _program(cluster) or "builtin"
    if nodes and isinstance(nodes, list) and all(isinstance(name, str) for name in nodes):
        return dict.fromkeys(nodes, shared)
    if nodes and isinstance(nodes, dict):
        return {name: _program(node) or shared for name, node in nodes.items()}
    if nodes is None and type(count) is int and 1 <= count <= NODES_MAX:
        return dict.fromkeys((f"n{index}" for index in range(count)), shared)
    return None


def _program(runs: Any) -> str:
    """Which of `PROGRAMS` is given, the first of several; empty when none is."""
    given = [field for field in PROGRAMS if isinstance(runs, dict) and runs.get(field) is not None]
    return given[0] if given else ""


def _ways(cluster: dict[str, Any], path: Path) -> Iterator[Flaw]:
    """Nodes are declared in one way, each once."""
    nodes, count = cluster.get("nodes"), cluster.get("node_count")
    if (nodes is None) == (count is None):
        reason = "missing_field" if nodes is None else "exclusive"
        yield Flaw(path, 'exactly one of "nodes" and "node_count" must be given', reason=reason)
        return
    seen: set[str] = set()
    for index, name in enumerate(nodes if isinstance(nodes, list) else ()):
        if isinstance(name, str) and name in seen:
            yield Flaw((*path, "nodes", index), f'node "{name}" is declared twice')
        seen |= {name} if isinstance(name, str) else set()


def _programs(cluster: dict[str, Any], path: Path) -> Iterator[Flaw]:
    """What runs on each node is said once: by the cluster or by each node of a table."""
    yield from _two_programs(cluster, path)
    yield from _kv_args(cluster, path)
    shared = _program(cluster)
    for name, node in _table(cluster).items():
        there, own = (*path, "nodes", name), _program(node)
        yield from _two_programs(node, there)
        if own and shared:
            message = f'"{shared}" of the cluster says already what runs on "{name}"'
            yield Flaw((*there, own), message, f'drop "{shared}" there, and give every node its own', "exclusive")
        elif not own and not shared:
            message = f'node "{name}" needs "program", "asgi" or "builtin"'
            yield Flaw(there, message, 'builtin = "kv" is a key-value store', "missing_field")


def _kv_args(cluster: dict[str, Any], path: Path) -> Iterator[Flaw]:
    """What builtin kv takes, where it runs without the same table saying so: that is looked at by its type."""
    shared, table = _program(cluster), _table(cluster)
    plain = [name for name, node in table.items() if (_program(node) or shared) == "builtin"]
    for name in plain:
        if not _program(table[name]):
            yield from (placed(issue, (*path, "nodes", name)) for issue in check_kv_args(table[name].get("args")))
    is_read = not isinstance(cluster.get("nodes"), dict) or any(table[name].get("args") is None for name in plain)
    if not shared and is_read:
        yield from (placed(issue, path) for issue in check_kv_args(cluster.get("args")))


def _table(cluster: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The nodes written as a table, empty when they are written otherwise."""
    nodes = cluster.get("nodes")
    return {name: node for name, node in nodes.items() if isinstance(node, dict)} if isinstance(nodes, dict) else {}


def _two_programs(runs: dict[str, Any], path: Path) -> Iterator[Flaw]:
    given = [field for field in PROGRAMS if runs.get(field) is not None]
    if len(given) > 1:
        message = f'"{given[0]}" and "{given[1]}" exclude each other'
        yield Flaw((*path, given[1]), message, "drop one of them", "exclusive")


def _twice(cluster: dict[str, Any], path: Path) -> Iterator[Flaw]:
    """Workloads are told apart by their names."""
    names: set[str] = set()
    for index, step in _dicts(cluster.get("steps")):
        name = step.get("name") if type_of(step) == "workload" else None
        if isinstance(name, str) and name in names:
            message = f'two workloads are called "{name}"'
            yield Flaw((*path, "steps", index, "name"), message, "leave one name out, or change it")
        names |= {name} if isinstance(name, str) else set()


def _like_clients(cluster: dict[str, Any], declared: dict[str, str], path: Path) -> Iterator[Flaw]:
    """Nodes are not called as the machines of clients are: what is drawn for a machine is drawn under its name."""
    fixed, workloads = set[str](), list[tuple[str | None, str]]()
    for part, kinds in (("steps", STEPS), ("invariants", INVARIANTS)):
        for _, item in _dicts(cluster.get(part)):
            kind = kinds.get(type_of(item))
            if kind is Workload:
                workloads.append((_text(item.get("name")) or None, "workload"))
            elif kind is not None and (kind.asks or getattr(kind, "reads_kv", False)):
                fixed.add(STEPS_CLIENT)
            elif kind is not None and kind in (Always, Eventually):
                fixed.add(CHECKER)
    called = set(unique_names(workloads))
    for index, name in enumerate(declared):
        before, _, number = name.rpartition(".")
        if name in fixed or (before in called and number.isdecimal()):
            place = (*path, "nodes", name if isinstance(cluster.get("nodes"), dict) else index)
            hint = "choose another name"
            yield Flaw(place, f'node "{name}" is called as one of the clients is', hint, at_key=True)


def _steps_missing(cluster: dict[str, Any], path: Path) -> Iterator[Flaw]:
    """Something is executed: programs of the user, or steps."""
    shared, table = _program(cluster), _table(cluster)
    kinds = {_program(node) for node in table.values()} if table and not shared else {shared or "builtin"}
    if cluster.get("steps") is None and kinds == {"builtin"}:
        hint = "a builtin program does nothing by itself; add steps, or say which program of yours runs"
        yield Flaw(path, '"distributed" needs "steps"', hint, "missing_field", '"steps" is missing')


def _items_with_nodes(cluster: dict[str, Any]) -> Iterator[tuple[Path, int, dict[str, Any], tuple[str, ...]]]:
    """Steps, invariants and links, each with the fields of it that name nodes."""
    for part, kinds in (("steps", STEPS), ("invariants", INVARIANTS)):
        for index, item in _dicts(cluster.get(part)):
            if type_of(item) in kinds:
                yield (part,), index, item, kinds[type_of(item)].nodes
    network = cluster.get("network")
    for index, link in _dicts(network.get("links") if isinstance(network, dict) else None):
        yield ("network", "links"), index, link, ("from", "to")


def _unknown(item: dict[str, Any], fields: tuple[str, ...], declared: dict[str, str], path: Path) -> Iterator[Flaw]:
    for field in fields:
        for found, name in nodes_in(item, field.split(".")):
            if name and name not in declared:
                hint = f"declared are {', '.join(list(declared)[:SHOWN_MAX])}"
                yield Flaw((*path, *found), f'node "{name}" is not declared', hint, "unknown_node")


def nodes_in(value: Any, words: list[str]) -> Iterator[tuple[Path, str]]:
    """Every name of a node below a field, however deep: one, a list of them, or `{any = […]}`."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from (((index, *path), name) for path, name in nodes_in(each, words))
    elif words:
        if isinstance(value, dict):
            yield from (((words[0], *path), name) for path, name in nodes_in(value.get(words[0]), words[1:]))
    elif isinstance(value, dict):
        yield from ((("any", *path), name) for path, name in nodes_in(value.get("any"), []))
    elif isinstance(value, str):
        yield (), value


def _step_numbers(at: Any, steps: Any, path: Path) -> Iterator[Flaw]:
    """A fault before a step needs that step."""
    given = at.get("step") if isinstance(at, dict) else None
    numbers = given if isinstance(given, list) else [given]
    if any(type(number) is not int for number in numbers):
        return
    if steps is None:
        yield Flaw(path, "there are no steps before which it could strike", 'give a time: at = "5s"')
    elif isinstance(steps, list) and steps:
        for index, number in enumerate(numbers):
            if number >= len(steps):
                place = (*path, index) if isinstance(given, list) else path
                yield Flaw(place, f"there is no step {number}", f"the steps are 0 to {len(steps) - 1}")


def _calls(cluster: dict[str, Any], declared: dict[str, str], path: Path) -> Iterator[Flaw]:
    """Who calls programs of the user does it by a class of the user; builtin kv has operations of its own."""
    for part, kinds in (("steps", STEPS), ("invariants", INVARIANTS)):
        for index, item in _dicts(cluster.get(part)):
            kind = kinds.get(type_of(item))
            if kind is not None and (kind.asks or getattr(kind, "reads_kv", False)):
                yield from _asked(item, cluster, declared, (*path, part, index))


def _asked(item: dict[str, Any], cluster: dict[str, Any], declared: dict[str, str], path: Path) -> Iterator[Flaw]:
    operations: list[tuple[Path, dict[str, Any]]] = [
        (("operations", n), it) for n, it in _dicts(item.get("operations"))
    ]
    for place, holder in operations or [((), item)]:
        named = [name for _, name in nodes_in(holder.get("node"), [])]
        called = {name: declared[name] for name in named or declared if name in declared}
        other = next((name for name, program in called.items() if program != "builtin"), None)
        if other is not None and cluster.get("client") is None:
            message = f'"{type_of(item)}" calls "{other}", which is a program of yours, and there is no "client"'
            yield Flaw(path, message, NO_CLIENT, "missing_field")
            return
        if "builtin" in called.values() and isinstance(holder.get("op"), str) and holder["op"]:
            yield from _kv_call(holder, (*path, *place))


def _kv_call(call: dict[str, Any], path: Path) -> Iterator[Flaw]:
    """What builtin kv is asked it can do: its operations and what they take."""
    op, args = call["op"], call.get("args", [])
    if op not in KV_OPERATIONS:
        hint = f"it has {' and '.join(KV_OPERATIONS)}; {NO_CLIENT.partition(';')[0]}"
        yield Flaw((*path, "op"), f'builtin "kv" has no operation "{op}"', hint)
        return
    names = KV_OPERATIONS[op]
    if not isinstance(args, list | dict):
        return
    if sorted(args) != sorted(names) if isinstance(args, dict) else len(args) != len(names):
        there = (*path, "args") if "args" in call else path
        takes = " and ".join(f'"{name}"' for name in names)
        yield Flaw(
            there, f'"{op}" of builtin "kv" takes {takes}', 'such as args = { key = "x" }' if op == "get" else ""
        )
        return
    place, key = ("key", args["key"]) if isinstance(args, dict) else (0, args[0])
    is_made = isinstance(key, dict) and len(key) == 1 and next(iter(key)) in MAKERS
    keys = key["any"] if is_made and isinstance(key.get("any"), list) else [] if is_made else [key]
    if any(isinstance(each, list | dict) for each in keys):
        yield Flaw((*path, "args", place), "a key is a text, a number, true, false or null")


def _dicts(items: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The items of a list that are objects, with their numbers."""
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield index, item


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
