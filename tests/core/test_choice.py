"""Choices: the one door. Draws and asks are recorded with their time, span and label, and secrets are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.choice import CHANCES, Answer, Choices, Request
from fozzy.core.clock import Clock, TimeUp
from fozzy.core.events import Ask, Draw
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded


class Reply(Answer, frozen=True, kw_only=True):
    """An answer with something in it."""

    text: str
    password: str = ""


class Question(Request, frozen=True, kw_only=True):
    """A question with something in it."""

    answer: ClassVar[type[Answer]] = Reply
    text: str
    token: str = ""


class Fixed:
    """A source that draws what it is told."""

    def __init__(self, value: int = 0) -> None:
        self.value = value

    def draw(self, label: str, low: int, high: int) -> int:
        return min(high, max(low, self.value))

    def ask(self, label: str, request: Any, live: Callable[[], Any], answer: type[Any]) -> Any:
        return live()


def door(source: Any = None, **more: Any) -> tuple[Choices, list[Any]]:
    records: list[Any] = []
    log = Log([records.extend])
    return Choices(
        source or Seeded(1), more.get("clock") or Clock(), log, Redactor(), more.get("call_ns_max", 100)
    ), records


def test_a_draw_is_recorded_with_its_place() -> None:
    """A draw says when, where, under which label, from which bounds, and what."""
    clock = Clock()
    choices, records = door(Fixed(5), clock=clock)
    clock.advance(3)
    choices.span = "steps[0]"
    assert choices.draw("net.pick", 2, 9) == 5
    choices.log.flush()
    assert records == [Draw(3, "steps[0]", "net.pick", 2, 9, 5)]


def test_a_draw_has_bounds() -> None:
    """A draw of no values, or of more than 2^53, is a programmer's error; of exactly 2^53 it is none."""
    choices, _ = door()
    assert 0 <= choices.draw("l", 0, CHANCES - 1) < CHANCES
    assert choices.draw("l", 7, 7) == 7
    for low, high in ((0, CHANCES), (1, 0)):
        with pytest.raises(AssertionError):
            choices.draw("l", low, high)


@given(st.floats(0, 1), st.integers(0, CHANCES - 1))
def test_chance_hits_the_upper_values(probability: float, value: int) -> None:
    """chance(p) hits exactly when the draw is at least 2^53 - p * 2^53."""
    choices, _ = door(Fixed(value))
    assert choices.chance("c", probability) == (value >= CHANCES - int(probability * CHANCES))


def test_zero_is_boring() -> None:
    """A draw of 0 is a miss unless certain, and the first in order; the largest is a hit unless impossible."""
    calm, _ = door(Fixed(0))
    wild, _ = door(Fixed(CHANCES - 1))
    assert not calm.chance("c", 0.999999) and calm.chance("c", 1) and calm.pick("p", 5) == 0
    assert wild.chance("c", 1e-15) and not wild.chance("c", 0) and wild.pick("p", 5) == 4


def test_an_ask_is_recorded_before_it_is_paid_for() -> None:
    """An answer is recorded at the time of the question; then the clock moves by what it took."""
    clock = Clock()
    choices, records = door(clock=clock)
    choices.span = "steps[1]"
    reply = choices.ask("http", Question(text="q"), lambda budget: (Reply(text=f"a{budget}"), 7), Reply)
    assert (reply.text, clock.now) == ("a100", 7)
    choices.log.flush()
    assert records == [Ask(0, "steps[1]", "http", {"text": "q"}, {"text": "a100"}, 7)]


@pytest.mark.parametrize(("deadline", "budget"), [(None, 100), (40, 40), (500, 100), (0, 0)])
def test_a_call_gets_what_is_left(deadline: int | None, budget: int) -> None:
    """A live call gets what the run has left, at most the limit of a call."""
    clock = Clock()
    clock.deadline_ns = deadline
    choices, _ = door(clock=clock)
    given: list[int] = []

    def live(left: int) -> tuple[Reply, int]:
        given.append(left)
        return Reply(text=""), 0

    choices.ask("l", Question(text=""), live, Reply)
    assert given == [budget]


def test_an_answer_that_came_too_late_is_kept() -> None:
    """An answer that took longer than the run had left is recorded before the run ends."""
    clock = Clock()
    clock.deadline_ns = 5
    choices, records = door(clock=clock)
    with pytest.raises(TimeUp):
        choices.ask("l", Question(text=""), lambda _: (Reply(text="late"), 9), Reply)
    choices.log.flush()
    assert [record.answer for record in records] == [{"text": "late"}] and clock.now == 5


def test_steps_see_the_truth_and_records_do_not() -> None:
    """Secrets of questions and answers stand in no record, by name and then by value; the caller gets them whole."""
    choices, records = door()
    reply = choices.ask(
        "l",
        Question(text="tell", token="s3cr3t-1"),
        lambda _: (Reply(text="s3cr3t-1 x", password="s3cr3t-2"), 0),
        Reply,
    )
    assert (reply.text, reply.password) == ("s3cr3t-1 x", "s3cr3t-2")
    choices.log.flush()
    assert "s3cr3t" not in str(records)


def test_a_question_flushes_what_was_said_before() -> None:
    """Everything said before a question is out when the world is asked: a killed run keeps it."""
    choices, records = door(Fixed())
    choices.draw("a", 0, 1)
    seen: list[int] = []

    def live(_: int) -> tuple[Reply, int]:
        seen.append(len(records))
        return Reply(text=""), 0

    choices.ask("l", Question(text=""), live, Reply)
    assert seen == [1]
