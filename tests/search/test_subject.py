"""Candidates, tapes and failures: what a search speaks of."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.events import Ask, Draw, Found
from fozzy.search.script import script_of
from fozzy.search.subject import Candidate, Failure, Outcome, Tape, failure_of

EVENT = {"type": "trace_event", "name": "e"}
GROUP = {"type": "group", "name": "g", "steps": [EVENT, EVENT]}
SCRIPT = script_of({"version": 1, "name": "n", "steps": [GROUP, EVENT, EVENT]})


def draw(at: str, value: int = 1, low: int = 0, high: int = 9) -> Draw:
    return Draw(0, at, "rand.k", low, high, value)


def ask(at: str) -> Ask:
    return Ask(0, at, "http", {"path": "/"}, {"status": 200}, 1)


TAPE = Tape(
    (draw("steps[0]"), draw("steps[0].group.steps[1]", 2), draw("steps[1]", 0), draw("steps[11]", 4)),
    (ask("steps[0].group.steps[0]"), ask("steps[1]")),
)


def found(**more: Any) -> Found:
    return Found(0, "steps[1]", "assertion", "assert", "no", **more)


def test_the_entries_of_a_step_go_with_the_step() -> None:
    """And those of the steps inside it; others stay, also where a name only begins alike."""
    assert [each.at for each in TAPE.without({"steps[1]"}).draws] == [
        "steps[0]",
        "steps[0].group.steps[1]",
        "steps[11]",
    ]
    without = TAPE.without({"steps[0]"})
    assert [each.at for each in without.draws] == ["steps[1]", "steps[11]"]
    assert [each.at for each in without.asks] == ["steps[1]"]
    assert TAPE.without(()) is TAPE


def test_a_block_can_go_without_what_it_holds() -> None:
    """Its own draws go, those of its steps stay."""
    without = TAPE.without({"steps[0]"}, inside=False)
    assert [each.at for each in without.draws] == ["steps[0].group.steps[1]", "steps[1]", "steps[11]"]
    assert without.asks == TAPE.asks


def test_loud_draws_are_those_that_are_not_boring() -> None:
    """The boring value is the one nearest to zero."""
    tape = Tape((draw("a", 0), draw("a", 3, 3, 9), draw("a", 4, 3, 9), draw("a", -2, -9, -2), draw("a", 1)))
    assert tape.loud == [2, 4]
    assert [each.value for each in tape.with_values({2: 3, 4: 0}).draws] == [0, 3, 3, -2, 0]
    assert tape.draws[2].value == 4


def test_a_candidate_without_a_step_is_another_one() -> None:
    """Step and tape are cut together, and the key tells the two apart; the same cut has the same key."""
    first = Candidate(SCRIPT, TAPE)
    cut = first.without({"steps[1]"})
    assert "steps[1]" not in set(cut.script.origins.values())
    assert len(cut.tape.draws) == 3 and len(cut.tape.asks) == 1
    assert cut.key != first.key
    assert cut.key == first.without(["steps[1]"]).key
    louder = first._replace(tape=TAPE.with_values({2: 5}))
    assert louder.key != first.key


def test_the_reason_of_a_failure() -> None:
    """Kind, title, place, field and cause make it; a message does not, nor a warning that was found before it."""
    first = found(field="equals", details={"exception": "ValueError", "at": "x.py:3", "value": 4})
    failure = failure_of([found(status="pass"), first], "steps[7]")
    assert failure == Failure("assertion", "assert", "steps[7]", "equals", ("ValueError", "x.py:3"))
    assert failure.shown == "assert (ValueError at x.py:3) at steps[7]"
    assert failure_of([found()], "end").shown == "assert at end"
    assert failure_of([found(details=["no", "table"])], "a") == failure_of([found()], "a")
    assert failure_of([found(field="a")], "a") != failure_of([found(field="b")], "a")


def test_a_run_that_passes_has_no_failure() -> None:
    """An outcome is that of a run that passes until it says something else."""
    assert Outcome().failure is None
    assert Outcome().said == "it passes"


@pytest.mark.parametrize(
    ("details", "cause"),
    [
        ({"values": {"a": 1, "b": None}}, ("on some",)),
        ({"values": {"a": None, "b": None}}, ("on none",)),
        ({"values": {"a": 1, "b": 2}}, ("on all",)),
        ({"comparison": "less", "actual": 0, "expected": 6}, ("less", "nothing")),
        ({"comparison": "nothing", "actual": None, "expected": 6}, ("nothing",)),
        ({"comparison": "less", "actual": 4, "expected": 6}, ("less",)),
        ({"exception": "ValueError", "at": ""}, ("ValueError",)),
    ],
)
def test_a_cluster_that_answers_nothing_fails_otherwise(details: dict[str, Any], cause: tuple[str, ...]) -> None:
    """What is missing is another reason than what is wrong; of a scenario of steps that is not looked at."""
    failed = Found(0, "distributed.steps[1]", "assertion", "client", "m", "fail", "expect", "", details)
    assert failure_of([failed], "distributed.steps[1]").cause == cause
    assert not {"nothing", "on some"} & set(failure_of([failed], "steps[1]").cause) - {details.get("comparison")}


def test_draws_are_named_anew_and_go() -> None:
    """Those of a link by either end, those of a client with its place; others stay as they are."""
    labels = [
        "net.latency.a>b",
        "net.latency.b>w1",
        "sched.arrive.a",
        "random.w1",
        "workload.w1",
        "fault.a.at",
        "sched.node",
    ]
    tape = Tape(tuple(Draw(0, "distributed.clients.w1", label, 0, 9, 1) for label in labels))
    renamed = tape.renamed({"w1": "w0", "a": ""})
    assert [draw.label for draw in renamed.draws] == [
        "net.latency.b>w0",
        "random.w0",
        "workload.w0",
        "fault.a.at",
        "sched.node",
    ]
    assert renamed.draws[0].at == "distributed.clients.w0"


def test_what_was_drawn_while_steps_ran_can_go_with_them() -> None:
    """Whoever drew it."""
    draws = tuple(Draw(0, f"distributed.nodes.{name}", f"random.{name}", 0, 9, 1) for name in "abcd")
    script = script_of({"version": 1, "name": "n", "steps": [{"type": "fail"}]})
    candidate = Candidate(script, Tape(draws), {"distributed.steps[0]": (0, 1), "distributed.steps[2]": (2, 4)})
    left = candidate.outside(["distributed.steps[2]", "distributed.steps[7]"])
    assert [draw.label for draw in left.draws] == ["random.a", "random.b"]
