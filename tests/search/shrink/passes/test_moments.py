"""Times that were drawn are written down, and become short and round."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.duration import parse_ns
from fozzy.core.events import Draw
from fozzy.search.script import script_of
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.passes.moments import fix_times, shorten, shorten_times, shown, strike_by_steps
from fozzy.search.subject import Candidate, Failure, Tape


def gate_of(plant: Any, fails: Any, faults: list[Any], draws: tuple[Draw, ...] = (), **more: Any) -> Gate:
    steps = [{"type": "tick", "duration": "1s"}] * 4
    raw = {"version": 1, "name": "n", "distributed": {"node_count": 3, "steps": steps, "faults": faults, **more}}
    failure = Failure("checker", "planted", "distributed")
    subject = plant.subject(lambda candidate: fails(candidate) and failure)
    return Gate(subject, Candidate(script_of(raw), Tape(draws)), failure, 60 * 10**9)


def faults_of(gate: Gate) -> list[Any]:
    return list(gate.best.script.raw["distributed"]["faults"])


def test_what_was_drawn_is_written_down(plant: Any) -> None:
    """Times, steps and nodes of all faults; their draws are gone."""
    faults = [
        {
            "kind": "pause",
            "node": {"any": ["n0", "n1"]},
            "at": {"within": ["1s", "2s"]},
            "for": {"within": ["0s", "1s"]},
        },
        {"kind": "crash", "node": "n2", "at": {"step": [1, 3]}},
    ]
    draws = tuple(
        Draw(0, "distributed.faults[0]", f"fault.{label}", 0, 10**6, value)
        for label, value in [("pause.at", 250_000), ("pause.for", 7), ("pause.pick", 1), ("crash.at", 2)]
    )
    gate = gate_of(plant, lambda _each: True, faults, draws)
    fix_times(gate)
    assert faults_of(gate) == [
        {"kind": "pause", "node": "n1", "at": "1250ms", "for": "7us"},
        {"kind": "crash", "node": "n2", "at": {"step": 3}},
    ]
    assert gate.best.tape.draws == ()


def test_what_was_never_drawn_is_the_least(plant: Any) -> None:
    """A fault that never struck drew no node and no duration."""
    fault = {"kind": "pause", "node": {"any": ["n2", "n1"]}, "at": {"within": ["3s", "9s"]}}
    gate = gate_of(plant, lambda each: not any(draw.label == "x" for draw in each.tape.draws), [fault])
    gate.best = gate.best._replace(tape=Tape((Draw(0, "", "fault.pause.at", 0, 9, 5),)))
    gate.size = gate.size._replace(choices=9)
    fix_times(gate)
    assert faults_of(gate) == [{"kind": "pause", "node": "n2", "at": "3000005us"}]


@pytest.mark.parametrize(
    ("text", "least", "wanted"),
    [
        ("5s", "0s", "0s"),
        ("4321ms", "1s", "1s"),
        ("4321ms", "700ms", "700ms"),
        ("25s", "12345ms", "13s"),
        ("2300ms", "2100ms", "2100ms"),
        ("1667542us", "2001us", "2001us"),
        ("90ms", "90ms", "90ms"),
    ],
)
def test_times_become_short_with_few_digits(text: str, least: str, wanted: str) -> None:
    """The shortest that still does it, in seconds, milliseconds where these are few, then microseconds."""
    assert shorten(text, lambda tried: parse_ns(tried) >= parse_ns(least)) == wanted


def test_faults_planned_steps_and_the_duration_are_shortened(plant: Any) -> None:
    """Each as far as the failure stays."""

    def fails(candidate: Candidate) -> bool:
        cluster = candidate.script.raw["distributed"]
        return parse_ns(cluster["faults"][0]["at"]) >= 40 * 10**6 and parse_ns(cluster["duration"]) >= 3 * 10**9

    faults = [{"kind": "latency", "add": "50ms", "at": "7s", "for": "9s"}]
    gate = gate_of(plant, fails, faults, duration="90s")
    shorten_times(gate)
    assert faults_of(gate) == [{"kind": "latency", "add": "0s", "at": "40ms", "for": "0s"}]
    assert gate.best.script.cluster["duration"] == "3s"


@pytest.mark.parametrize("time_ns", [0, 1, 999, 1_000, 10**6, 15 * 10**8, 60 * 10**9])
def test_times_are_shown_exactly(time_ns: int) -> None:
    """What is written down is what was drawn."""
    assert parse_ns(shown(time_ns)) == time_ns


def test_a_fault_strikes_before_a_step_where_its_time_comes_too_late(plant: Any) -> None:
    """With everything else calm; a failure that is calm already keeps its times."""

    def fails(candidate: Candidate) -> bool:
        at = candidate.script.raw["distributed"]["faults"][0]["at"]
        return at == "70ms" if candidate.tape.loud else at == {"step": 2}

    loud = (Draw(0, "distributed.nodes.n0", "net.latency.n0>n1", 0, 9, 5),)
    gate = gate_of(plant, fails, [{"kind": "crash", "node": "n1", "at": "70ms"}], loud)
    strike_by_steps(gate)
    assert faults_of(gate) == [{"kind": "crash", "node": "n1", "at": {"step": 2}}]
    assert not gate.best.tape.loud
    calm = gate_of(plant, lambda _each: True, [{"kind": "crash", "node": "n1", "at": "70ms"}])
    strike_by_steps(calm)
    assert faults_of(calm)[0]["at"] == "70ms"
