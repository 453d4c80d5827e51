"""The tree of a profile: nothing is lost, nothing counted twice, virtual and real time told apart."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.events import Ask, Draw, Event, Found, Step
from fozzy.insight.profile.spans import Span, branch_of, build, capability_of, parent_of
from fozzy.trace.side import CallProfile, FunctionNode, ProfileFile

MS = 10**6


def timed(*record_ns: int, end_ns: int = 0, calls: Any = ()) -> ProfileFile:
    """Real times of a run."""
    return ProfileFile(
        schema_version=1, trace_digest="", scenario="a", record_ns=list(record_ns), end_ns=end_ns, calls=list(calls)
    )


def step(t: int, at: str, kind: str = "sleep", took: int = 0, **more: str) -> Step:
    """A step that ended."""
    return Step(t * MS, at, kind, "", took * MS, **more)


def shape(span: Span) -> Any:
    """A tree as names."""
    return [span.name if span.kind != "step" else span.at, [shape(each) for each in span.inside]]


BLOCKS = [
    step(1, "setup[0]", took=1),
    Draw(MS, "steps[0].repeat.steps[0]", "rand.k", 0, 9, 3),
    step(3, "steps[0].repeat.steps[0]", took=2),
    step(5, "steps[0].repeat.steps[0]", took=2),
    step(5, "steps[0]", "repeat", took=4),
    step(6, "steps[1].parallel.branches.b[0]", took=1),
    step(7, "steps[1].parallel.branches.a[0]", took=2),
    step(7, "steps[1]", "parallel", took=2),
    Ask(7 * MS, "steps[2]", "http.send", {"name": "x"}, {}, 5 * MS),
    step(12, "steps[2]", "http_request", took=5),
    Ask(12 * MS, "end", "proc.stop", {"name": "web"}, {}, MS),
]


def test_steps_stand_in_their_blocks() -> None:
    """Nested steps stand in their block in order, questions in their step, each in its phase."""
    root = build(BLOCKS, None)
    assert shape(root) == [
        "run",
        [
            ["setup", [["setup[0]", []]]],
            [
                "steps",
                [
                    ["steps[0]", [["steps[0].repeat.steps[0]", []], ["steps[0].repeat.steps[0]", []]]],
                    [
                        "steps[1]",
                        [["steps[1].parallel.branches.b[0]", []], ["steps[1].parallel.branches.a[0]", []]],
                    ],
                    ["steps[2]", [["http.send", []]]],
                ],
            ],
            ["end", [["proc.stop", []]]],
        ],
    ]


def test_virtual_times_are_those_of_the_trace() -> None:
    """A step has the time it says it took; own time leaves out what stands inside, and is never below zero."""
    root = build(BLOCKS, None)
    assert root.virtual_ns == 13 * MS and root.real_ns == 0
    by_at = {span.at: span for span in root.walk() if span.kind == "step"}
    assert (by_at["steps[0]"].start_ns, by_at["steps[0]"].virtual_ns, by_at["steps[0]"].own_virtual_ns) == (
        MS,
        4 * MS,
        0,
    )
    assert by_at["steps[1]"].virtual_ns == 2 * MS and by_at["steps[1]"].own_virtual_ns == 0
    assert by_at["steps[2]"].own_virtual_ns == 0 and by_at["steps[2]"].inside[0].virtual_ns == 5 * MS


def test_real_times_add_up() -> None:
    """The own real times of all spans are together the real time of the run: no moment is lost or counted twice."""
    root = build(BLOCKS, timed(*range(1, 12), end_ns=4))
    assert root.real_ns == sum(range(1, 12)) + 4
    assert sum(span.own_real_ns for span in root.walk()) == root.real_ns
    by_at = {span.at: span for span in root.walk() if span.kind == "step"}
    assert by_at["steps[0]"].real_ns == 2 + 3 + 4 + 5 and by_at["steps[0]"].own_real_ns == 5
    assert by_at["steps[2]"].real_ns == 9 + 10 and by_at["steps[2]"].inside[0].real_ns == 9
    assert by_at["steps[0]"].real_start_ns == 1


def test_functions_stand_in_their_call() -> None:
    """What was watched of the second call stands in the second call, also when a scenario says `call` by itself."""
    price = FunctionNode(name="price", at="shop.py:1", calls=2, real_ns=5)
    total = FunctionNode(name="total", at="shop.py:9", calls=1, real_ns=7, inside=[price])
    records = [
        Event(0, "steps[0]", "call", {"function": "mine"}),
        step(0, "steps[0]", "trace_event"),
        Event(0, "steps[1]", "call", {"function": "shop:a", "result": 1}),
        step(0, "steps[1]", "call", note="shop:a = 1"),
        Event(0, "steps[2]", "call", {"function": "shop:b", "hung": True}),
        step(0, "steps[2]", "call", failed="call_hang: no"),
    ]
    calls = [CallProfile(function="shop:a", functions=[total]), CallProfile(function="shop:b")]
    root = build(records, timed(1, 1, 1, 10, 1, 1, calls=calls))
    (steps,) = root.inside
    assert [shape(each) for each in steps.inside] == [
        ["steps[0]", []],
        ["steps[1]", [["total", [["price", []]]]]],
        ["steps[2]", []],
    ]
    call = steps.inside[1]
    assert call.label == "steps[1] call shop:a" and call.own_real_ns == 4
    assert call.inside[0].own_real_ns == 2 and call.inside[0].inside[0].calls == 2
    assert steps.inside[2].failed and not call.failed


def test_what_was_cut_off_is_there() -> None:
    """A step that a timeout struck, and the blocks around it, are there as unfinished, up to the end."""
    records = [
        step(1, "steps[0].repeat.steps[0]", took=1),
        Found(5 * MS, "steps[0].repeat.steps[1]", "hang", "timeout", "too long", "timeout"),
    ]
    root = build(records, timed(1, 2))
    block = root.inside[0].inside[0]
    assert (block.name, block.at, block.virtual_ns, block.failed) == ("unfinished", "steps[0]", 5 * MS, True)
    assert [(each.name, each.start_ns, each.virtual_ns) for each in block.inside] == [
        ("sleep", 0, MS),
        ("unfinished", MS, 4 * MS),
    ]
    assert sum(span.own_real_ns for span in root.walk()) == root.real_ns == 3


def test_a_finding_makes_no_step() -> None:
    """A failure is no step of its own, and its moment belongs to the phase."""
    records = [step(0, "steps[0]", "fail", failed="fail: no"), Found(0, "steps[0]", "assertion", "fail", "no")]
    root = build(records, timed(2, 3))
    assert shape(root) == ["run", [["steps", [["steps[0]", []]]]]]
    assert root.inside[0].own_real_ns == 3


def test_nothing_is_a_run_of_nothing() -> None:
    """A trace without records has an empty tree."""
    root = build([], timed(end_ns=7))
    assert root.inside == [] and root.virtual_ns == 0 and root.real_ns == 7


@pytest.mark.parametrize(
    ("at", "parent", "branch"),
    [
        ("steps[3]", "", ""),
        ("steps[3].repeat.steps[0]", "steps[3]", ""),
        ("steps[3].parallel.branches.a[0]", "steps[3]", "a"),
        ("steps[3].parallel.branches.a.b[0]", "steps[3]", "a.b"),
        ("steps[3].parallel.branches.a[0].group.steps[12]", "steps[3].parallel.branches.a[0]", ""),
        ("end", "", ""),
    ],
)
def test_paths(at: str, parent: str, branch: str) -> None:
    """The block a step stands in, and its branch, follow from its path."""
    assert (parent_of(at), branch_of(at)) == (parent, branch)


def test_capabilities() -> None:
    """Every type of step has somebody its time is spent with."""
    wanted = {"http_request": "http", "proc_spawn": "proc", "fs_write": "fs", "call": "code", "sleep": "time"}
    wanted |= {"free_port": "proc", "set_kv": "engine", "memory_alloc": "memory", "assert_eventually": "time"}
    assert {name: capability_of(name) for name in wanted} == wanted


def test_the_steps_of_a_cluster_are_steps_and_its_operations_stand_in_them() -> None:
    """A cluster's steps stand in the phase of steps, each with what its client asked; faults and nodes make no steps."""
    asked = {"client": "client", "op": "put", "node": "n0"}
    root = build(
        [
            Event(0, "distributed.nodes.n0", "node.start", {"node": "n0"}),
            Event(0, "distributed.faults[0]", "fault.strike", {"name": "loss"}),
            Event(1, "distributed.steps[0]", "op.start", asked),
            Event(5, "distributed.clients.w0", "op.end", {**asked, "client": "w0"}),
            Event(7, "distributed.steps[0]", "op.end", {**asked, "error": "gone"}),
            Step(7, "distributed.steps[0]", "client_put", "", 7),
            Event(9, "distributed.clients.w0", "op.start", {**asked, "client": "w0"}),
            Event(20, "distributed.clients.w0", "op.end", {**asked, "client": "w0"}),
            Step(30, "distributed.steps[1]", "tick", "", 23),
        ],
        None,
    )
    assert [phase.name for phase in root.inside] == ["steps"]
    step, operation, tick = sorted(root.inside[0].inside, key=lambda span: span.start_ns + (span.name == "tick") * 100)
    assert (step.label, tick.label, tick.capability) == ("steps[0] client_put", "steps[1] tick", "time")
    assert [(span.name, span.virtual_ns, span.failed) for span in step.inside] == [("client.put", 6, True)]
    assert (operation.name, operation.virtual_ns, operation.capability) == ("client.put", 11, "client")
