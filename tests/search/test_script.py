"""A script can be cut anywhere, and every step that is left knows where it stood at first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.events import Step
from fozzy.core.forms import form_of_scenario
from fozzy.core.log import Log
from fozzy.core.sources import Seeded
from fozzy.dsl.load import decode, document, parse
from fozzy.engine.prepare import Options, header_of, ready, start
from fozzy.search.script import Script, Uncuttable, block_fields, is_below, nodes_of, script_of

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").rglob("*.fozzy.*"))


def event(name: str) -> dict[str, Any]:
    return {"type": "trace_event", "name": name}


STEPS = st.recursive(
    st.sampled_from("abc").map(event),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda steps: {"type": "group", "name": "g", "steps": steps}),
        st.lists(inner, min_size=1, max_size=2).map(lambda steps: {"type": "repeat", "times": 2, "steps": steps}),
        st.tuples(st.lists(inner, min_size=1, max_size=2), st.lists(inner, max_size=2)).map(
            lambda both: {
                "type": "if",
                "that": 1,
                "equals": 1,
                "then": both[0],
                **({"else": both[1]} if both[1] else {}),
            }
        ),
        st.dictionaries(
            st.sampled_from(["left", "right", "a-b", "third"]), st.lists(inner, min_size=1, max_size=2), min_size=1
        ).map(lambda branches: {"type": "parallel", "name": "p", "branches": branches}),
    ),
    max_leaves=12,
)
RAWS = st.fixed_dictionaries(
    {"version": st.just(1), "name": st.just("n"), "steps": st.lists(STEPS, min_size=1, max_size=5)},
    optional={"setup": st.lists(STEPS, min_size=1, max_size=2), "teardown": st.lists(STEPS, min_size=1, max_size=2)},
)


def placed(script: Script) -> dict[str, dict[str, Any]]:
    """Every step as written, by where it stood at first."""
    return {node.origin: node.raw() for node in script.nodes()}


@given(RAWS)
def test_a_script_is_the_scenario_it_was_made_of(raw: dict[str, Any]) -> None:
    """Nothing is lost on the way in and out; at first every step stands at its origin."""
    script = script_of(raw)
    assert script.raw == raw
    assert json.loads(script.written) == raw
    assert script.origins == {at: at for at in script.origins}
    assert len(script.origins) == len(list(script.nodes())) == sum(map(len, script.lists()))


@given(RAWS, st.data())
def test_every_step_left_knows_where_it_stood(raw: dict[str, Any], data: st.DataObject) -> None:
    """However often and wherever it is cut, what is left is what stood there, and the same again when cut as one."""
    first = script_of(raw)
    script, gone = first, frozenset[str]()
    for _ in range(data.draw(st.integers(1, 4))):
        some = frozenset(data.draw(st.lists(st.sampled_from(sorted(first.origins.values())), max_size=4)))
        try:
            script = script.without(some)
        except Uncuttable:
            continue
        gone |= some
    leaves = {at: raw for at, raw in placed(first).items() if raw["type"] == "trace_event"}
    left = {at: raw for at, raw in placed(script).items() if raw["type"] == "trace_event"}
    assert left == {at: raw for at, raw in leaves.items() if not is_below(at, gone)}
    assert script_of(script.raw).origins.keys() == script.origins.keys()  # where it says they stand, they stand
    for at, origin in script.origins.items():
        assert script.origin_of(at) == origin
        assert script.origin_of(f"{at}.x[3]") == f"{origin}.x[3]"
    assert first.raw == raw


@given(RAWS)
def test_places_are_those_the_engine_speaks_of(raw: dict[str, Any]) -> None:
    """The paths of a script are the paths of the run's own records."""
    loaded = parse(document(json.dumps(raw).encode(), "n", "n.fozzy.json", "json"))
    header, redactor = header_of(loaded, Options(det=True), 1, "run")
    records: list[Any] = []
    start(ready(header, loaded, redactor), Seeded(1), Log([records.extend]))
    at = {record.at for record in records if isinstance(record, Step)}
    assert at and at <= set(script_of(raw).origins)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_every_scenario_of_ours_can_be_a_script(path: Path) -> None:
    """In any form, whatever its steps: the script holds all of it."""
    form = form_of_scenario(path.name)
    assert form is not None
    raw = decode(document(path.read_bytes(), path.name, path.name, form))
    assert script_of(raw).raw == {name: value for name, value in raw.items() if value != []}


def test_both_notations_make_one_script() -> None:
    """What a file is written in makes no difference."""
    raw = {"version": 1, "name": "n", "steps": [{"type": "group", "name": "g", "steps": [event("a")]}]}
    steps = '[[steps]]\ntype = "group"\nname = "g"\n[[steps.steps]]\ntype = "trace_event"\nname = "a"\n'
    toml = 'version = 1\nname = "n"\n' + steps
    assert script_of(decode(document(toml.encode(), "n", "n", "toml"))).raw == script_of(raw).raw


def test_what_would_be_left_empty_is_not_cut() -> None:
    """A block, its `then`, a scenario: none may lose all it holds; `else` and a branch may."""
    script = script_of(
        {
            "version": 1,
            "name": "n",
            "setup": [event("s")],
            "steps": [
                {"type": "if", "that": 1, "equals": 1, "then": [event("t")], "else": [event("e")]},
                {"type": "parallel", "name": "p", "branches": {"a": [event("x")], "b": [event("y")]}},
            ],
        }
    )
    then, other = "steps[0].if.then[0]", "steps[0].if.else[0]"
    a, b = "steps[1].parallel.branches.a[0]", "steps[1].parallel.branches.b[0]"
    assert set(script.origins) == {"setup[0]", "steps[0]", then, other, "steps[1]", a, b}
    for impossible in ({then}, {a, b}, {"steps[0]", "steps[1]"}):
        with pytest.raises(Uncuttable):
            script.without(frozenset(impossible))
    assert "else" not in script.without(frozenset({other})).raw["steps"][0]
    assert list(script.without(frozenset({a})).raw["steps"][1]["branches"]) == ["b"]
    assert "setup" not in script.without(frozenset({"setup[0]"})).raw


