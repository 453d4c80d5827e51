"""Parallel branches: every interleaving and no other, calm where nothing is drawn, the same again on replay."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any

import pytest

from fozzy.core.events import Draw, Event, Record, Step
from fozzy.core.log import Log
from fozzy.core.sources import Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.prepare import Options, Ready, header_of, ready, start
from fozzy.engine.run import Ended
from fozzy.engine.tape import Drift, ReplayLog, Tape

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Fz, Play, Played, WriteScenario

MS = 10**6
Json = dict[str, Any]
SEEDS = 50_000


class Zeros:
    """A source that always draws the lowest."""

    def draw(self, label: str, low: int, high: int) -> int:
        del label, high
        return low


class Script:
    """A source with given draws for `parallel`, the lowest for everything else; past the end the lowest."""

    def __init__(self, *values: int) -> None:
        self._values = list(values)

    def draw(self, label: str, low: int, high: int) -> int:
        if label.startswith("parallel") and self._values:
            return min(self._values.pop(0), high)
        return low


def say(name: str) -> Json:
    return {"type": "trace_event", "name": name}


def sleep(duration: str) -> Json:
    return {"type": "sleep", "duration": duration}


def keep(key: str, value: Any) -> Json:
    return {"type": "set_kv", "key": key, "value": value}


def parallel(name: str | None = None, **branches: list[Json]) -> Json:
    return {"type": "parallel", **({"name": name} if name else {}), "branches": branches}


def letters(*names: str, each: int = 3) -> Json:
    """Branches that say their own name so many times."""
    return parallel(**{name: [say(name)] * each for name in names})


def made(steps: list[Json], **more: Any) -> Ready:
    """Steps, bound once and ready for any number of executions."""
    text = json.dumps({"version": 1, "name": "n", **more, "steps": steps}, indent=1)
    loaded = parse(document(text.encode(), "n.fozzy.json", "n.fozzy.json", "json"))
    header, redactor = header_of(loaded, Options(det=True), 1, "run")
    return ready(header, loaded, redactor)


def executed(run: Ready, source: Any) -> tuple[Ended, list[Record]]:
    records: list[Record] = []
    return start(run, source, Log([records.extend])), records


def order(records: list[Record]) -> str:
    """What was said, in order, as one word."""
    return "".join(record.name for record in records if isinstance(record, Event))


def said(played: Played) -> list[tuple[str, int]]:
    return [(record.name, record.t // MS) for record in played.records if isinstance(record, Event)]


def words(counts: dict[str, int]) -> set[str]:
    """Every word with so many of each letter."""
    if not any(counts.values()):
        return {""}
    left = [letter for letter, count in counts.items() if count]
    return {letter + rest for letter in left for rest in words({**counts, letter: counts[letter] - 1})}


def test_every_interleaving_is_reached_and_no_other() -> None:
    """Three branches of three steps: the seeds reach all 1,680 orders that keep each branch's own, and nothing else."""
    run = made([letters("a", "b", "c")])
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        records: list[Record] = []
        assert start(run, Seeded(seed), Log([records.extend])).status == "pass"
        seen["".join([record.name for record in records if type(record) is Event])] += 1
    assert len(seen) == factorial(9) // factorial(3) ** 3
    assert set(seen) == words({"a": 3, "b": 3, "c": 3})


def test_a_systematic_source_reaches_every_interleaving_once() -> None:
    """Walking the tree of all draws comes to each interleaving exactly once: no draw is without effect."""
    run = made([letters("a", "b", each=3)])
    seen: Counter[str] = Counter()
    tape: list[int] = []
    while True:
        taken: list[tuple[int, int]] = []

        class Walk:
            def draw(self, label: str, low: int, high: int, taken: list[tuple[int, int]] = taken) -> int:
                assert (label, low) == ("parallel", 0)
                value = tape[len(taken)] if len(taken) < len(tape) else 0
                taken.append((value, high))
                return value

        _, records = executed(run, Walk())
        seen[order(records)] += 1
        while taken and taken[-1][0] == taken[-1][1]:
            taken.pop()
        if not taken:
            break
        tape = [value for value, _ in taken[:-1]] + [taken[-1][0] + 1]
    assert seen == Counter(dict.fromkeys(words({"a": 3, "b": 3}), 1))


