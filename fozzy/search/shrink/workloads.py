"""What the clients of a workload chose, operation by operation, so that it can be said again for a smaller workload.

A client draws under one label: the kind of the operation, its node, what its arguments are made of, then how long it
waits. `operations_of` reads that back as the workload's step explains it; `said_again` says it for another step, in
which there are fewer kinds, nodes or values to draw from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from fozzy.core.events import Draw
from fozzy.search.subject import Tape
from fozzy.sim.settings import client_name

MAKERS = ("any", "int")
Json = Mapping[str, Any]


class Side(NamedTuple):
    """A workload as it is written, and the nodes there are."""

    step: Json
    machines: Sequence[str]


class Chosen(NamedTuple):
    """One operation: its kind by its number in the step, where it went, the drawn arguments, how long it waited."""

    kind: int
    node: str
    args: Mapping[str, Any]
    pause: int


Change = Callable[[str, list[Chosen]], list[Chosen]]


def client_names(step: Json) -> list[str]:
    """The clients of a workload, in order."""
    return [client_name(step.get("name", "workload"), index) for index in range(step.get("clients", 2))]


def operations_of(side: Side, client: str, draws: Sequence[Draw]) -> list[Chosen]:
    """What a client did, as far as its draws tell."""
    own = iter([draw.value for draw in draws if draw.label == _label(client)])
    made: list[Chosen] = []
    try:
        for _ in range(side.step.get("count", 20)):
            made.append(_read(side, own))
    except (StopIteration, IndexError):  # the run ended there
        pass
    return made


def said_again(tape: Tape, before: Side, now: Side, change: Change = lambda _client, chosen: chosen) -> Tape:
    """A tape by which the clients of `before` that are left in `now` do there what they did, changed. What cannot be
    done any more is left out, so later operations move up."""
    labels: set[str] = set()
    fresh: list[Draw] = []
    for client in client_names(before.step):
        like = next((draw for draw in tape.draws if draw.label == _label(client)), None)
        if like is not None:
            labels.add(like.label)
            chosen = change(client, operations_of(before, client, tape.draws))
            values = [value for each in chosen for value in _said(now, each) or ()]
            fresh += [msgspec.structs.replace(like, low=0, high=value, value=value) for value in values]
    return tape._replace(draws=(*[draw for draw in tape.draws if draw.label not in labels], *fresh))


def maker_of(value: Any) -> str:
    """How an argument is drawn, empty when it is not."""
    return next((word for word in MAKERS if isinstance(value, dict) and list(value) == [word]), "")


def _label(client: str) -> str:
    return f"workload.{client}"


def _read(side: Side, own: Iterator[int]) -> Chosen:
    kinds = side.step["operations"]
    weights = [kind.get("weight", 1) for kind in kinds]
    drawn, index = _picked(own, sum(weights)), 0
    while drawn >= weights[index]:
        drawn, index = drawn - weights[index], index + 1
    nodes = _nodes_of(kinds[index], side.machines)
    node = nodes[_picked(own, len(nodes))]
    args = {}
    for name, value in kinds[index].get("args", {}).items():
        if maker_of(value):
            values = _values(value)
            args[name] = values[_picked(own, len(values))]
    return Chosen(index, node, args, next(own, 0) if _has_pause(side.step) else 0)  # the last one may never have ended


def _said(side: Side, each: Chosen) -> list[int] | None:
    """The draws by which an operation is chosen; none when it cannot be."""
    kinds = side.step["operations"]
    if not 0 <= each.kind < len(kinds):
        return None
    kind, weights = kinds[each.kind], [kind.get("weight", 1) for kind in kinds]
    made = [sum(weights[: each.kind])] if sum(weights) > 1 else []
    picks: list[tuple[Sequence[Any], Any]] = [(_nodes_of(kind, side.machines), each.node)]
    for name, value in kind.get("args", {}).items():
        if maker_of(value):
            picks.append((_values(value), each.args.get(name)))
    for values, wanted in picks:
        if wanted not in values:
            return None
        made += [list(values).index(wanted)] if len(values) > 1 else []
    return [*made, *([each.pause] if _has_pause(side.step) else [])]


def _picked(own: Iterator[int], count: int) -> int:
    return next(own) if count > 1 else 0


def _nodes_of(kind: Json, machines: Sequence[str]) -> Sequence[str]:
    node = kind.get("node")
    return machines if node is None else [node] if isinstance(node, str) else node["any"]


def _values(value: Any) -> Sequence[Any]:
    return value["any"] if maker_of(value) == "any" else range(value["int"][0], value["int"][1] + 1)


def _has_pause(step: Json) -> bool:
    """Whether a pause is drawn after each operation; one that is always the same is not."""
    pause = step.get("pause")
    if not isinstance(pause, dict) or "fixed" in pause:
        return False
    return not ("uniform" in pause and pause["uniform"][0] == pause["uniform"][1])
