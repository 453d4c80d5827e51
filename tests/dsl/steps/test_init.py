"""The blocks: groups, and those that pass when something inside them fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy.core.events import Event, Step
from fozzy.dsl.steps import step_types
from fozzy.engine.prepare import Options

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

MS = 10**6
FAIL = {"type": "fail", "message": "inside"}
THROWS = ("assert_throws", "assert_rejects")

Json = dict[str, Any]


def throws(*steps: Json, kind: str = "assert_throws") -> Json:
    return {"type": kind, "steps": [*steps, FAIL]}


def group(*steps: Json) -> Json:
    return {"type": "group", "name": "g", "steps": list(steps)}


def nested(step: Json, depth: int) -> Json:
    for _ in range(depth):
        step = group(step)
    return step


def put(key: str, value: Any) -> Json:
    return {"type": "set_kv", "key": key, "value": value}


def has(key: str, **more: Any) -> Json:
    return {"type": "get_kv_assert", "key": key, **more}


def write(path: str, data: str) -> Json:
    return {"type": "fs_write", "path": path, "data": data}


def read(path: str, equals: str) -> Json:
    return {"type": "fs_read_assert", "path": path, "equals": equals}


def test_every_step_has_a_sentence() -> None:
    """Every step type is known by its tag and says in one sentence what it does."""
    for name, kind in step_types().items():
        assert kind.__struct_config__.tag == name
        assert kind.__doc__ and kind.__doc__.count("\n") == 0 and kind.__doc__.endswith("."), name


def test_a_group_runs_its_steps_in_order(play: Play) -> None:
    """A group runs what is in it, in order, and ends after it; its records name their paths."""
    played = play([group(put("a", 1), put("a", 2)), has("a", equals=2)])
    steps = [record.at for record in played.records if isinstance(record, Step)]
    assert steps == ["steps[0].group.steps[0]", "steps[0].group.steps[1]", "steps[0]", "steps[1]"]


@pytest.mark.parametrize("depth", [1, 2, 5, 30])
def test_a_failure_is_placed_at_its_step_in_any_depth(play: Play, depth: int) -> None:
    """The finding is the innermost step's; the blocks around it only end."""
    played = play([nested({"type": "assert_eq_int", "a": 1, "b": 2}, depth)])
    finding = played.finding
    assert len(played.findings) == 1 and finding.title == "assert_eq_int"
    assert finding.location is not None
    assert finding.location.path == "steps[0]" + ".group.steps[0]" * depth
    assert played.pointed_at == "1"


def test_a_failure_ends_the_blocks_around_it(play: Play) -> None:
    """No step follows a failure, in no block; every block that was open is recorded as failed."""
    played = play([nested(FAIL, 2), put("x", 1)])
    steps = [(record.at, bool(record.failed)) for record in played.records if isinstance(record, Step)]
    assert steps == [
        ("steps[0].group.steps[0].group.steps[0]", True),
        ("steps[0].group.steps[0]", True),
        ("steps[0]", True),
    ]


@pytest.mark.parametrize("kind", THROWS)
def test_a_failure_inside_is_expected(play: Play, kind: str) -> None:
    """The block passes when a step inside fails, in whatever depth, and the run goes on."""
    played = play([throws(kind=kind), {"type": kind, "steps": [nested(FAIL, 3)]}, put("a", 1), has("a", equals=1)])
    assert (played.status, played.findings) == ("pass", [])


@pytest.mark.parametrize("kind", THROWS)
def test_no_failure_inside_is_a_failure(play: Play, kind: str) -> None:
    """The block fails when everything inside holds; what was done inside then stays."""
    played = play([{"type": kind, "steps": [put("a", 1)]}], teardown=[has("a", equals=1)])
    assert [(each.title, each.kind, each.message) for each in played.findings] == [
        (kind, "assertion", "no step inside failed")
    ]
    assert played.pointed_at == "["


def test_what_happened_inside_stays_visible(play: Play) -> None:
    """Events, draws and the failure inside the block are records like any other."""
    played = play([throws({"type": "trace_event", "name": "e"}, {"type": "rand_u64", "key": "r"})])
    assert [record.name for record in played.records if isinstance(record, Event)] == ["e"]
    assert len(played.draws("rand.r")) == 2
    failed = [record for record in played.records if isinstance(record, Step) and record.failed]
    assert [(record.at, record.failed) for record in failed] == [("steps[0].assert_throws.steps[2]", "fail: inside")]


