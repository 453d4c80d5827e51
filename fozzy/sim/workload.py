"""Workloads: operations that clients make by themselves, drawn one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fozzy.sim.kernel import Pending
from fozzy.sim.network import range_of, sampler
from fozzy.sim.settings import Spread, client_name

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.node import Node


class Kind(NamedTuple):
    """One kind of operation. `nodes` are those it may go to; `args` are made from values, of several one is drawn."""

    op: str
    nodes: Sequence[Node]
    args: dict[str, Any]
    weight: int


class Workload:
    """`count` operations for each of some clients, each after the one before."""

    def __init__(self, cluster: Cluster, name: str, kinds: Sequence[Kind], pause: Spread | None) -> None:
        self._cluster = cluster
        self._name = name
        self._kinds = kinds
        self._pause = pause
        self._unique = 0

    def start(self, clients: int, count: int) -> Pending:
        """Begin; what comes back is done when all clients are."""
        done = Pending(self._cluster.kernel)
        left = [clients]

        def ended() -> None:
            left[0] -= 1
            if not left[0]:
                done.set()

        for index in range(clients):
            self._next(client_name(self._name, index), count, ended)
        self._cluster.workloads.append(done)
        return done

    def _next(self, client: str, count: int, ended: Any) -> None:
        if not count:
            ended()
            return
        cluster = self._cluster
        cluster.kernel.choices.span = f"distributed.clients.{client}"
        kind = self._drawn_kind(client)
        node = kind.nodes[self._pick(client, len(kind.nodes))]
        args = {name: self._value(client, value) for name, value in kind.args.items()}
        pending = cluster.clients.call(client, node, kind.op, args)
        noted = pending.then

        def then(done: Pending) -> None:
            if noted is not None:
                noted(done)
            cluster.kernel.later(self._paused(client), lambda _arg: self._next(client, count - 1, ended))

        pending.then = then

    def _drawn_kind(self, client: str) -> Kind:
        total = sum(kind.weight for kind in self._kinds)
        drawn = self._pick(client, total)
        for kind in self._kinds:
            if drawn < kind.weight:
                return kind
            drawn -= kind.weight
        raise AssertionError("a draw is below the sum of the weights")

    def _pick(self, client: str, count: int) -> int:
        return self._cluster.kernel.choices.pick(f"workload.{client}", count) if count > 1 else 0

    def _value(self, client: str, value: Any) -> Any:
        if not isinstance(value, dict) or len(value) != 1:
            return value
        ((how, given),) = value.items()
        if how == "any":
            return given[self._pick(client, len(given))]
        if how == "int":
            return given[0] + self._pick(client, given[1] - given[0] + 1)
        if how == "unique":
            self._unique += 1
            return self._unique
        return value

    def _paused(self, client: str) -> int:
        if self._pause is None:
            return 0
        high = range_of(self._pause)
        if not high:
            return self._pause.low_ns
        return sampler(self._pause)(self._cluster.kernel.choices.draw(f"workload.{client}", 0, high))
