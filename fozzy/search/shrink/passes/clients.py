"""Makes workloads smaller: fewer clients, fewer operations, fewer kinds of them, and nothing drawn that need not be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fozzy.search.script import Node
from fozzy.search.shrink.cut import drop_most, lowest
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.workloads import Chosen, Side, client_names, maker_of, operations_of, said_again
from fozzy.search.subject import Tape

SINGLE_MAX = 200  # operations of a workload that are tried one by one
PLACE = "distributed.clients."


Change = Callable[[str, list[Chosen]], list[Chosen]]  # of what a client, by its name, does


def drop_clients(gate: Gate) -> None:
    """Make every workload as small as it goes; not where a step wants what all of them together should come to."""
    workloads = [node.origin for node in gate.best.script.nodes() if node.type == "workload"]
    for origin in [each for each in workloads if not gate.is_counted(each)]:
        for cut in (_fewer_clients, _fewer_operations, _fewer_kinds, _no_pause, _single_operations, _settle):
            if _node(gate, origin) is not None:
                cut(gate, origin)


def _node(gate: Gate, origin: str) -> Node | None:
    return next((node for node in gate.best.script.nodes() if node.origin == origin), None)


def _step(gate: Gate, origin: str) -> dict[str, Any]:
    node = _node(gate, origin)
    assert node is not None
    return dict(node.fields)


def _consider(gate: Gate, origin: str, step: dict[str, Any], tape: Tape) -> bool:
    node = _node(gate, origin)
    assert node is not None
    script = gate.best.script.replace(origin, (node._replace(fields=step),))
    return gate.consider(gate.best._replace(script=script, tape=tape, windows={}))


def _fewer_clients(gate: Gate, origin: str) -> None:
    """Leave out clients; those after them move up, with what they drew."""
    step = _step(gate, origin)
    failing = gate.failure.at.removeprefix(PLACE)
    names = client_names(step)
    free = names[names.index(failing) + 1 :] if failing in names else names
    gone: set[str] = set()  # by their first names

    def drop(some: Sequence[str]) -> bool:
        left = [name for name in names if name not in gone | set(some)]
        if not left:
            return False
        now = [name for name in names if name not in gone]
        step = {**_step(gate, origin), "clients": len(left)}
        places = {old: client_names(step)[left.index(old)] if old in left else "" for old in now}
        current = dict(zip(now, client_names(_step(gate, origin)), strict=True))
        tape = gate.best.tape.renamed({current[old]: new for old, new in places.items()})
        if not _consider(gate, origin, step, tape):
            return False
        gone.update(some)
        return True

    drop_most(free, drop)


def _fewer_operations(gate: Gate, origin: str) -> None:
    """Leave out the last operations of all clients."""
    lowest(_step(gate, origin).get("count", 20), lambda count: count > 0 and _with(gate, origin, count=count))


def _with(gate: Gate, origin: str, **fields: Any) -> bool:
    return _consider(gate, origin, {**_step(gate, origin), **fields}, gate.best.tape)


def _again(gate: Gate, origin: str, step: dict[str, Any], change: Change | None = None) -> bool:
    """Consider another step with which the clients do what they did, changed."""
    machines = gate.best.script.machines
    before, now = Side(_step(gate, origin), machines), Side(step, machines)
    tape = gate.best.tape
    return _consider(
        gate, origin, step, said_again(tape, before, now) if change is None else said_again(tape, before, now, change)
    )


def _fewer_kinds(gate: Gate, origin: str) -> None:
    """Leave out kinds of operations, with all that were of them; or as many of the kinds that are left instead."""
    left = list(range(len(_step(gate, origin)["operations"])))

    def drop(some: Sequence[int]) -> bool:
        step = _step(gate, origin)
        kept = [place for place, index in enumerate(left) if index not in some]
        if not kept:
            return False
        step["operations"] = [step["operations"][place] for place in kept]
        new = {place: number for number, place in enumerate(kept)}

        def moved(_client: str, chosen: list[Chosen]) -> list[Chosen]:
            return [each._replace(kind=new.get(each.kind, -1)) for each in chosen]

        if not _again(gate, origin, step, moved) and not _consider(gate, origin, step, gate.best.tape):
            return False
        left[:] = [index for index in left if index not in some]
        return True

    drop_most(list(left), drop)


def _single_operations(gate: Gate, origin: str) -> None:
    """Leave out one operation of all clients, then of one; those after it move up."""
    step = _step(gate, origin)
    count = step.get("count", 20)
    if count * step.get("clients", 2) > SINGLE_MAX:
        return
    for number in reversed(range(count)):
        now = _step(gate, origin)
        if now.get("count", 20) > 1:
            _again(gate, origin, {**now, "count": now.get("count", 20) - 1}, _less(number))
    for client in client_names(_step(gate, origin)):
        for number in reversed(range(_step(gate, origin).get("count", 20))):
            _again(gate, origin, _step(gate, origin), _less(number, client))


def _less(number: int, who: str = "") -> Change:
    """Leave out the operation of a number, of one client or of all."""

    def change(client: str, chosen: list[Chosen]) -> list[Chosen]:
        return chosen[:number] + chosen[number + 1 :] if who in ("", client) else chosen

    return change


def _sent(index: int, kind: dict[str, Any]) -> Change:
    """Send all operations of a kind where it says now, if it says so."""
    node = kind.get("node")

    def change(_client: str, chosen: list[Chosen]) -> list[Chosen]:
        return [each._replace(node=node) if each.kind == index and isinstance(node, str) else each for each in chosen]

    return change


def _no_pause(gate: Gate, origin: str) -> None:
    """Let clients not wait between operations."""
    step = _step(gate, origin)
    if "pause" in step:
        _again(gate, origin, {name: value for name, value in step.items() if name != "pause"})


def _settle(gate: Gate, origin: str) -> None:
    """Say the nodes and values that were drawn, where all operations of a kind can do with one."""
    step = _step(gate, origin)
    for index in range(len(step["operations"])):
        for kind in _settled(gate, origin, index):
            now = _step(gate, origin)
            _again(gate, origin, {**now, "operations": _replaced(now["operations"], index, kind)}, _sent(index, kind))


def _replaced(kinds: list[Any], index: int, kind: dict[str, Any]) -> list[Any]:
    return [*kinds[:index], kind, *kinds[index + 1 :]]


def _settled(gate: Gate, origin: str, index: int) -> Iterator[dict[str, Any]]:
    """A kind with one thing less to draw; the best is looked at again for each."""
    machines = gate.best.script.machines
    kind = _step(gate, origin)["operations"][index]
    if not isinstance(kind.get("node"), str):
        for node in _seen(gate, origin, index, lambda each: each.node) or machines[:1]:
            now = _step(gate, origin)["operations"][index]
            if not isinstance(now.get("node"), str):
                yield {**now, "node": node}
    for name in [name for name, value in kind.get("args", {}).items() if maker_of(value)]:
        for value in _seen(gate, origin, index, lambda each, name=name: each.args.get(name)):  # type: ignore[misc]
            now = _step(gate, origin)["operations"][index]
            if maker_of(now["args"][name]):
                yield {**now, "args": {**now["args"], name: value}}


def _seen(gate: Gate, origin: str, index: int, what: Callable[[Chosen], Any]) -> list[Any]:
    """What was drawn for one thing of a kind, each once, in order."""
    step = _step(gate, origin)
    side = Side(step, gate.best.script.machines)
    found: list[Any] = []
    for client in client_names(step):
        for each in operations_of(side, client, gate.best.tape.draws):
            value = what(each)
            if each.kind == index and value not in found:
                found.append(value)
    return found