def test_zeros_never_switch(play: Play) -> None:
    """A tape of zeros runs one branch after the other, in the order they are declared."""
    assert order(play([letters("b", "a", "c")], source=Zeros()).records) == "bbbaaaccc"


def test_zeros_switch_only_where_one_waits(play: Play) -> None:
    """A branch that waits gives way; the one that took over goes on when the first wakes."""
    steps = [
        parallel(
            a=[say("a"), sleep("2ms"), say("A")],
            b=[say("b"), {"type": "advance", "duration": "3ms"}, say("c"), say("d")],
        )
    ]
    assert order(play(steps, source=Zeros()).records) == "abcdA"


def test_a_draw_stays_with_the_branch_it_chose(play: Play) -> None:
    """After a switch zeros stay with the branch that was switched to."""
    assert order(play([letters("a", "b", "c")], source=Script(0, 1)).records) == "abbbaaccc"
    assert order(play([letters("a", "b", "c")], source=Script(2, 2)).records) == "cbbbaaacc"


BLOCKS_THAT_LOOK: list[tuple[str, Json]] = [
    ("if", {"type": "if", "that": "${x}", "equals": 1, "then": [say("ok")]}),
    ("repeat", {"type": "repeat", "times": "${x}", "steps": [say("ok")]}),
    ("eventually", {"type": "assert_eventually_kv", "key": "x", "equals": 1, "within": "0ms", "poll": "1ms"}),
    (
        "never",
        {
            "type": "assert_throws",
            "steps": [{"type": "assert_never_kv", "key": "x", "equals": 1, "within": "0ms", "poll": "1ms"}],
        },
    ),
    ("sleep", sleep("${x}ms")),
]


@pytest.mark.parametrize(("name", "step"), BLOCKS_THAT_LOOK, ids=[name for name, _ in BLOCKS_THAT_LOOK])
def test_a_block_looks_when_it_is_its_turn(play: Play, name: str, step: Json) -> None:
    """A block that begins a branch looks at the run when the branch goes on, not when the parallel begins."""
    del name
    never = {"type": "if", "that": 1, "equals": 2, "then": [keep("x", 1)]}
    played = play([never, parallel(a=[keep("x", 1)], b=[step, say("end")])], source=Zeros())
    assert played.status == "pass", played.findings
    assert order(played.records).endswith("end") and (
        step["type"] not in ("if", "repeat") or "ok" in order(played.records)
    )


def test_rounds_of_two_branches_may_share_a_key(play: Play) -> None:
    """`as` is kept when the round begins: one branch after the other sees its own numbers."""
    rounds = {"type": "repeat", "times": 3, "as": "i", "steps": [say("${i}")]}
    assert order(play([parallel(a=[rounds], b=[rounds])], source=Zeros()).records) == "012012"


def test_what_is_put_back_is_of_that_moment(play: Play) -> None:
    """`assert_throws` puts back what was when its turn came, not when the parallel began."""
    throws = {"type": "assert_throws", "steps": [keep("x", 2), {"type": "fail", "message": "f"}]}
    steps = [parallel(a=[keep("x", 1)], b=[throws]), {"type": "get_kv_assert", "key": "x", "equals": 1}]
    assert play(steps, source=Zeros()).status == "pass"


def test_between_a_look_and_the_step_after_it_another_may_go(play: Play) -> None:
    """Check, then act: two branches can both find the key free, which is the race worth finding."""
    take = {"type": "if", "that": "${x}", "exists": False, "then": [say("take"), keep("x", 1)]}
    run = made([parallel(a=[take], b=[take])])
    taken = {order(executed(run, Seeded(seed))[1]).count("take") for seed in range(200)}
    assert taken == {1, 2}


