"""An execution starts the cluster, runs its steps, settles, and judges; the same seed is the same execution."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.cluster.execute import bind_cluster, execute_cluster
from fozzy.engine.prepare import runnable_file
from fozzy.engine.run import Ended
from tests.engine.cluster.conftest import made

PUT = {"type": "client_put", "node": "n0", "key": "k", "value": 1}


def test_a_scenario_is_bound_once() -> None:
    """Its steps have their places, types and digests; one that holds a secret has none."""
    text = """{"version": 1, "name": "n", "distributed": {"node_count": 2, "steps": [
        {"type": "client_put", "node": "n0", "key": "k", "value": "hidden-secret"}, {"type": "heal_all"}]}}"""
    file: Any = runnable_file(parse(document(text.encode(), "n.fozzy.json", "n.fozzy.json", "json")))
    plain = bind_cluster(file, Redactor(()))
    assert [(step.at, step.type) for step in plain.steps] == [
        ("distributed.steps[0]", "client_put"), ("distributed.steps[1]", "heal_all"),
    ]  # fmt: skip
    assert all(len(step.hash) == 16 for step in plain.steps)
    secret = Redactor(())
    secret.learn({"password": "hidden-secret"})
    assert [bool(step.hash) for step in bind_cluster(file, secret).steps] == [False, True]


def test_records_say_where_they_come_from(builtin: Any) -> None:
    """Steps, clients, faults and nodes each have their place."""
    fault = {"kind": "crash", "node": "n1", "at": "1s"}
    ran = builtin([PUT, {"type": "tick", "duration": "2s"}], faults=[fault])
    assert {each.at for each in ran.events("fault.strike", "node.crash")} == {"distributed.faults[0]"}
    assert {each.at for each in ran.events("op.start")} == {"distributed.steps[0]"}
    assert {each.at for each in ran.net("message")} == {"distributed.nodes.n1", "distributed.nodes.n2"}
    assert ran.now_ns > 2 * 10**9


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("5s", "fault crash never struck: it was to strike at 5s, and everything had ended before"),
        ("0s", None),
        ({"step": 0}, None),
        ({"within": ["5s", "6s"]}, None),
    ],
)
def test_a_fault_that_cannot_have_struck_is_told(at: Any, said: str | None, builtin: Any) -> None:
    """One with a moment of its own; where it was drawn another execution has another. Strict, it fails."""
    step = {"type": "client_put", "node": "n1", "key": "k", "value": 1}
    fault = {"kind": "crash", "node": "n2", "at": at}
    for is_strict in (False, True):
        ran = builtin([step], faults=[fault], is_strict=is_strict)
        assert [each.message for each in ran.findings] == ([said] if said else [])
        assert [(each.title, each.at) for each in ran.findings] == (
            [("fault_never_rolled", "distributed.faults[0]")] if said else []
        )
        assert ran.status == ("fail" if said and is_strict else "pass")


def test_faults_strike_before_steps(builtin: Any) -> None:
    """Right before the one that was drawn."""
    fault = {"kind": "crash", "node": "n0", "at": {"step": 1}}
    ran = builtin([PUT, {"type": "client_get_assert", "node": "n0", "key": "k"}], faults=[fault])
    assert ran.title == "client_get_assert"
    assert "n0 is down" in ran.message
    steps = {
        builtin([PUT] * 5, faults=[{**fault, "at": {"step": [0, 4]}}], seed=seed).findings[0].at for seed in range(30)
    }
    assert steps == {f"distributed.steps[{index}]" for index in range(5)}


def test_what_happens_after_the_last_step_is_waited_for(builtin: Any) -> None:
    """What is on its way arrives; nothing is healed."""
    ran = builtin([PUT], invariants=[{"type": "kv_all_equal", "key": "k"}])
    assert ran.findings == []
    assert len(ran.net("message")) == 2
    cut = {"type": "partition", "a": "n0", "b": "n2"}
    assert builtin([cut, PUT], invariants=[{"type": "kv_all_equal", "key": "k"}]).title == "kv_all_equal"


STEPS = st.one_of(
    st.builds(lambda node, value: {**PUT, "node": node, "value": value}, st.sampled_from(["n0", "n1", "n2"]), st.integers(0, 3)),
    st.builds(lambda kind, node: {"type": kind, "node": node},
              st.sampled_from(["restart", "pause", "resume"]), st.sampled_from(["n1", "n2"])),
    st.builds(lambda kind, pair: {"type": kind, "a": pair[0], "b": pair[1]},
              st.sampled_from(["partition", "heal"]), st.sampled_from([("n0", "n1"), ("n0", "n2"), ("n1", "n2")])),
    st.builds(lambda count: {"type": "workload", "count": count,
              "operations": [{"op": "put", "args": {"key": "k", "value": {"unique": True}}}]}, st.integers(1, 4)),
    st.builds(lambda ms: {"type": "tick", "duration": f"{ms}ms"}, st.integers(1, 100)),
    st.just({"type": "heal_all"}),
)  # fmt: skip
NETWORKS = st.fixed_dictionaries(
    {"latency": st.sampled_from(["0ms", "5ms", {"uniform": ["1ms", "30ms"]}, {"exponential": "3ms"}])},
    optional={"reorder": st.booleans(), "duplicate": st.just(0.2), "bandwidth": st.just(1000)},
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=8), network=NETWORKS, seed=st.integers(0, 9))
def test_any_execution_is_repeated_by_its_seed_and_agrees_at_its_end(
    builtin: Any, steps: Any, network: Any, seed: int
) -> None:
    """Whatever happens: the same records twice; and stores where the newest wins agree once all is mended."""
    end = [{"type": "resume", "node": "n1"}, {"type": "resume", "node": "n2"}, {"type": "heal_all"}]
    more: dict[str, Any] = {"network": network, "args": {"merge": "newest"}, "duration": "600s"}
    has_lost = any(step["type"] == "restart" for step in steps)
    invariants = [] if has_lost else [{"type": "kv_all_equal", "key": "k"}]
    runs = [builtin([*steps, *end], seed=seed, invariants=invariants, **more) for _ in range(2)]
    assert runs[0].records == runs[1].records
    if any(step["type"] == "pause" for step in steps):
        assert runs[0].title in ("", "deadlock")
    else:
        assert runs[0].findings == []
    times = [record.t for record in runs[0].records]
    assert times == sorted(times)


def test_the_boring_source_is_a_boring_execution(builtin: Any) -> None:
    """Least latencies, first in order."""
    ran = builtin(
        [PUT, {"type": "tick", "duration": "1s"}], seed=None, network={"latency": {"uniform": ["2ms", "9ms"]}}
    )
    assert [each.t for each in ran.net("message")] == [4 * 10**6] * 2


@pytest.mark.parametrize("count", [1, 50])
def test_any_number_of_nodes(builtin: Any, count: int) -> None:
    """One and many."""
    ran = builtin([PUT], node_count=count, invariants=[{"type": "kv_all_equal", "key": "k"}])
    assert ran.findings == []
    assert len(ran.net("message")) == count - 1


def test_a_hang_that_strikes_between_two_handles_ends_the_run() -> None:
    """The alarm may ring where no program's code is; what it found is told nevertheless."""
    run = made({"node_count": 2, "steps": [{"type": "tick", "duration": "5s"}]})
    ended, records = Ended(), []
    choices = Choices(Seeded(1), Clock(), Log([records.extend]), Redactor(()), 0)

    def began(cluster: Any) -> None:
        def ring(_arg: Any) -> None:
            raise cluster.hung(cluster.nodes[0], 10**9)

        cluster.kernel.later(10**9, ring)

    execute_cluster(run.plan, choices, ended, began=began)
    assert (ended.status, [each.title for each in ended.findings]) == ("timeout", ["sim_hang"])
    assert records[-1] == ended.findings[0]
    assert ended.now_ns == 10**9
