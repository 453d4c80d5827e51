"""Blocks: steps that hold steps. How each behaves, alone and in the others, and what they say where they fail."""

from __future__ import annotations

import math
import sys
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from fozzy.core.events import Event, Found, Step
from fozzy.dsl.steps.blocks import ATTEMPTS_MAX, BRANCHES_MAX, ROUNDS_MAX, Backoff
from fozzy.dsl.steps.store import POLLS_MAX
from fozzy.engine.prepare import Options

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Play, Played, Problems

MS = 10**6
HOUR = 3600 * 10**9
Json = dict[str, Any]
FAIL = {"type": "fail", "message": "x"}


def say(name: str, **fields: Any) -> Json:
    return {"type": "trace_event", "name": name, "fields": fields}


def sleep(duration: str) -> Json:
    return {"type": "sleep", "duration": duration}


def keep(key: str, value: Any) -> Json:
    return {"type": "set_kv", "key": key, "value": value}


def need(that: Any, **comparison: Any) -> Json:
    return {"type": "assert", "that": that, **comparison}


def block(kind: str, steps: list[Json], **fields: Any) -> Json:
    return {"type": kind, **fields, "steps": steps}


def repeat(times: Any, *steps: Json, **more: Any) -> Json:
    return block("repeat", list(steps), times=times, **more)


def retry(attempts: Any, *steps: Json, **more: Any) -> Json:
    return block("retry", list(steps), attempts=attempts, **more)


def within(timeout: str, *steps: Json) -> Json:
    return block("within", list(steps), timeout=timeout)


def eventually(within: str, poll: str, *steps: Json) -> Json:
    return block("assert_eventually", list(steps), within=within, poll=poll)


def throws(*steps: Json) -> Json:
    return block("assert_throws", list(steps))


def when(that: Any, then: list[Json], other: list[Json] | None = None, **comparison: Any) -> Json:
    return {"type": "if", "that": that, **comparison, "then": then, **({} if other is None else {"else": other})}


def parallel(**branches: list[Json]) -> Json:
    return {"type": "parallel", "branches": branches}


