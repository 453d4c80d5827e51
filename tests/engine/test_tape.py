from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from fozzy.core.choice import Answer, Choices, Request
from fozzy.core.clock import Clock
from fozzy.core.events import Ask, Draw, Event, Found, Record, Step
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.engine.run import Ended
from fozzy.engine.tape import Drift, Reached, ReplayLog, Tape, TapeEnded, describe, verdict_of
from fozzy.errors import EvidenceError


class Said(Answer, frozen=True, kw_only=True):
    """An answer."""

    n: int


class Asked(Request, frozen=True, kw_only=True):
    """A question."""

    answer = Said
    q: str


def live(_budget: int) -> NoReturn:
    raise AssertionError("the world was asked")


def choices(tape: Tape) -> Choices:
    made = Choices(tape, Clock(), ReplayLog(tape), Redactor(), 10**9)
    made.span = "steps[0]"
    return made


def tape_of(records: list[Record], **more: Any) -> Tape:
    return Tape(iter(records), 7, **{"failing": None, "complete": True, **more})


def drawn(value: int, label: str = "rand") -> Draw:
    return Draw(0, "steps[0]", label, 0, 9, value)


def asked(q: str, n: Any, took: int = 0) -> Ask:
    return Ask(0, "steps[0]", "w.x", {"q": q}, {"n": n}, took)


def step(at: str = "steps[0]", kind: str = "fail", digest: str = "aa", **more: Any) -> Step:
    return Step(0, at, kind, digest, **more)


def test_draws_and_answers_come_from_the_tape_and_the_world_is_never_asked() -> None:
    """In order, whatever the seed would have said; the recorded time of an answer passes again."""
    tape = tape_of([drawn(3), asked("a", 5, took=70), Draw(70, "steps[0]", "rand", 0, 9, 8)])
    run = choices(tape)
    assert run.draw("rand", 0, 9) == 3
    assert run.ask("w.x", Asked(q="a"), live, Said) == Said(n=5)
    assert run.clock.now == 70
    assert run.draw("rand", 0, 9) == 8
    tape.finish()
    assert verdict_of(tape, Ended(), None).verdict == "SAME"


@pytest.mark.parametrize(
    ("act", "now"),
    [
        (lambda run: run.draw("other", 0, 9), "draw other from 0 to 9"),
        (lambda run: run.draw("rand", 0, 8), "draw rand from 0 to 8"),
        (lambda run: run.draw("rand", 1, 9), "draw rand from 1 to 9"),
        (lambda run: run.ask("w.x", Asked(q="a"), live, Said), 'ask w.x {"q":"a"}'),
        (lambda run: run.log.append(step()), "step fail at steps[0]"),
        (lambda run: run.log.append(Event(0, "steps[0]", "e", {"x": 1})), 'event e {"x":1} at steps[0]'),
    ],
)
def test_another_act_than_the_recorded_one_is_drift(act: Callable[[Choices], Any], now: str) -> None:
    """It names the record's number, what was recorded, and what was done now."""
    tape = tape_of([drawn(1), drawn(3)])
    run = choices(tape)
    run.draw("rand", 0, 9)
    with pytest.raises(Drift) as caught:
        act(run)
    found = verdict_of(tape, Ended(), caught.value)
    assert (found.verdict, found.record, found.records) == ("DRIFT", 1, 1)
    assert found.recorded == "draw rand from 0 to 9: 3 at steps[0]"
    assert found.now == now
    assert found.cause


@pytest.mark.parametrize("then", [asked("b", 5), Ask(0, "steps[0]", "w.y", {"q": "a"}, {"n": 5}, 0), step()])
def test_another_question_is_drift(then: Record) -> None:
    """A question is held against the recorded one by its label and by its words."""
    tape = tape_of([then])
    with pytest.raises(Drift) as caught:
        choices(tape).ask("w.x", Asked(q="a"), live, Said)
    assert caught.value.number == 0
    assert caught.value.now == 'ask w.x {"q":"a"}'
    assert caught.value.recorded == describe(then)


@pytest.mark.parametrize(
    "then",
    [
        Draw(5, "steps[0]", "rand", 0, 9, 3),
        Draw(0, "steps[1]", "rand", 0, 9, 3),
    ],
)
def test_the_same_choice_at_another_time_or_place_is_drift(then: Draw) -> None:
    """A record is compared whole: its time and its step count too."""
    tape = tape_of([then])
    with pytest.raises(Drift) as caught:
        choices(tape).draw("rand", 0, 9)
    assert caught.value.number == 0