def test_steps_after_the_failure_do_not_run(play: Play) -> None:
    """The block ends at its first failing step."""
    played = play([{"type": "assert_throws", "steps": [FAIL, {"type": "trace_event", "name": "after"}]}])
    assert not [record for record in played.records if isinstance(record, Event)]


RESTORED: dict[str, tuple[list[Json], list[Json], list[Json]]] = {
    # before the block, inside it, and what must hold after it
    "a changed key": ([put("a", 1)], [put("a", 2), put("b", 1)], [has("a", equals=1), has("b", is_null=True)]),
    "a drawn key": ([], [{"type": "rand_u64", "key": "r"}], [has("r", is_null=True)]),
    "files": (
        [write("f", "1")],
        [write("f", "2"), write("g", "3")],
        [read("f", "1"), {"type": "assert_throws", "steps": [read("g", "3")]}],
    ),
    "messages": (
        [{"type": "net_send", "from": "a", "to": "b", "payload": "p"}],
        [{"type": "net_deliver_one"}, {"type": "net_recv_assert", "node": "b", "payload": "p"}],
        [{"type": "net_deliver_one"}, {"type": "net_recv_assert", "node": "b", "payload": "p"}],
    ),
    "a partition": (
        [{"type": "net_send", "from": "a", "to": "b", "payload": "p"}],
        [{"type": "net_partition", "a": "a", "b": "b"}],
        [{"type": "net_deliver_one"}],
    ),
    "a healed partition": (
        [{"type": "net_partition", "a": "a", "b": "b"}, {"type": "net_send", "from": "a", "to": "b", "payload": "p"}],
        [{"type": "net_heal", "a": "a", "b": "b"}],
        [{"type": "assert_throws", "steps": [{"type": "net_deliver_one"}]}],
    ),
    "the drop rate": (
        [],
        [{"type": "net_set_drop_rate", "rate": 1}],
        [
            {"type": "net_send", "from": "a", "to": "b", "payload": "p"},
            {"type": "net_deliver_one"},
            {"type": "net_recv_assert", "node": "b", "payload": "p"},
        ],
    ),
    "allocations": (
        [{"type": "memory_alloc", "bytes": 10, "key": "m"}],
        [{"type": "memory_alloc", "bytes": 5}, {"type": "memory_free", "key": "m"}],
        [{"type": "memory_assert_in_use_bytes", "equals": 10}, {"type": "memory_free", "key": "m"}],
    ),
    "heap settings": (
        [],
        [
            {"type": "memory_limit_mb", "mb": 0},
            {"type": "memory_fail_after_allocs", "count": 0},
            {"type": "memory_pressure_wave", "pattern": "9"},
            {"type": "memory_fragmentation", "seed": 7},
        ],
        [
            {"type": "memory_alloc", "bytes": 200_000, "key": "m"},
            {"type": "memory_assert_in_use_bytes", "equals": 200_000},
            {"type": "memory_free", "key": "m"},
        ],
    ),
    "http rules and their uses": (
        [{"type": "http_when", "method": "GET", "path": "/", "status": 200, "times": 1}],
        [
            {"type": "http_request", "method": "GET", "path": "/"},
            {"type": "http_when", "method": "GET", "path": "/new", "status": 200},
        ],
        [
            {"type": "http_request", "method": "GET", "path": "/"},
            {"type": "assert_throws", "steps": [{"type": "http_request", "method": "GET", "path": "/"}]},
            {"type": "assert_throws", "steps": [{"type": "http_request", "method": "GET", "path": "/new"}]},
        ],
    ),
    "proc rules and their uses": (
        [{"type": "proc_when", "cmd": "a", "exit_code": 0, "times": 1}],
        [{"type": "proc_spawn", "cmd": "a"}, {"type": "proc_when", "cmd": "b", "exit_code": 0}],
        [
            {"type": "proc_spawn", "cmd": "a"},
            {"type": "assert_throws", "steps": [{"type": "proc_spawn", "cmd": "a"}]},
            {"type": "assert_throws", "steps": [{"type": "proc_spawn", "cmd": "b"}]},
        ],
    ),
    "background processes": (
        [{"type": "proc_when", "cmd": "a", "exit_code": 0}],
        [{"type": "proc_start", "name": "p", "cmd": "a"}],
        [{"type": "proc_start", "name": "p", "cmd": "a"}, {"type": "proc_stop", "name": "p"}],
    ),
}


@pytest.mark.parametrize("what", RESTORED)
@pytest.mark.parametrize("kind", THROWS)
def test_everything_is_as_before_the_block(play: Play, kind: str, what: str) -> None:
    """Store, files, network, heap, rules and processes are put back when the expected failure came."""
    before, inside, after = RESTORED[what]
    played = play([*before, throws(*inside, kind=kind), *after])
    assert (played.status, played.findings) == ("pass", [])