@pytest.mark.parametrize("seed", range(8))
def test_a_recorded_interleaving_replays_exactly(seed: int) -> None:
    """The recording decides as it did, whatever the seed; every record is the same."""
    steps = [
        letters("a", "b", "c"),
        parallel(
            "in",
            a=[sleep("2ms"), say("x")],
            b=[parallel(c=[say("y"), {"type": "rand_u64"}], d=[say("z")]), sleep("1ms")],
        ),
    ]
    run = made(steps)
    _, records = executed(run, Seeded(seed))
    tape = Tape(iter(records), seed + 1, failing=None, complete=True)
    again: list[Record] = []
    start(run, tape, ReplayLog(tape, [again.extend]))
    tape.finish()
    assert again == records and not tape.free


def test_another_interleaving_is_drift() -> None:
    """A recording whose draw was altered does not replay: the steps come in another order."""
    run = made([letters("a", "b")])
    _, records = executed(run, Zeros())
    at = next(index for index, record in enumerate(records) if isinstance(record, Draw))
    first = records[at]
    assert isinstance(first, Draw)
    records[at] = Draw(first.t, first.at, first.label, first.low, first.high, 1 - first.value)
    tape = Tape(iter(records), 1, failing=None, complete=True)
    with pytest.raises(Drift) as drift:
        start(run, tape, ReplayLog(tape))
    assert drift.value.number == at + 1


# sleeping branches


def test_sleepers_share_the_time(play: Play) -> None:
    """Branches sleep at the same time: the clock jumps to the earliest, and the whole takes as long as the longest."""
    steps = [
        parallel(
            a=[sleep("3ms"), say("a")], b=[sleep("1ms"), say("b")], c=[sleep("2ms"), say("c"), sleep("5ms"), say("C")]
        )
    ]
    played = play(steps)
    assert said(played) == [("b", 1), ("c", 2), ("a", 3), ("C", 7)]
    assert played.ended.now_ns == 7 * MS and not played.draws("parallel")


def test_sleepers_wake_in_order_of_time(play: Play) -> None:
    """When the clock passed several ends, those that slept until earlier wake first, ties as declared."""
    steps = [
        parallel(
            a=[sleep("9ms"), say("a")],
            b=[sleep("5ms"), say("b")],
            c=[sleep("5ms"), say("c")],
            d=[{"type": "advance", "duration": "20ms"}],
        )
    ]
    played = play(steps, source=Zeros())
    woke = [record.at for record in played.records if isinstance(record, Step) and record.type == "sleep"]
    assert [each[-4] for each in woke] == ["b", "c", "a"]
    assert [record.took // MS for record in played.records if isinstance(record, Step) and record.type == "sleep"] == [
        20
    ] * 3


def test_ties_wake_as_declared_and_are_drawn(play: Play) -> None:
    """Branches that wake at the same time are ready together: the first declared wakes first, a draw says who goes on."""
    steps = [parallel(b=[sleep("1ms"), say("b")], a=[sleep("1ms"), say("a")])]
    played = play(steps, source=Zeros())
    assert order(played.records) == "ba" and len(played.draws("parallel")) == 1
    assert order(play(steps, source=Script(1)).records) == "ab"


def test_one_that_can_go_on_is_not_kept_waiting(play: Play) -> None:
    """As long as a branch can go on the clock does not jump, and a draw is only among those that can."""
    played = play([parallel(a=[sleep("1h"), say("a")], b=[say("b")] * 3)])
    assert [at for _, at in said(played)] == [0, 0, 0, 3600_000] and not played.draws("parallel")


def test_polls_and_backoff_park_too(play: Play) -> None:
    """Whatever waits gives way: polls, backoff and sleeps of one branch run beside those of the others."""
    until = {"type": "assert_eventually_kv", "key": "k", "equals": 1, "within": "9ms", "poll": "1ms"}
    again = {
        "type": "retry",
        "attempts": 9,
        "backoff": "1ms",
        "steps": [{"type": "get_kv_assert", "key": "k", "equals": 1}],
    }
    block = {
        "type": "assert_eventually",
        "within": "9ms",
        "poll": "2ms",
        "steps": [{"type": "get_kv_assert", "key": "k", "equals": 1}],
    }
    setter = [sleep("3ms"), keep("k", 1), sleep("9ms")]
    played = play([parallel(a=[until, say("a")], b=[again, say("b")], c=[block, say("c")], d=setter)], source=Zeros())
    assert played.status == "pass" and played.ended.now_ns == 12 * MS
    assert dict(said(played)) in ({"a": 3, "b": 3, "c": 4}, {"a": 4, "b": 4, "c": 4})