@pytest.mark.parametrize(
    ("then", "now", "same"),
    [
        (step(), step(), True),
        (step(digest="aa"), step(digest="bb"), False),
        (step(digest=""), step(digest="bb"), True),
        (step(digest="aa"), step(digest=""), True),
        (step(digest="", note="x"), step(digest="bb", note="y"), False),
        (step(note="x"), step(note="y"), False),
        (step(took=1), step(took=2), False),
        (step(failed="x"), step(), False),
        (Event(0, "a", "e", {"x": 1}), Event(0, "a", "e", {"x": 1}), True),
        (Event(0, "a", "e", {"x": [1, 2]}), Event(0, "a", "e", {"x": (1, 2)}), True),
        (Event(0, "a", "e", {"x": 1}), Event(0, "a", "e", {"x": 2}), False),
        (Found(0, "a", "panic", "t", "m"), Found(0, "a", "panic", "t", "m"), True),
        (Found(0, "a", "panic", "t", "m"), Found(0, "a", "panic", "t", "n"), False),
    ],
)
def test_records_are_compared_as_they_stand_in_a_trace(then: Record, now: Record, same: bool) -> None:
    """Equal is what would be written alike; a step that holds a secret has no hash to go by."""
    tape = tape_of([then])
    log = ReplayLog(tape)
    if same:
        log.append(now)
        tape.finish()
    else:
        with pytest.raises(Drift):
            log.append(now)


@pytest.mark.parametrize(
    ("then", "now", "changed", "cause"),
    [
        (step("steps[0]", "a"), step("steps[0]", "b"), True, "the order of steps changed: a was recorded at steps[0]"),
        (step(digest="aa"), step(digest="bb"), True, "the step at steps[0] was changed since the recording"),
        (step(note="a"), step(note="b"), False, "another version of fozzy, or something that is not deterministic"),
        (asked("a", 1), step(), True, "no answer for: the scenario was changed"),
        (drawn(1), step(), True, "draws something else: the scenario was changed"),
        (drawn(1), step(), False, "the run draws something else"),
        (Event(0, "a", "e"), Event(0, "a", "f"), True, "the scenario was changed"),
    ],
)
def test_the_likely_cause_is_named(then: Record, now: Record, changed: bool, cause: str) -> None:
    """In words, and without blaming a scenario that was not changed."""
    with pytest.raises(Drift) as caught:
        ReplayLog(tape_of([then], changed=changed)).append(now)
    assert cause in caught.value.cause


def test_more_than_was_recorded_is_drift_and_so_is_less() -> None:
    """A recording that ended where the run did must end there again."""
    more = tape_of([drawn(1)])
    run = choices(more)
    run.draw("rand", 0, 9)
    with pytest.raises(Drift) as caught:
        run.draw("rand", 0, 9)
    assert (caught.value.number, caught.value.recorded) == (1, "the end of the run")
    less = tape_of([drawn(1), drawn(2)])
    choices(less).draw("rand", 0, 9)
    with pytest.raises(Drift) as caught:
        less.finish()
    assert (caught.value.number, caught.value.now) == (1, "the end of the run")
    assert "the run ended before the recording did" in caught.value.cause


@pytest.mark.parametrize(
    "act",
    [
        lambda run: run.draw("rand", 0, 9),
        lambda run: run.ask("w.x", Asked(q="a"), live, Said),
        lambda run: run.log.append(step()),
    ],
)
def test_past_the_end_of_a_cut_off_tape_the_replay_is_over(act: Callable[[Choices], Any]) -> None:
    """It is no drift: nobody knows how the run went on."""
    tape = tape_of([drawn(1)], complete=False)
    run = choices(tape)
    run.draw("rand", 0, 9)
    with pytest.raises(TapeEnded) as caught:
        act(run)
    found = verdict_of(tape, Ended(), caught.value)
    assert (found.verdict, found.record, found.records) == ("INCOMPLETE", 1, 1)


def test_a_difference_on_a_cut_off_tape_is_still_drift() -> None:
    """What was recorded of a killed run is held to like any recording."""
    tape = tape_of([drawn(1)], complete=False)
    with pytest.raises(Drift):
        choices(tape).draw("other", 0, 9)


def test_within_the_recorded_failure_a_difference_sets_the_run_free() -> None:
    """A mended failing step is no drift; from there draws go on from the seed, as if it had never been replayed."""
    seeded = Seeded(7)
    wanted = [seeded.draw("rand", 0, 9) for _ in range(4)]
    recorded = [drawn(wanted[0]), drawn(wanted[1]), step(failed="no"), Found(0, "steps[0]", "assertion", "fail", "no")]
    tape = tape_of(recorded, failing="steps[0]")
    run = choices(tape)
    assert [run.draw("rand", 0, 9) for _ in range(2)] == wanted[:2]
    run.log.append(step(digest="bb"))
    assert tape.free
    run.span = "steps[1]"
    assert [run.draw("rand", 0, 9) for _ in range(2)] == wanted[2:]
    tape.finish()
    ended = Ended()
    assert verdict_of(tape, ended, None).verdict == "FIXED"
    ended.status = "fail"
    assert verdict_of(tape, ended, None).verdict == "CHANGED"


