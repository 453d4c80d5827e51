"""Clients call programs from machines of their own, and what they are told is the history."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fozzy.core.outcome import StepFailed
from fozzy.sim.clients import plain
from fozzy.sim.cluster import Cluster
from fozzy.sim.settings import ClusterSetting, NodeSetting
from tests.sim.harness import MS, S, choices_of, linked, play


async def store(node: Any) -> None:
    """A small server: `set key value` and `get key`."""
    values: dict[str, str] = {}

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            op, key, *value = line.decode().split()
            if op == "set":
                values[key] = value[0]
            writer.write(f"{values.get(key, '-')}\n".encode())

    await (await asyncio.start_server(handler, "0.0.0.0", node.port)).serve_forever()


class Client:
    """Speaks to one machine; keeps its stream."""

    made: list[str] = []

    def __init__(self, node: Any) -> None:
        self.node = node
        self.stream: Any = None
        self.made.append(node.name)

    async def _ask(self, *words: str) -> str:
        if self.stream is None:
            self.stream = await asyncio.open_connection(self.node.host, self.node.port)
        reader, writer = self.stream
        writer.write(" ".join(words).encode() + b"\n")
        answer: bytes = await reader.readline()
        return answer.decode().strip()

    async def put(self, key: str, value: str) -> None:
        await self._ask("set", key, value)

    async def get(self, key: str) -> str | None:
        value = await self._ask("get", key)
        return None if value == "-" else value

    def plain(self) -> Any:
        return {1: (b"x", {"a", "b"}.__class__)}

    async def fails(self) -> None:
        raise ValueError("on purpose")

    async def cancelled(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)


def test_methods_are_operations() -> None:
    """Arguments by place or by name, plain methods too; each call is in the history and in the records."""
    Client.made.clear()

    def drive(cluster: Cluster) -> None:
        n0, n1 = cluster.nodes
        cluster.tick(10 * MS)

        def call(node: Any, op: str, args: Any, client: str = "client") -> Any:
            pending = cluster.clients.call(client, node, op, args)
            cluster.wait(pending)
            return pending.value if pending.error is None else pending.error

        assert call(n0, "get", ["k"]) is None
        assert call(n0, "put", {"key": "k", "value": "1"}) is None
        assert call(n0, "get", ["k"]) == "1"
        assert call(n1, "get", ["k"]) is None
        assert call(n0, "get", ["k"], "other") == "1"
        assert call(n0, "plain", []) == {"1": ["x", {"$type": "type"}]}
        assert str(call(n0, "fails", [])) == "on purpose"
        assert isinstance(call(n0, "cancelled", []), TimeoutError)
        assert [entry.ok for entry in cluster.clients.history] == [True] * 6 + [False] * 2
        assert cluster.clients.history[6].error == "ValueError: on purpose"

    played = play(store, store, drive=drive, client=Client)
    assert played.found is None
    assert Client.made == ["n0", "n1", "n0"]
    ends = played.events("op.end")
    assert ends[2][1] == {"client": "client", "op": "get", "node": "n0", "ok": "1"}
    assert ends[6][1]["error"] == "ValueError: on purpose"
    assert len(played.events("op.start")) == 8


def test_clients_are_machines_that_faults_leave_alone() -> None:
    """Each has its own address, outside of the cluster's, and its operations overlap with others'."""

    def drive(cluster: Cluster) -> None:
        cluster.tick(10 * MS)
        calls = [cluster.clients.call(f"c{index}", cluster.nodes[0], "get", ["k"]) for index in range(3)]
        assert not any(call.done for call in calls)
        for call in calls:
            cluster.wait(call)
        history = cluster.clients.history
        assert max(entry.start_ns for entry in history) < min(entry.end_ns or 0 for entry in history)
        assert [cluster.clients.machine(f"c{index}").ip for index in range(3)] == ["10.1.0.2", "10.1.0.3", "10.1.0.4"]
        assert [node.name for node in cluster.nodes] == ["n0"]

    assert play(store, drive=drive, client=Client).found is None


def test_an_operation_on_a_machine_that_is_down_waits_or_fails_as_the_client_does() -> None:
    """Its history entry stays open while it does."""

    def drive(cluster: Cluster) -> None:
        cluster.tick(10 * MS)
        cluster.wait(cluster.clients.call("client", cluster.nodes[0], "get", ["k"]))
        cluster.crash(cluster.nodes[0])
        pending = cluster.clients.call("client", cluster.nodes[0], "get", ["k"])
        cluster.tick(5 * S)
        assert not pending.done
        assert cluster.clients.history[-1].end_ns is None
        cluster.restart(cluster.nodes[0])
        cluster.wait(pending)
        assert isinstance(pending.error, ConnectionResetError)

    assert play(store, drive=drive, client=Client).found is None


def stores(**more: Any) -> Cluster:
    """A cluster of builtin stores."""
    choices, _ = choices_of()
    cluster = Cluster(
        ClusterSetting(nodes=(NodeSetting(name="n0"), NodeSetting(name="n1")), link=linked(**more)), choices
    )
    cluster.start()
    return cluster


def test_a_builtin_store_is_asked_over_the_network() -> None:
    """It takes a round trip, and an operation that it has not ends the run."""
    cluster = stores(latency=5 * MS)
    pending = cluster.clients.call("client", cluster.nodes[0], "put", ["k", {"a": 1}])
    cluster.wait(pending)
    assert cluster.kernel.clock.now == 10 * MS
    pending = cluster.clients.call("client", cluster.nodes[0], "get", {"key": "k"})
    cluster.wait(pending)
    assert pending.value == {"a": 1}
    with pytest.raises(StepFailed, match="drop") as caught:
        cluster.wait(cluster.clients.call("client", cluster.nodes[0], "drop", []))
    assert (caught.value.title, caught.value.kind) == ("unknown_operation", "input_invalid")


@pytest.mark.parametrize(
    ("op", "args", "said"), [("nothing", [], "has no method nothing"), ("get", [], "a required argument")]
)
def test_what_a_client_cannot_do_ends_the_run(op: str, args: Any, said: str) -> None:
    """A run in which nothing works must not pass: also where nobody looks at the outcome, as in a workload."""

    def drive(cluster: Cluster) -> None:
        cluster.tick(10 * MS)
        cluster.clients.call("client", cluster.nodes[0], op, args)
        cluster.tick(100 * MS)

    found = play(store, drive=drive, client=Client).found
    assert found is not None and (found.title, found.at) == ("unknown_operation", "distributed.clients.client")
    assert said in found.message


@pytest.mark.parametrize("when_ms", [0, 3, 7])
def test_a_builtin_store_that_loses_power_answers_nobody_and_holds_nobody(when_ms: int) -> None:
    """An operation that was on its way or waited there ends with an error; one that was done is answered."""
    cluster = stores(latency=5 * MS)
    node = cluster.nodes[0]
    cluster.kernel.later(4 * MS, lambda _arg: cluster.pause(node))
    pending = cluster.clients.call("client", node, "put", ["k", 1])
    cluster.kernel.later((when_ms or 8) * MS, lambda _arg: cluster.crash(node))
    cluster.wait(pending)
    assert isinstance(pending.error, ConnectionError)


def test_what_a_trace_can_hold() -> None:
    """Values of any kind become plain ones, the same in every run; what is too much is an error."""
    values = [1, 2.5, None, True, "x", b"\xff", (1,), {1: object()}, {3, 1, 2}, float("nan"), 1 << 70]
    assert plain(values) == [
        1, 2.5, None, True, "x", "\\xff", [1], {"1": {"$type": "object"}}, [1, 2, 3], {"$float": "nan"},
        {"$int": str(1 << 70)},
    ]  # fmt: skip
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    for much in (deep, "ä" * 5_000_000):
        with pytest.raises(ValueError):
            plain(much)


def test_what_a_client_is_given_is_his_own() -> None:
    """He may change it; the next one is given what the file says."""
    args = [[1, {"a": 2}]]

    class Changes:
        def __init__(self, node: Any) -> None:
            pass

        def take(self, given: Any) -> Any:
            given.append("changed")
            given[1].clear()
            return len(given)

    def drive(cluster: Cluster) -> None:
        for _ in range(2):
            pending = cluster.clients.call("client", cluster.nodes[0], "take", args)
            cluster.wait(pending)
            assert pending.value == 3

    assert play(store, drive=drive, client=Changes).found is None
    assert args == [[1, {"a": 2}]]