def said(played: Played) -> list[tuple[str, int]]:
    """What was said, and at which millisecond."""
    return [(record.name, record.t // MS) for record in played.records if isinstance(record, Event)]


def path(played: Played) -> str:
    location = played.finding.location
    assert location is not None
    return location.path


# repeat


def test_repeat_runs_so_many_times(play: Play) -> None:
    """The steps run `times` times, the round's number from 0 under `as`, which stays what it was last."""
    played = play([repeat(3, say("r${i}", i="${i}"), **{"as": "i"}), need("${i}", equals=2)])
    assert [name for name, _ in said(played)] == ["r0", "r1", "r2"]
    assert [record.fields["i"] for record in played.records if isinstance(record, Event)] == [0, 1, 2]


def test_repeat_may_run_never(play: Play) -> None:
    """No round is fine: nothing runs and nothing is kept; the times may come from the run."""
    assert said(play([repeat(0, say("a"), FAIL, **{"as": "i"}), need("${i}", exists=False)])) == []
    assert len(said(play([repeat("${n}", say("a"))], vars={"n": 4}))) == 4
    assert play([repeat("${n}", say("a"))], vars={"n": ROUNDS_MAX + 1}).finding.title == "bad_value"


def test_a_failing_round_is_told(play: Play) -> None:
    """The first failure ends it; its place is the step, and around it stands the round."""
    played = play([repeat(5, need("${i}", less=2), say("ok"), **{"as": "i"})])
    assert len(said(played)) == 2
    assert (path(played), played.finding.around) == ("steps[0].repeat.steps[0]", ["round 3 of 5"])


# retry


def flaky(fails: int) -> list[Json]:
    """Steps that fail so many times: a scripted program's ends run out."""
    return [
        *([{"type": "proc_when", "cmd": "a", "exit_code": 1, "times": fails}] if fails else []),
        {"type": "proc_when", "cmd": "a", "exit_code": 0},
    ]


SPAWN = {"type": "proc_spawn", "cmd": "a", "expect_exit": 0}


@pytest.mark.parametrize("fails", [0, 1, 2])
def test_retry_ends_with_the_first_success(play: Play, fails: int) -> None:
    """It runs until the steps hold; what was done before is not put back."""
    rounds = [{"type": "rand_u64"}, say("try"), SPAWN]
    played = play([*flaky(fails), retry(3, *rounds), say("after")])
    assert played.status == "pass" and len(said(played)) == fails + 2
    assert len(played.draws("rand")) == 2 * (fails + 1)
    assert [
        record.failed != "" for record in played.records if isinstance(record, Step) and record.type == "retry"
    ] == [False]


def test_retry_gives_up(play: Play) -> None:
    """After the last attempt its failure is the finding, once, with the attempt around it."""
    played = play([*flaky(9), retry(3, say("try"), SPAWN), say("after")])
    assert [name for name, _ in said(played)] == ["try"] * 3
    assert len(played.findings) == 1 and played.finding.title == "proc_spawn"
    assert (path(played), played.finding.around) == ("steps[2].retry.steps[1]", ["attempt 3 of 3"])


def test_retry_waits_on_the_clock(play: Play) -> None:
    """Between attempts it waits `backoff`; not before the first, not after the last, not after success."""
    assert said(play([*flaky(9), retry(3, say("t"), SPAWN, backoff="5ms")], teardown=[say("end")])) == [
        ("t", 0),
        ("t", 5),
        ("t", 10),
        ("end", 10),
    ]
    assert said(play([*flaky(1), retry(3, say("t"), SPAWN, backoff="5ms"), say("end")]))[-1] == ("end", 5)


@pytest.mark.parametrize(
    ("backoff", "times"),
    [
        ({"first": "1ms"}, [0, 1, 3, 7, 15, 31]),
        ({"first": "1ms", "factor": 1}, [0, 1, 2, 3, 4, 5]),
        ({"first": "2ms", "factor": 3, "max": "10ms"}, [0, 2, 8, 18, 28, 38]),
        ({"first": "2ms", "factor": 1.5}, [0, 2, 5, 9, 16, 26]),
        ({"first": "9ms", "max": "4ms"}, [0, 4, 8, 12, 16, 20]),
        ({"first": "0ms", "factor": 100}, [0, 0, 0, 0, 0, 0]),
    ],
)
def test_a_growing_backoff(play: Play, backoff: Json, times: list[int]) -> None:
    """Each wait is `factor` times as long as the one before, the first is `first`, and none is longer than `max`."""
    assert [at for _, at in said(play([retry(6, say("t"), FAIL, backoff=backoff)]))] == times


def test_a_backoff_has_an_end() -> None:
    """However often it grows, a wait is a number the clock can hold."""
    assert Backoff(first="1h", factor=100).wait_ns(ATTEMPTS_MAX) <= 10**20
    assert Backoff(first="999999999999999h").wait_ns(1) <= 10**18
    assert Backoff(first="1ns", factor=1.0).wait_ns(ATTEMPTS_MAX) == 1


def test_backoff_may_refer_to_the_run(play: Play) -> None:
    """Both forms take their durations from the run; what is none is a finding."""
    more = {"vars": {"t": "5ms", "n": 3, "bad": "soon"}}
    assert said(play([retry(2, say("t"), FAIL, backoff="${t}")], **more))[-1] == ("t", 5)
    assert said(play([retry(2, say("t"), FAIL, backoff={"first": "${n}ms"})], **more))[-1] == ("t", 3)
    for wrong in ("${bad}", {"first": "${bad}"}):
        played = play([retry(2, FAIL, backoff=wrong)], **more)
        assert (played.finding.title, path(played)) == ("bad_value", "steps[0]")


# within


@pytest.mark.parametrize(
    ("steps", "passes", "now_ms"),
    [
        ([sleep("5ms")], True, 5),
        ([sleep("2ms"), sleep("3ms")], True, 5),
        ([sleep("6ms")], False, 5),
        ([sleep("2ms"), sleep("4ms"), say("after")], False, 5),
        ([{"type": "advance", "duration": "6ms"}], False, 5),
        ([{"type": "freeze"}, sleep("6ms")], False, 5),
        ([retry(9, FAIL, backoff="1ms")], False, 5),
        ([{"type": "assert_never_kv", "key": "k", "equals": 1, "within": "9ms", "poll": "3ms"}], False, 5),
        ([block("group", [within("9ms", sleep("7ms"))], name="g")], False, 5),
        ([throws(sleep("4ms"), FAIL), throws(sleep("4ms"), FAIL)], False, 1),
    ],
)
def test_within_is_on_the_clock(play: Play, steps: list[Json], passes: bool, now_ms: int) -> None:
    """Steps that take exactly their time pass; longer ones are ended when it is over, whoever let the time pass."""
    played = play([within("5ms", *steps)])
    assert (played.status == "pass", played.ended.now_ns) == (passes, now_ms * MS)
    if not passes:
        finding = played.finding
        assert (finding.title, finding.kind, played.status) == ("within", "hang", "fail")
        assert finding.message == "the steps inside took longer than 5ms"
        assert (path(played), played.pointed_at) == ("steps[0]", '"5ms"')


def test_the_inner_failure_is_the_finding(play: Play) -> None:
    """Steps that fail in time fail as themselves."""
    assert path(play([within("5ms", sleep("4ms"), FAIL)])) == "steps[0].within.steps[1]"


@pytest.mark.parametrize(
    ("outer", "inner", "failing"),
    [("9ms", "5ms", "steps[0].within.steps[0]"), ("5ms", "9ms", "steps[0]"), ("5ms", "5ms", "steps[0]")],
)
@pytest.mark.parametrize("move", ["sleep", "advance"])
def test_the_nearest_end_decides(play: Play, outer: str, inner: str, failing: str, move: str) -> None:
    """Of nested ones the first whose time is over fails, of two at the same time the outer one."""
    played = play([within(outer, within(inner, {"type": move, "duration": "20ms"}))])
    assert (path(played), played.ended.now_ns) == (failing, 5 * MS)


def test_a_slow_answer_is_cut(play: Play) -> None:
    """A scripted delay has no more than what is left, in the block and after a failure that was caught."""
    rule = {"type": "http_when", "method": "GET", "path": "/", "status": 200, "delay": "4ms"}
    ask = {"type": "http_request", "method": "GET", "path": "/"}
    played = play([rule, within("6ms", ask, ask)])
    assert (played.finding.title, played.ended.now_ns) == ("within", 6 * MS)
    played = play([rule, throws(within("6ms", ask, ask)), within("6ms", ask), say("a")])
    assert (played.status, said(played)) == ("pass", [("a", 4)])


def test_a_host_call_is_cut_in_flight(play: Play, tmp_path: Path) -> None:
    """A real program that would run for a minute is ended when the time of the block is over; so is the block."""
    spawn = {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", "import time; time.sleep(60)"]}
    played = play([within("300ms", spawn)], backends={"proc": "host"}, root=tmp_path)
    assert played.status == "fail" and 300 * MS <= played.ended.now_ns < 20_000 * MS
    assert played.finding.title in ("within", "proc_timeout")


# if


@pytest.mark.parametrize(("value", "branch"), [(1, "then"), (2, "else"), ("1", "else")])
def test_if_takes_one_branch(play: Play, value: Any, branch: str) -> None:
    """`then` runs when all comparisons hold, else `else`."""
    played = play(
        [keep("k", value), when("${k}", [say("then")], [say("else")], equals=1, of_type="integer"), say("on")]
    )
    assert [name for name, _ in said(played)] == [branch, "on"]


def test_if_may_do_nothing(play: Play) -> None:
    """Without `else` nothing happens; a value that is not there can be asked for."""
    assert said(play([when(1, [FAIL], equals=2), say("on")])) == [("on", 0)]
    never = when(1, [keep("x", 1)], equals=2)
    assert said(play([never, when("${x}", [say("there")], [say("not")], exists=True)])) == [("not", 0)]


def test_places_inside_if(play: Play) -> None:
    """A failure in a branch is placed there."""
    for value, branch in ((1, "then"), (2, "else")):
        played = play([when(value, [say("a"), FAIL], [say("b"), FAIL], equals=1)])
        assert path(played) == f"steps[0].if.{branch}[1]"
        assert played.finding.location is not None and played.finding.location.line == (15 if branch == "then" else 26)


# assert_eventually


@pytest.mark.parametrize(
    ("within", "poll", "looks"),
    [
        ("10ms", "5ms", [0, 5, 10]),
        ("9ms", "5ms", [0, 5]),
        ("0ms", "5ms", [0]),
        ("4ms", "5ms", [0]),
        ("3ms", "1ms", [0, 1, 2, 3]),
    ],
)
def test_it_polls_until_the_time_is_over(play: Play, within: str, poll: str, looks: list[int]) -> None:
    """It looks at once, at every poll, and at the end of the time if a poll falls there; then the last failure counts."""
    played = play([eventually(within, poll, say("look"), FAIL)], teardown=[say("end")])
    assert [at for name, at in said(played) if name == "look"] == looks
    assert said(played)[-1] == ("end", looks[-1])
    assert path(played) == "steps[0].assert_eventually.steps[1]"
    assert played.finding.around == [f"poll {len(looks)}, the last within {within}"]


def test_it_ends_with_the_first_success(play: Play) -> None:
    """Once the steps hold it goes on at once."""
    played = play([*flaky(2), eventually("10ms", "5ms", say("look"), SPAWN), say("on")])
    assert said(played) == [("look", 0), ("look", 5), ("look", 10), ("on", 10)]


def test_steps_that_take_time_have_fewer_polls(play: Play) -> None:
    """Time the steps take counts: no poll begins after the end."""
    played = play([eventually("10ms", "2ms", say("look"), sleep("4ms"), FAIL)])
    assert [at for _, at in said(played)] == [0, 6]


@pytest.mark.parametrize(
    ("within", "poll", "message"),
    [
        ("1s", "0ms", '"poll" must be more than nothing'),
        ("1h", "1us", f'"within" has more than {POLLS_MAX} polls'),
    ],
)
def test_polls_are_bounded(play: Play, problems: Problems, within: str, poll: str, message: str) -> None:
    """No poll, and too many, are problems; from the run they are findings."""
    (problem,) = problems({"version": 1, "name": "n", "steps": [eventually(within, poll, FAIL)]})
    assert message in problem.message
    played = play([eventually("${w}", "${p}", FAIL)], vars={"w": within, "p": poll})
    assert (played.finding.title, played.finding.kind) == ("bad_value", "input_invalid")


# what no block swallows, and what all of them do

AROUND: dict[str, Any] = {
    "repeat": lambda *steps: repeat(1, *steps),
    "retry": lambda *steps: retry(3, *steps, backoff="1ms"),
    "within": lambda *steps: within("9h", *steps),
    "if": lambda *steps: when(1, list(steps), equals=1),
    "else": lambda *steps: when(1, [FAIL], list(steps), equals=2),
    "assert_eventually": lambda *steps: eventually("5h", "1h", *steps),
    "assert_throws": throws,
    "assert_rejects": lambda *steps: block("assert_rejects", list(steps)),
    "group": lambda *steps: block("group", list(steps), name="g"),
    "parallel": lambda *steps: parallel(a=list(steps), b=[sleep("1ms")]),
}
INSIDE = {
    "if": "if.then",
    "else": "if.else",
    "parallel": "parallel.branches.a",
    **{name: f"{name}.steps" for name in AROUND if name not in ("if", "else", "parallel")},
}
PAIRS = list(permutations(AROUND, 2))


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_no_block_swallows_a_timeout(play: Play, pair: tuple[str, str]) -> None:
    """The run's timeout ends the run through any two blocks, and is placed at the step that was running."""
    outer, inner = pair
    played = play([AROUND[outer](AROUND[inner](say("in"), {"type": "advance", "duration": "9ms"}))], timeout="5ms")
    assert (played.status, played.finding.title) == ("timeout", "timeout")
    assert path(played) == f"steps[0].{INSIDE[outer]}[0].{INSIDE[inner]}[1]"
    sleeping = play([AROUND[outer](AROUND[inner](sleep("9h"), FAIL))], timeout="5ms")
    assert (sleeping.status, sleeping.ended.now_ns) == ("timeout", 5 * MS)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_no_block_swallows_an_error_of_ours(play: Play, pair: tuple[str, str]) -> None:
    """Whatever is no failed step, such as a drift of a replay, passes through any two blocks."""
    outer, inner = pair

    class Drifting:
        def draw(self, label: str, low: int, high: int) -> int:
            if label == "rand":
                raise LookupError("drift")
            return low

    with pytest.raises(LookupError, match="drift"):
        play([AROUND[outer](AROUND[inner]({"type": "rand_u64"}))], source=Drifting())


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_a_failure_knows_its_place(play: Play, pair: tuple[str, str]) -> None:
    """A failure inside two blocks is placed at its own line with what the blocks say around it, innermost first."""
    outer, inner = pair
    played = play([say("a"), AROUND[outer](say("b"), AROUND[inner](say("c"), FAIL))])
    catching = {"assert_throws", "assert_rejects"}
    if outer in catching or inner in catching:
        assert played.status == ("fail" if {outer, inner} <= catching else "pass")
        return
    assert played.status == "fail" and len(played.findings) == 1
    assert path(played) == f"steps[1].{INSIDE[outer]}[1].{INSIDE[inner]}[1]"
    said_around = {
        "repeat": "round 1 of 1",
        "retry": "attempt 3 of 3",
        "assert_eventually": f"poll {5 if inner == 'retry' else 6}, the last within 5h",  # retries take time
        "parallel": "branch a",
    }
    assert played.finding.around == [said_around[name] for name in (inner, outer) if name in said_around]
    assert played.finding.location is not None and '"b"' not in played.finding.location.text


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_every_block_is_looked_into(problems: Problems, pair: tuple[str, str]) -> None:
    """The same mistakes are found at any depth, each once, each at its own place, named with its block."""
    outer, inner = pair
    wrong = [
        sleep("soon"),
        {"type": "rand_int", "key": "k", "min": 2, "max": 1},
        {"type": "sey"},
        need("${nobody}", equals=1),
    ]
    found = problems({"version": 1, "name": "n", "steps": [AROUND[outer](AROUND[inner](*wrong))]})
    assert len(found) == 4, [each.message for each in found]
    block_name = "if" if inner == "else" else inner
    assert [each.text.strip() for each in found if each.code == "scenario.unknown_step"] == ['"type": "sey"']
    for each in found:
        assert each.where is not None and each.where.line > 5
        assert each.message.startswith(f"inside {block_name}: ") or each.code == "scenario.unknown_name"


@pytest.mark.parametrize("kind", AROUND)
def test_blocks_that_execute_nothing(problems: Problems, kind: str) -> None:
    """An empty block, and one that only declares, are problems."""
    declares = {"type": "proc_when", "cmd": "a", "exit_code": 0}
    found = problems({"version": 1, "name": "n", "steps": [AROUND[kind](declares)]})
    assert [each.code for each in found] == ["scenario.only_declares"]
    found = problems({"version": 1, "name": "n", "steps": [AROUND[kind]()]})
    assert [each.code for each in found] == ["scenario.empty"]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (retry(0, FAIL), '"attempts" must be a whole number from 1 to 10000'),
        (retry(ATTEMPTS_MAX + 1, FAIL), '"attempts" must be a whole number from 1 to 10000'),
        (retry(2, FAIL, backoff=5), '"backoff" must be'),
        (retry(2, FAIL, backoff={"first": "1ms", "factor": 0.5}), '"factor" must be a number from 1 to 100'),
        (retry(2, FAIL, backoff={"factor": 2}), 'needs "first"'),
        (retry(2, FAIL, backoff={"first": "1ms", "most": "1s"}), 'has no field "most"'),
        (repeat(-1, FAIL), '"times" must be a whole number of at least 0'),
        (repeat(ROUNDS_MAX + 1, FAIL), f'"times" must be at most {ROUNDS_MAX}'),
        (repeat(1, FAIL, **{"as": ""}), '"as" must be text that is not empty'),
        (within("5", FAIL), '"timeout" must be a whole number and a unit'),
        ({"type": "within", "steps": [FAIL]}, '"within" needs "timeout"'),
        ({"type": "if", "that": 1, "equals": 1}, '"if" needs "then"'),
        ({"type": "if", "that": 1, "then": [FAIL]}, "a comparison must be given"),
        ({"type": "if", "equals": 1, "then": [FAIL]}, '"if" needs "that"'),
        (when(1, [FAIL], [], equals=1), '"else" must not be empty'),
        (parallel(), '"branches" must not be empty'),
        (parallel(a=[]), '"a" must not be empty'),
        (parallel(**{"a b": [FAIL]}), '"a b" cannot name a branch'),
        (parallel(**{"a.b": [FAIL]}), '"a.b" cannot name a branch'),
        (
            parallel(**{f"b{n}": [FAIL] for n in range(BRANCHES_MAX + 1)}),
            f'"branches" must have at most {BRANCHES_MAX} items, got {BRANCHES_MAX + 1}',
        ),
        ({"type": "parallel", "branches": [[FAIL]]}, '"branches" must be an object'),
        ({"type": "parallel", "steps": [FAIL]}, '"parallel" has no field "steps"'),
    ],
)
def test_what_is_wrongly_written(problems: Problems, step: Json, message: str) -> None:
    """Numbers out of range, missing and unknown fields, impossible names: each is a problem in words."""
    found = problems({"version": 1, "name": "n", "steps": [step]})
    assert any(message in each.message for each in found), [each.message for each in found]
    assert all(each.where is not None for each in found)


def test_a_branch_that_cannot_be_named_is_one_problem(problems: Problems) -> None:
    """The problem of a name is told once and points at the branch."""
    (problem,) = problems({"version": 1, "name": "n", "steps": [parallel(**{"a b": [FAIL], "ok": [FAIL]})]})
    assert '"a b"' in problem.text


def test_every_block_ends_in_the_trace(play: Play) -> None:
    """Each block that ends is a record after its steps, with the time it took; one that fails says how."""
    played = play([within("1s", sleep("2ms")), throws(retry(2, FAIL, backoff="3ms"))])
    ends = [(record.at, record.took // MS, record.failed) for record in played.records if isinstance(record, Step)]
    assert ends == [
        ("steps[0].within.steps[0]", 2, ""),
        ("steps[0]", 2, ""),
        ("steps[1].assert_throws.steps[0].retry.steps[0]", 0, "fail: x"),
        ("steps[1].assert_throws.steps[0].retry.steps[0]", 0, "fail: x"),
        ("steps[1].assert_throws.steps[0]", 3, "fail: x"),
        ("steps[1]", 0, ""),
    ]
    assert not any(isinstance(record, Found) for record in played.records)


def test_a_deep_nest_runs(play: Play) -> None:
    """Blocks nest as deep as a scenario may."""
    step = say("deep")
    for index in range(20):
        step = [block("group", [step], name="g"), repeat(1, step), within("1s", step)][index % 3]
    assert said(play([step])) == [("deep", 0)]


def test_nested_rounds_multiply(play: Play) -> None:
    """Blocks inside repeated blocks begin anew each time."""
    inner = retry(2, say("t", i="${i}", j="${j}"), need("${i}", not_equals=-1))
    played = play([repeat(3, repeat(2, inner, **{"as": "j"}), **{"as": "i"})])
    assert [tuple(r.fields.values()) for r in played.records if isinstance(r, Event)] == [
        (i, j) for i in range(3) for j in range(2)
    ]


def test_real_time_is_spent_without_det(play: Play) -> None:
    """Without `--det` the waits of blocks are spent, and the clock moves by the same."""
    waited: list[int] = []
    steps = [
        throws(retry(3, FAIL, backoff="2ms")),
        throws(eventually("3ms", "3ms", FAIL)),
        parallel(a=[sleep("4ms")], b=[sleep("1ms")]),
    ]
    played = play(steps, options=Options(det=False), wait=waited.append)
    assert sum(waited) == (2 + 2 + 3 + 4) * MS and played.ended.now_ns == 4 * MS
    assert math.isclose(played.ended.aside_ns, 7 * MS)
