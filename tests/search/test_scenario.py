"""Candidates of a scenario run by the engine, with the recording as the only world there is."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.events import Draw
from fozzy.core.sources import Mutated
from fozzy.search.scenario import INVALID, SAID_CHARS_MAX, ScenarioSubject, one_of
from fozzy.search.script import script_of
from fozzy.search.subject import Candidate, Failure, Tape

FAIL = {"type": "fail", "message": "no\nmore"}
DRAW = {"type": "rand_int", "key": "k", "min": 0, "max": 99}
EVENT = {"type": "trace_event", "name": "e"}


def test_a_run_says_how_where_and_with_which_draws(bench: Any) -> None:
    """Places are those of the run as it was first recorded, also after a cut."""
    failing = bench.failing([EVENT, DRAW, EVENT, FAIL])
    cut = failing.first.without(["steps[0]", "steps[2]"])
    outcome = failing.subject.run(cut)
    assert outcome.failure == Failure("assertion", "fail", "steps[3]")
    assert outcome.said == "it fails with fail at steps[3]: no"
    assert outcome.message == "no\nmore"
    assert [(draw.at, draw.value) for draw in outcome.draws] == [("steps[1]", failing.first.tape.draws[0].value)]


def test_a_run_that_passes(bench: Any) -> None:
    """Without what fails it passes, and still tells what it drew."""
    outcome = bench.failing([DRAW, FAIL])
    candidate = outcome.first.without(["steps[1]"])
    assert outcome.subject.run(candidate).said == "it passes"
    assert len(outcome.subject.run(candidate).draws) == 1


def test_what_is_no_scenario_is_not_run(bench: Any) -> None:
    """A candidate that is not valid fails for no reason."""
    failing = bench.failing([FAIL])
    script = script_of({"version": 1, "name": "n", "steps": [{"type": "fail"}]})
    outcome = failing.subject.run(Candidate(script, Tape()))
    assert (outcome.failure, outcome.said) == (None, INVALID)


def test_a_run_that_goes_on_and_on_is_given_up(bench: Any) -> None:
    """A candidate that says much more than the first run did is no candidate."""
    failing = bench.failing([{"type": "repeat", "times": 1, "steps": [EVENT]}, FAIL])
    node = next(failing.first.script.nodes())
    many = failing.first.script.replace("steps[0]", (node._replace(fields={**node.fields, "times": 90_000}),))
    outcome = failing.subject.run(Candidate(many, Tape()))
    assert (outcome.failure, outcome.said) == (None, "it goes on and on")
    assert ScenarioSubject(failing.subject.origin, 10**6).run(Candidate(many, Tape())).failure == failing.failure


def test_any_source_can_drive_it(bench: Any) -> None:
    """What it chose is told at the places it chose it."""
    failing = bench.failing([EVENT, DRAW, FAIL])
    script = failing.first.script.without(frozenset(["steps[0]"]))
    outcome, tape = failing.subject.run_with(script, Mutated([Draw(0, "", "rand.k", 0, 99, 42)]))
    assert outcome.failure == failing.failure
    assert [(draw.at, draw.value) for draw in tape.draws] == [("steps[0]", 42)]


@pytest.mark.parametrize(("message", "said"), [("a\nb", "a"), ("", ""), ("x" * 500, "x" * (SAID_CHARS_MAX - 1) + "…")])
def test_messages_become_one_line(message: str, said: str) -> None:
    """Bounded, and without what comes after."""
    assert one_of(message) == said