# failures


def test_a_failing_branch_ends_the_others(play: Play) -> None:
    """The first failure is the parallel's: nothing of the others runs after it, teardown does."""
    steps = [
        parallel(a=[say("a"), {"type": "fail", "message": "x"}], b=[sleep("1ms"), say("b")], c=[say("c")] * 9),
        say("on"),
    ]
    played = play(steps, source=Zeros(), teardown=[say("t")])
    assert order(played.records) == "at"
    location = played.finding.location
    assert location is not None and location.path == "steps[0].parallel.branches.a[1]"
    assert played.finding.around == ["branch a"] and len(played.findings) == 1
    assert [record.type for record in played.records if isinstance(record, Step) and record.failed] == [
        "fail",
        "parallel",
    ]


def test_a_failure_in_nested_parallels_names_both(play: Play) -> None:
    """Branches inside branches are told innermost first."""
    inner = parallel("in", x=[say("x"), {"type": "fail", "message": "f"}])
    finding = play([parallel(outer=[{"type": "retry", "attempts": 2, "steps": [inner]}])]).finding
    assert finding.around == ["branch x", "attempt 2 of 2", "branch outer"]
    location = finding.location
    assert location is not None
    assert location.path == "steps[0].parallel.branches.outer[0].retry.steps[0].parallel.branches.x[1]"


def test_branches_with_odd_names_are_found(play: Play) -> None:
    """Names that look like parts of a path do not lead a finding astray."""
    for name in ("steps", "0", "branches", "then", "-", "parallel", "steps0"):
        played = play(
            [say("first"), parallel(other=[say("o")], **{name: [say("a"), {"type": "fail", "message": name}]})]
        )
        assert played.finding.location is not None
        lines = json.dumps(
            {
                "version": 1,
                "name": "n",
                "steps": [
                    say("first"),
                    parallel(other=[say("o")], **{name: [say("a"), {"type": "fail", "message": name}]}),
                ],
            },
            indent=1,
        ).split("\n")
        wanted = next(number for number, text in enumerate(lines, 1) if '"fail"' in text) - 1
        assert played.finding.location.line == wanted


def test_within_and_the_other_branches(play: Play) -> None:
    """Time that another branch lets pass counts for a `within` of this one; its own pauses end when its time is over."""
    slow = {"type": "within", "timeout": "5ms", "steps": [say("in"), sleep("2ms"), say("late")]}
    played = play([parallel(a=[slow], b=[{"type": "advance", "duration": "9ms"}])], source=Zeros())
    assert (played.finding.title, played.finding.around) == ("within", ["branch a"])
    long = {"type": "within", "timeout": "5ms", "steps": [sleep("1h")]}
    played = play([parallel(a=[long], b=[sleep("1ms"), say("b")])])
    assert (played.finding.title, said(played), played.ended.now_ns) == ("within", [("b", 1)], 5 * MS)


def test_a_parallel_within(play: Play) -> None:
    """A `within` around branches bounds all of them, also while all sleep; a timeout of the run ends all."""
    both = parallel(a=[sleep("3ms"), say("a"), sleep("9ms")], b=[sleep("20ms")])
    played = play([{"type": "within", "timeout": "5ms", "steps": [both]}])
    assert (played.finding.title, said(played), played.ended.now_ns) == ("within", [("a", 3)], 5 * MS)
    played = play([both], timeout="5ms")
    assert (played.status, played.ended.now_ns) == ("timeout", 5 * MS)


# draws


def test_draws_tell_where_and_what(play: Play) -> None:
    """A draw is the parallel's: its path is the span, its label `parallel` or with the name; only real choices are drawn."""
    inner = parallel("in", x=[say("x")] * 2, y=[say("y")] * 2)
    played = play(
        [parallel("out", a=[inner], b=[say("b")] * 2), letters("c", "d", each=1), letters("e", each=4)], source=Zeros()
    )
    drawn = {(record.label, record.at) for record in played.records if isinstance(record, Draw)}
    assert drawn == {
        ("parallel.out", "steps[0]"),
        ("parallel.in", "steps[0].parallel.branches.a[0]"),
        ("parallel", "steps[1]"),
    }
    assert all(record.low == 0 and record.high >= 1 for record in played.records if isinstance(record, Draw))