def test_other_steps_in_the_place_of_one() -> None:
    """What is put in a block's place keeps the origins it had inside."""
    script = script_of(
        {"version": 1, "name": "n", "steps": [{"type": "group", "name": "g", "steps": [event("a"), event("b")]}]}
    )
    group = next(script.nodes())
    flat = script.replace("steps[0]", group.bodies["steps"])
    assert flat.origins == {"steps[0]": "steps[0].group.steps[0]", "steps[1]": "steps[0].group.steps[1]"}
    assert flat.origin_of("steps[1]") == "steps[0].group.steps[1]"
    assert flat.origin_of("end") == "end"
    assert script.replace("nowhere", ()).raw == script.raw
    assert script.with_head({"version": 1, "name": "m"}).raw["name"] == "m"


def test_lists_come_outer_ones_first() -> None:
    """Setup, steps and teardown, then what they hold."""
    inner = {"type": "group", "name": "g", "steps": [event("deep")]}
    script = script_of({"version": 1, "name": "n", "setup": [event("s")], "steps": [inner], "teardown": [event("t")]})
    assert [[node.type for node in nodes] for nodes in script.lists()] == [
        ["trace_event"],
        ["group"],
        ["trace_event"],
        ["trace_event"],
    ]


def test_what_holds_steps_is_known_by_type() -> None:
    """Fields are called as files spell them; what is no step holds nothing."""
    assert block_fields("if") == ("then", "else")
    assert block_fields("parallel") == ("branches",)
    assert block_fields("sleep") == block_fields("no such step") == ()


@pytest.mark.parametrize(
    ("at", "origins", "below"),
    [
        ("steps[1]", {"steps[1]"}, True),
        ("steps[1].group.steps[0]", {"steps[1]"}, True),
        ("steps[1].group.steps[0]", {"steps[1].group.steps[0]", "x"}, True),
        ("steps[11]", {"steps[1]"}, False),
        ("steps[1]", {"steps[1].group.steps[0]"}, False),
        ("steps[1]", set(), False),
    ],
)
def test_what_lies_inside_of_what(at: str, origins: set[str], below: bool) -> None:
    """A step is inside itself and the blocks around it, and of nothing whose name only begins alike."""
    assert is_below(at, origins) is below
    assert nodes_of([], "steps") == ()


CLUSTER: dict[str, Any] = {
    "version": 1,
    "name": "c",
    "distributed": {
        "node_count": 3,
        "duration": "5s",
        "faults": [{"kind": "crash", "node": "n1", "at": {"step": 1}}, {"kind": "crash", "node": "n2", "at": "1s"}],
        "steps": [
            {"type": "client_put", "node": "n0", "key": "x", "value": 1},
            {"type": "workload", "operations": [{"op": "get", "args": {"key": "x"}}], "clients": 3, "count": 2},
            {"type": "tick", "duration": "1s"},
        ],
        "invariants": [{"type": "kv_all_equal", "key": "x"}],
    },
}


def test_a_cluster_is_the_scenario_it_was_made_of() -> None:
    """Its parts are nodes, its faults keep their names, and everything else is its head."""
    script = script_of(CLUSTER)
    cluster = CLUSTER["distributed"]
    faults = [cluster["faults"][0], {**cluster["faults"][1], "name": "crash2"}]
    assert script.raw == {**CLUSTER, "distributed": {**cluster, "faults": faults}}
    assert [(node.origin, node.type, node.is_fault) for node in script.nodes()] == [
        ("distributed.steps[0]", "client_put", False),
        ("distributed.steps[1]", "workload", False),
        ("distributed.steps[2]", "tick", False),
        ("distributed.faults[0]", "crash", True),
        ("distributed.faults[1]", "crash", True),
        ("distributed.invariants[0]", "kv_all_equal", False),
    ]
    assert (script.steps, script.things, script.work, script.machines) == (3, 6, 6, ("n0", "n1", "n2"))
    assert parse(document(script.written, "c", "c", "json")).file.distributed.node_count == 3  # type: ignore[union-attr]


def test_a_cut_cluster_knows_where_its_parts_stood() -> None:
    """And a fault that strikes before a step still means that step."""
    cut = script_of(CLUSTER).without(frozenset(["distributed.steps[0]", "distributed.faults[1]"]))
    assert cut.origin_of("distributed.steps[1]") == "distributed.steps[2]"
    assert cut.origin_of("distributed.nodes.n2") == "distributed.nodes.n2"
    assert cut.raw["distributed"]["faults"] == [{"kind": "crash", "node": "n1", "at": {"step": 0}}]


def test_builtin_nodes_need_a_step() -> None:
    """Programs of the user run by themselves, and need none."""
    steps = frozenset(f"distributed.steps[{index}]" for index in range(3))
    with pytest.raises(Uncuttable):
        script_of(CLUSTER).without(steps)
    running = script_of({**CLUSTER, "distributed": {**CLUSTER["distributed"], "program": "m:f"}})
    assert "steps" not in running.without(steps).raw["distributed"]
