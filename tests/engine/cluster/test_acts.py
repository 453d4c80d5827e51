"""Each step does what it says to a cluster, notes it, and fails with what it saw."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from fozzy.core.events import Draw
from fozzy.dsl.steps.cluster import ClusterSteps
from fozzy.engine.cluster.acts import ACTS


def put(node: str, value: Any, key: str = "k") -> dict[str, Any]:
    return {"type": "client_put", "node": node, "key": key, "value": value}


def get(node: str, key: str = "k", **more: Any) -> dict[str, Any]:
    return {"type": "client_get_assert", "node": node, "key": key, **more}


def tick(duration: str) -> dict[str, Any]:
    return {"type": "tick", "duration": duration}


def between(type: str, a: str = "n0", b: str = "n1", **more: Any) -> dict[str, Any]:
    return {"type": type, "a": a, "b": b, **more}


def of(type: str, node: str = "n1", **more: Any) -> dict[str, Any]:
    return {"type": type, "node": node, **more}


def test_every_step_type_has_its_act() -> None:
    """None is forgotten, none is left over."""
    assert set(ACTS) == set(get_args(ClusterSteps))
    assert len(ACTS) > 10


def test_a_value_is_put_and_read(builtin: Any) -> None:
    """At its node at once, at the others when it has arrived."""
    ran = builtin(
        [put("n0", {"a": [1]}), get("n0", equals={"a": [1]}), tick("1s"), get("n2"), get("n1", key="x", is_null=True)]
    )
    assert ran.findings == []
    assert [note for _, note in ran.steps()] == [
        'n0 k = {"a":[1]}',
        'n0 k is {"a":[1]}',
        "1s",
        'n2 k is {"a":[1]}',
        "n1 x is null",
    ]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (get("n0", equals=2), "n0 k is 1, wanted 2"),
        (get("n0", is_null=True), "n0 k is 1, wanted nothing"),
        (get("n0", key="x"), "n0 has no x"),
        (get("n0", key="x", equals=1), "n0 x is null, wanted 1"),
        ({"type": "client", "node": "n0", "op": "get", "args": ["k"], "expect": 3}, "n0.get = 1, wanted 3"),
        (
            {"type": "client", "node": "n0", "op": "get", "args": ["k"], "expect_error": "KeyError"},
            "wanted it to raise KeyError",
        ),
    ],
)
def test_what_differs_fails_the_step(builtin: Any, step: Any, message: str) -> None:
    """With what was seen and wanted; nothing runs after it."""
    ran = builtin([put("n0", 1), tick("1s"), step, put("n0", 5)])
    assert ran.status == "fail"
    assert ran.title == step["type"]
    assert message in ran.message
    assert ran.findings[0].at == "distributed.steps[2]"
    assert len(ran.steps()) == 3
    assert message in ran.steps()[2][1]


def test_a_client_step_takes_arguments_by_place_or_name(builtin: Any) -> None:
    """And expects an answer or an error."""
    ran = builtin([
        {"type": "client", "node": "n0", "op": "put", "args": {"key": "k", "value": 1}},
        {"type": "client", "node": "n0", "op": "get", "args": ["k"], "expect": 1},
        of("crash", "n0"),
        {"type": "client", "node": "n0", "op": "get", "args": ["k"], "expect_error": "ConnectionError"},
    ])  # fmt: skip
    assert ran.findings == []
    assert ran.steps()[-1] == ("client", "n0.get raised ConnectionError")
    ran = builtin([of("crash", "n0"), get("n0")])
    assert "get at n0 failed: ConnectionError: n0 is down" in ran.message
    ran = builtin(
        [of("crash", "n0"), {"type": "client", "node": "n0", "op": "get", "args": ["k"], "expect_error": "KeyError"}]
    )
    assert "raised ConnectionError" in ran.message


def test_partitions_hold_and_heal(builtin: Any) -> None:
    """One link, or all."""
    ran = builtin([
        between("partition"), between("partition", "n0", "n2"), put("n0", 1), tick("1s"),
        get("n1", is_null=True), get("n2", is_null=True), between("heal"), tick("1s"), get("n1", equals=1),
        get("n2", is_null=True), {"type": "heal_all"}, tick("1s"), get("n2", equals=1),
    ])  # fmt: skip
    assert ran.findings == []
    assert ran.steps()[0] == ("partition", "n0 | n1")


def test_machines_go_down_come_back_stop_and_go_on(builtin: Any) -> None:
    """What was put survives; what was sent meanwhile is lost, or waits."""
    ran = builtin([
        put("n1", 1), tick("1s"), of("crash"), put("n0", 2), tick("1s"), of("restart"), get("n1", equals=1),
        of("pause"), put("n0", 3), tick("1s"), of("resume"), get("n1", equals=3), of("restart"), get("n1", equals=3),
    ])  # fmt: skip
    assert ran.findings == []
    assert [each.name for each in ran.events("node.crash", "node.restart", "node.pause", "node.resume")] == [
        "node.crash", "node.restart", "node.pause", "node.resume", "node.restart",
    ]  # fmt: skip


def test_what_is_planned_happens_later(builtin: Any) -> None:
    """After a time, or a drawn one under a label of its own; the step itself ends at once."""
    ran = builtin(
        [of("crash", at="5s"), of("restart", at={"within": ["6s", "9s"]}), between("partition", at="1s"), tick("20s")]
    )
    assert ran.findings == []
    assert [note.partition(" in ")[0] for _, note in ran.steps()] == ["n1", "n1", "n0 | n1", "20s"]
    assert [each.t for each in ran.events("node.crash")] == [5 * 10**9]
    assert 6 * 10**9 <= ran.events("node.restart")[0].t <= 9 * 10**9
    assert [each.t for each in ran.events("link.cut")] == [10**9] * 2
    assert ran.events("node.crash")[0].at == "distributed.steps[0]"
    (drawn,) = [each for each in ran.records if isinstance(each, Draw) and each.label.startswith("step.")]
    assert drawn.label == "step.restart.at"


def test_convergence_is_waited_for(builtin: Any) -> None:
    """Up to a time; the values that still differ are told."""
    converged = {"type": "expect_converged", "key": "k", "within": "2s"}
    ran = builtin([put("n0", 1), converged])
    assert ran.findings == []
    assert ran.steps()[1] == ("expect_converged", "k is 1 on 3 nodes")
    ran = builtin([between("partition"), put("n0", 1), converged])
    assert ran.message.startswith("k still differs after 2")
    assert ran.message.endswith(": n0=1, n1=null, n2=1")
    ran = builtin([between("partition"), put("n0", 1), of("crash"), converged])
    assert ran.findings == []
    ran = builtin([*(of("crash", f"n{index}") for index in range(3)), converged])
    assert ran.message.endswith("no node is up")


def test_workloads_run_beside_the_steps_or_before_the_next(builtin: Any) -> None:
    """Under their names; without `wait` the run goes on and waits for them at its end."""
    load = {
        "type": "workload",
        "operations": [{"op": "put", "args": {"key": "k", "value": {"unique": True}}}],
        "count": 5,
    }
    ran = builtin([load, {**load, "wait": True, "clients": 1}, {**load, "name": "mine", "pause": "1s"}])
    assert ran.findings == []
    assert ran.steps()[0] == ("workload", "2 clients, 5 operations each")
    clients = {each.fields["client"] for each in ran.events("op.start")}
    assert clients == {"workload.0", "workload.1", "workload2.0", "mine.0", "mine.1"}
    assert len(ran.events("op.end")) == 25
    steps = [each.t for each in ran.records if type(each).__name__ == "Step"]
    assert steps[0] == 0 < steps[1] == steps[2]
    assert ran.now_ns > 4 * 10**9


def test_nodes_of_an_operation_may_be_some(builtin: Any) -> None:
    """One, some of which one is drawn, or any."""

    def nodes(node: Any) -> set[str]:
        operation = {"op": "get", "args": {"key": "k"}, **({"node": node} if node else {})}
        ran = builtin([{"type": "workload", "operations": [operation]}])
        return {each.fields["node"] for each in ran.events("op.start")}

    assert nodes("n1") == {"n1"}
    assert nodes({"any": ["n0", "n2"]}) == {"n0", "n2"}
    assert nodes(None) == {"n0", "n1", "n2"}


def test_a_step_that_is_not_done_in_time_fails(builtin: Any) -> None:
    """At the duration, or where nothing can happen any more."""
    ran = builtin([tick("90s")])
    assert (ran.title, ran.status) == ("duration", "timeout")
    ran = builtin([of("pause"), get("n1")])
    assert ran.title == "deadlock"
    assert ran.findings[0].at == "distributed.steps[1]"