@pytest.mark.parametrize("seed", range(6))
def test_a_draw_inside_moves_no_draw_of_the_schedule(play: Play, seed: int) -> None:
    """Branches that draw for themselves run in the same order as before, also when what they draw is more."""
    plain = [letters("a", "b", "c")]
    drawing = [parallel(**{name: [{**say(name), "fields": {"r": name}} for _ in range(3)] for name in "abc"})]
    more = [
        {"type": "repeat", "times": 5, "steps": [{"type": "rand_u64"}]},
        {"type": "rand_int", "key": "k", "min": 0, "max": 9},
    ]
    assert play([*more, *drawing], seed=seed).draws("parallel") == play(plain, seed=seed).draws("parallel")

    def with_draw(name: str) -> list[Json]:
        """The middle step draws instead of saying something; the number of steps is the same."""
        return [say(name), {"type": "rand_u64", "key": f"k{name}"}, say(name)]

    drawn = play([parallel(a=with_draw("a"), b=with_draw("b"), c=with_draw("c"))], seed=seed)
    assert drawn.draws("parallel") == play(plain, seed=seed).draws("parallel")


def test_spans_of_steps_are_their_own(play: Play) -> None:
    """After a switch a draw inside a branch carries the path of its own step."""
    branches = {name: [{"type": "rand_int", "key": name, "min": 0, "max": 9}] * 3 for name in "ab"}
    played = play([parallel(**branches)])
    for record in played.records:
        if isinstance(record, Draw) and record.label.startswith("rand."):
            assert record.at.startswith(f"steps[0].parallel.branches.{record.label[-1]}[")


def test_nested_parallels_interleave_with_the_outer_ones() -> None:
    """Inner branches interleave with each other and with the outer branches: every order is reached."""
    run = made([parallel(a=[parallel("in", x=[say("x")] * 2, y=[say("y")])], b=[say("b")] * 2)])
    seen = {order(executed(run, Seeded(seed))[1]) for seed in range(2000)}
    assert seen == words({"x": 2, "y": 1, "b": 2})


def test_shared_state_races(play: Play) -> None:
    """A lost update is reachable, and so is a kept one: what branches share they share."""

    def add(name: str) -> list[Json]:
        return [
            keep(f"seen_{name}", "${n}"),
            {"type": "if", "that": "${seen_" + name + "}", "equals": 0, "then": [keep("n", 1)], "else": [keep("n", 2)]},
        ]

    run = made([keep("n", 0), parallel(a=add("a"), b=add("b")), {"type": "get_kv_assert", "key": "n", "equals": 2}])
    assert {executed(run, Seeded(seed))[0].status for seed in range(60)} == {"pass", "fail"}
    assert executed(run, Zeros())[0].status == "pass"


def test_two_of_many_branches_can_be_chosen(play: Play) -> None:
    """A draw among many branches reaches each of them first."""
    names = [f"b{index}" for index in range(20)]
    steps = [parallel(**{name: [say(name + " ")] for name in names})]
    for index, _ in enumerate(names):
        assert order(play(steps, source=Script(index)).records).startswith(names[index] + " ")


@pytest.mark.parametrize("pair", list(combinations(["sleep", "say", "rand"], 2)))
def test_through_the_command_line(fz: Fz, scenario: WriteScenario, pair: tuple[str, str], project: Path) -> None:
    """A run with branches is recorded and its trace replays SAME."""
    kinds = {"sleep": sleep("1ms"), "say": say("x"), "rand": {"type": "rand_u64"}}
    scenario("s", [parallel("p", **{name: [kinds[name]] * 4 for name in pair})])
    assert fz("run", "s.fozzy.json", "--det", "--seed", "5", "--record", "t.fozzy").code == 0
    ran = fz("replay", "t.fozzy", "--json")
    assert (ran.code, ran.document()["replay"]["verdict"]) == (0, "SAME")
