"""Clients: machines outside of the cluster whose calls are what checkers judge it by.

A user's client class is made once for each client and machine it speaks to; its methods are the operations. A builtin
program is asked by messages that travel like any other.
"""

from __future__ import annotations

import inspect
import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from fozzy.core.outcome import StepFailed
from fozzy.sim.findings import refusal, sim_failure
from fozzy.sim.history import Operation
from fozzy.sim.kernel import Pending
from fozzy.sim.loop import SimLoop
from fozzy.sim.node import Node
from fozzy.sim.programs.kv import KvProgram
from fozzy.sim.views import Peer
from fozzy.world.code.child import Refused
from fozzy.world.code.values import DEPTH_MAX, Encoder, TooMuch

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster

KV_OPERATIONS = ("put", "get")
VALUE_BYTES_MAX = 4 << 20  # of what one operation returns, as JSON


class Unknown(Exception):
    """A client has no such operation."""


class Clients:
    """*Limits*: none of its own."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._machines: dict[str, Node] = {}
        self._made: dict[tuple[Node, Node], Any] = {}
        self.history: list[Operation] = []

    def call(self, client: str, node: Node, op: str, args: Any) -> Pending:
        """Have a client do something; `args` by place or by name."""
        cluster, kernel = self._cluster, self._cluster.kernel
        machine = self.machine(client)
        pending = Pending(kernel)
        entry = Operation(client=client, node=node.name, op=op, args=args, start_ns=kernel.clock.now)
        self.history.append(entry)
        kernel.tell("op.start", client=client, op=op, args=args, node=node.name)
        pending.then = lambda done: self._end(entry, done)
        if isinstance(cluster.programs.get(node), KvProgram) or cluster.setting.nodes[node.number].kind == "builtin":
            self._ask_kv(machine, node, (op, args), pending)
        else:
            cluster.soon(machine, self._begin, machine, node, (op, args), pending)
        return pending

    def machine(self, name: str) -> Node:
        """A client's own machine."""
        found = self._machines.get(name)
        if found is not None:
            return found
        cluster = self._cluster
        node = Node(name, len(cluster.kernel.nodes), cluster, is_client=True)
        cluster.kernel.nodes.append(node)
        if name not in cluster.by_name:
            cluster.network.add(node)
        node.is_up = True
        node.loop = SimLoop(node)
        node.modules = cluster.user.fresh()
        self._machines[name] = node
        return node

    def close(self) -> None:
        """Forget all clients; the history stays."""
        self._machines.clear()
        self._made.clear()

    def _end(self, entry: Operation, done: Pending) -> None:
        kernel = self._cluster.kernel
        entry.end_ns = kernel.clock.now
        outcome: dict[str, Any]
        if isinstance(done.error, Unknown | Refused):
            self._cluster.find(_mistake(done.error), f"distributed.clients.{entry.client}")
        if done.error is not None:
            told = self._cluster.user.described(done.error)
            entry.error = f"{told['name']}: {told['message']}".rstrip(": ")
            outcome = {"error": entry.error}
        else:
            entry.value = done.value
            outcome = {"ok": entry.value}
        kernel.tell("op.end", client=entry.client, op=entry.op, node=entry.node, **outcome)

    # A user's class

    def _begin(self, machine: Node, node: Node, what: tuple[str, Any], pending: Pending) -> None:
        assert machine.loop is not None
        task = machine.loop.create_task(self._operate(machine, node, what))
        task.add_done_callback(lambda done: _settle(done, pending))

    async def _operate(self, machine: Node, node: Node, what: tuple[str, Any]) -> Any:
        op, args = what
        client = self._made.get((machine, node))
        if client is None:
            kind = self._cluster.user.load(self._cluster.setting.client)
            client = self._made[machine, node] = kind(Peer(node, self._cluster))
        method = getattr(client, op, None)
        if not callable(method):
            raise Unknown(f"{type(client).__name__} has no method {op}")
        given = deepcopy(args)
        _check_arguments(f"{type(client).__name__}.{op}", method, given)
        made = method(**given) if isinstance(given, dict) else method(*given)
        return plain(await made if inspect.isawaitable(made) else made)

    # The builtin store

    def _ask_kv(self, machine: Node, node: Node, what: tuple[str, Any], pending: Pending) -> None:
        cluster = self._cluster
        there, back = cluster.network.link(machine, node), cluster.network.link(node, machine)

        def answer(program: KvProgram, given: tuple[str, Any]) -> None:
            program.asked.pop(pending, None)
            back.carry(lambda outcome: pending.set(*outcome), _do(program, given))

        def arrive(given: tuple[str, Any]) -> None:
            program = cluster.programs.get(node)
            if not node.is_up or not isinstance(program, KvProgram):
                pending.set(error=ConnectionError(f"{node.name} is down"))
            else:
                program.asked[pending] = None
                cluster.soon(node, answer, program, given)

        there.carry(arrive, what)


def _do(program: KvProgram, what: tuple[str, Any]) -> tuple[Any, BaseException | None]:
    op, args = what
    values = [args[name] for name in ("key", "value") if name in args] if isinstance(args, dict) else list(args)
    if op == "put":
        program.put(values[0], values[1])
        return None, None
    if op == "get":
        return (program.data[values[0]][0] if values[0] in program.data else None), None
    return None, Unknown(f"the builtin kv has no operation {op}")


def _check_arguments(name: str, method: Any, args: Any) -> None:
    """*Errors*: `Unknown` for arguments that the method does not take."""
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(**args) if isinstance(args, dict) else signature.bind(*args)
    except TypeError as error:
        raise Unknown(f"{name} does not take these arguments: {error}") from None


def _mistake(error: Unknown | Refused) -> StepFailed:
    """A client that cannot do what the scenario wants of it is a mistake, not an answer."""
    if isinstance(error, Refused):
        return refusal(error)
    return sim_failure("unknown_operation", str(error), "input_invalid")


def _settle(task: Any, pending: Pending) -> None:
    if task.cancelled():
        pending.set(error=TimeoutError("the operation was cancelled"))
    else:
        error = task.exception()
        pending.set(None if error is not None else task.result(), error)


def plain(value: Any, depth: int = DEPTH_MAX) -> Any:
    """What an operation returned, as a trace can hold it. *Errors*: as `told_value`."""
    if value is None or isinstance(value, bool) or (type(value) is str and value.isascii()):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, list | tuple | dict) and not depth:
        raise ValueError("what was returned is deeper than it may be")
    if isinstance(value, list | tuple):
        return [plain(each, depth - 1) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each, depth - 1) for key, each in value.items()}
    return told_value(value)


def told_value(value: Any) -> Any:
    """What user code returned, as a `call` step tells it. *Errors*: `ValueError` where it is too large or too deep, and
    what user code raises when it is looked at."""
    try:
        return json.loads(Encoder(VALUE_BYTES_MAX).encode(value))
    except TooMuch as much:
        raise ValueError(f"what was returned is {much} than it may be") from None
