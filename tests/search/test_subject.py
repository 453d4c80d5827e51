"""Candidates, tapes and failures: what a search speaks of."""

from __future__ import annotations

from typing import Any

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