def test_past_the_recorded_failure_the_first_question_ends_the_replay() -> None:
    """There is no answer, and the world is not asked; what held until then counts."""
    tape = tape_of([step(failed="no")], failing="steps[0]")
    run = choices(tape)
    run.log.append(step(digest="bb"))
    with pytest.raises(TapeEnded) as caught:
        run.ask("w.x", Asked(q="a"), live, Said)
    assert verdict_of(tape, Ended(), caught.value).verdict == "FIXED"


@pytest.mark.parametrize("at", ["steps[0]", "steps[0].group.steps[1]"])
def test_the_steps_inside_the_failing_one_belong_to_it(at: str) -> None:
    """When a block is the recorded failure, a difference anywhere in it is none."""
    tape = tape_of([step(at, failed="no")], failing="steps[0]")
    ReplayLog(tape).append(step(at))
    assert tape.free


def test_a_difference_before_the_recorded_failure_is_drift() -> None:
    """Only the failing step itself decides between mended and drifted."""
    tape = tape_of([step("steps[0]"), step("steps[1]", failed="no")], failing="steps[1]")
    with pytest.raises(Drift):
        ReplayLog(tape).append(step("steps[0]", digest="bb"))


def test_paths_of_ten_and_one_are_told_apart() -> None:
    """`steps[1]` failed: a difference in `steps[10]` is drift."""
    tape = tape_of([step("steps[10]")], failing="steps[1]")
    with pytest.raises(Drift):
        ReplayLog(tape).append(step("steps[10]", digest="bb"))


@pytest.mark.parametrize("value", [-1, 10, 10**30])
def test_a_recorded_value_out_of_its_bounds_is_damage(value: int) -> None:
    """A step may index with what it draws: a trace that lies about the bounds is not believed."""
    with pytest.raises(EvidenceError, match="record #0 makes no sense"):
        choices(tape_of([drawn(value)])).draw("rand", 0, 9)


@pytest.mark.parametrize("answer", [None, [], {"n": "x"}, {}, {"n": 1.5}])
def test_a_recorded_answer_that_is_none_is_damage(answer: Any) -> None:
    """An answer of another type is not handed to a step."""
    then = Ask(0, "steps[0]", "w.x", {"q": "a"}, answer, 0)
    with pytest.raises(EvidenceError, match="its answer makes no sense"):
        choices(tape_of([then])).ask("w.x", Asked(q="a"), live, Said)


def test_a_replay_stops_where_it_is_asked_to() -> None:
    """`stop_at` sees every record before it is passed, with its number; what came before was the same."""
    seen: list[int] = []

    def stop(number: int, _record: Record) -> bool:
        seen.append(number)
        return number == 2

    tape = tape_of([drawn(1), drawn(2), drawn(3), drawn(4)])
    tape.stop_at = stop
    run = choices(tape)
    with pytest.raises(Reached) as caught:
        for _ in range(4):
            run.draw("rand", 0, 9)
    assert seen == [0, 1, 2]
    assert verdict_of(tape, Ended(), caught.value).verdict == "SAME"


@pytest.mark.parametrize(
    "record",
    [
        drawn(1),
        asked("x" * 1000, 1),
        step(note="x" * 1000),
        Event(0, "a", "x" * 1000),
        Found(0, "a", "b", "c", "x" * 1000),
    ],
)
def test_a_record_is_described_in_one_bounded_line(record: Record) -> None:
    """However long its words are."""
    text = describe(record)
    assert "\n" not in text
    assert len(text) < 250
    assert record.at in text or isinstance(record, Event | Found)


def test_a_tape_reads_ahead_one_record_only() -> None:
    """A million records are not held in memory to replay the first."""
    read = 0

    def records() -> Any:
        nonlocal read
        while True:
            read += 1
            yield drawn(1)

    run = choices(Tape(records(), 7, failing=None, complete=True))
    for _ in range(3):
        run.draw("rand", 0, 9)
    assert read == 4


def test_an_unanswered_question_in_the_failing_step_is_drift() -> None:
    """Without an answer nobody knows whether the step is mended: a regression suite must not pass on that."""
    tape = tape_of([asked("a", 1), step(failed="no")], failing="steps[0]")
    with pytest.raises(Drift) as caught:
        choices(tape).ask("w.x", Asked(q="b"), live, Said)
    assert "no answer for" in caught.value.cause