def test_the_clock_is_put_back(play: Play) -> None:
    """Time that passed inside the block is taken back, and so is freezing."""
    inside = [{"type": "freeze", "at_ms": 40}, {"type": "sleep", "duration": "5ms"}]
    played = play([{"type": "sleep", "duration": "3ms"}, throws(*inside), {"type": "sleep", "duration": "1ms"}])
    assert (played.status, played.ended.now_ns, played.ended.aside_ns) == ("pass", 4 * MS, 42 * MS)


def test_draws_are_not_taken_back(play: Play) -> None:
    """A draw inside the block counts: the next draw under the label is the second."""
    draw = {"type": "rand_u64", "key": "r"}
    drawn = play([throws(draw), draw]).draws("rand.r")
    assert drawn == play([draw, draw]).draws("rand.r") and drawn[:2] != drawn[2:]


@pytest.mark.parametrize("kind", THROWS)
@pytest.mark.parametrize("depth", [0, 3])
def test_a_run_timeout_is_never_the_expected_failure(play: Play, kind: str, depth: int) -> None:
    """A timeout of the run inside the block ends the run as a timeout."""
    inside = nested({"type": "sleep", "duration": "1h"}, depth)
    played = play([{"type": kind, "steps": [inside]}], options=Options(det=True, timeout_ns=5 * MS))
    assert (played.status, played.finding.title, played.finding.kind) == ("timeout", "timeout", "hang")


def test_time_inside_counts_towards_the_timeout(play: Play) -> None:
    """A block that puts the clock back does not give the run more time."""
    steps = [throws({"type": "sleep", "duration": "4ms"}), throws({"type": "sleep", "duration": "4ms"})]
    assert play(steps, options=Options(det=True, timeout_ns=5 * MS)).status == "timeout"
    assert play(steps, options=Options(det=True, timeout_ns=8 * MS)).status == "pass"


def test_the_blocks_nest(play: Play) -> None:
    """A block inside a block puts back what it changed and no more."""
    inner = throws(put("a", 3))
    played = play([put("a", 1), throws(put("a", 2), inner, has("a", equals=2)), has("a", equals=1)])
    assert played.status == "pass"


MOVES = st.lists(
    st.sampled_from(
        [
            put("a", 1),
            put("b", [2]),
            write("f", "x"),
            write("g", "y"),
            {"type": "memory_alloc", "bytes": 3},
            {"type": "net_send", "from": "a", "to": "b", "payload": "p"},
            {"type": "net_partition", "a": "a", "b": "b"},
            {"type": "net_set_reorder", "enabled": True},
            {"type": "sleep", "duration": "2ms"},
            {"type": "freeze"},
            {"type": "http_when", "method": "GET", "path": "/", "status": 204},
        ]
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=MOVES, inside=MOVES, after=MOVES)
def test_a_block_leaves_no_mark(play: Play, before: list[Json], inside: list[Json], after: list[Json]) -> None:
    """Whatever happens inside the block, what follows it ends as if the block were not there."""
    look = [{"type": "memory_checkpoint", "name": "m"}, {"type": "trace_event", "name": "now"}]
    with_block = play([*before, throws(*inside), *after, *look])
    without = play([*before, *after, *look])

    def seen(records: list[Any]) -> list[Any]:
        return [(record.t, record.name, record.fields) for record in records if isinstance(record, Event)]

    assert seen(with_block.records) == seen(without.records)
    assert (with_block.status, with_block.ended.heap) == (without.status, without.ended.heap)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"type": "group", "name": "g", "steps": []}, "empty"),
        ({"type": "group", "steps": [FAIL]}, "missing_field"),
        ({"type": "assert_throws", "steps": []}, "empty"),
        ({"type": "assert_rejects"}, "missing_field"),
        ({"type": "assert_throws", "steps": FAIL}, "bad_value"),
        (group({"type": "proc_when", "cmd": "a", "exit_code": 0}), "only_declares"),
        (
            {"type": "assert_throws", "steps": [{"type": "http_when", "method": "GET", "path": "/", "status": 200}]},
            "only_declares",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("depth", [0, 1, 4])
def test_what_cannot_be_is_refused(problems: Problems, step: Json, code: str, depth: int) -> None:
    """A block without steps, or with declarations alone, is one problem in every depth."""
    found = problems({"version": 1, "name": "n", "steps": [nested(step, depth)]})
    assert [problem.code for problem in found] == [f"scenario.{code}"]
