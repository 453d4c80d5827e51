"""The gate: the only way a candidate becomes the best one."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy import wall
from fozzy.search.script import script_of
from fozzy.search.shrink import gate as gate_module
from fozzy.search.shrink.gate import Gate, Spent, aim_of, armed, faults_in, size_of, weight
from fozzy.search.subject import Candidate, Failure, Outcome, Tape

OTHER = Failure("assertion", "other", "steps[0]")


def test_the_same_failure_and_smaller_is_accepted(plant: Any) -> None:
    """And becomes the best, with the tape its run made; what is not smaller, or passes, does not."""
    gate = plant.gate(lambda each: "b" in plant.names(each.script), plant.events("a", "b"))
    assert gate.without(["steps[1]"])
    assert plant.names(gate.best.script) == ["b"]
    assert not gate.without(["steps[2]"])
    assert not gate.with_script(plant.events("b", "c"))
    assert plant.names(gate.best.script) == ["b"]
    assert (gate.tried, gate.kept) == (3, 1)


@pytest.mark.parametrize(
    "other",
    [
        OTHER,
        Failure("panic", "planted", "steps[0]"),
        Failure("assertion", "planted", "steps[1]"),
        Failure("assertion", "planted", "steps[0]", "equals"),
        Failure("assertion", "planted", "steps[0]", "", ("ValueError",)),
    ],
)
def test_another_failure_is_kept_aside(other: Failure, plant: Any) -> None:
    """Be it of another kind, title, place, field or cause: it is told once, and never taken for the one to keep."""
    gate = plant.gate(lambda each: True if len(plant.names(each.script)) == 3 else other, plant.events("a", "b", "c"))
    assert not gate.without(["steps[1]"])
    assert not gate.without(["steps[2]"])
    assert list(gate.slips) == [other]
    assert plant.names(gate.slips[other].candidate.script) == ["b", "c"]
    assert gate.slips[other].outcome.failure == other
    assert len(plant.names(gate.best.script)) == 3


def test_slips_are_bounded(plant: Any) -> None:
    """A thousand other failures are not a thousand runs in memory."""
    gate = plant.gate(lambda each: Failure("assertion", each.script.head["name"], "steps[0]"))
    for number in range(100):
        gate.with_script(gate.best.script.with_head({"version": 1, "name": str(number)}))
    assert len(gate.slips) == gate_module.SLIPS_MAX


def test_a_candidate_runs_once(plant: Any) -> None:
    """The same candidate again is answered from memory, and never accepted for what it drew the first time."""
    gate = plant.gate(lambda each: len(each.tape.draws) == 3, values=plant.draws(5, 6, 7))
    for _ in range(3):
        assert not gate.with_tape(Tape(plant.draws(5, 6)))
    assert gate.tried == len(gate.subject.runs) == 1
    assert gate.run(gate.best._replace(tape=Tape(plant.draws(5, 6)))).failure is None
    assert gate.tried == 1


def test_what_is_remembered_has_no_draws(plant: Any) -> None:
    """A long search over a long tape is bounded in memory: outcomes are remembered without what was drawn."""
    gate = plant.gate(lambda each: True, values=plant.draws(*range(1, 50)))
    for value in range(20):
        gate.with_tape(Tape(plant.draws(value, *range(2, 50))))
    assert gate.kept == 1
    assert [len(outcome.draws) for outcome in gate._seen.values()] == [0] * len(gate._seen)
    assert len(gate.best.tape.draws) == 49


def test_the_tape_of_the_best_is_what_its_run_drew(plant: Any) -> None:
    """A candidate whose tape says more than is drawn becomes one whose tape says what is drawn."""

    def run(candidate: Candidate) -> Any:
        outcome = plain(candidate)
        return outcome._replace(draws=candidate.tape.draws[:1])

    gate = plant.gate(lambda each: True, values=plant.draws(5, 6, 7))
    plain, gate.subject.run = gate.subject.run, run
    assert gate.with_tape(Tape(plant.draws(5, 6)))
    assert gate.best.tape.draws == plant.draws(5)
    assert gate.size.choices == 1


def test_a_spent_budget_ends_it(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By time or by number of runs: `Spent`, with the best so far kept and known answers still given."""
    now = 0
    monkeypatch.setattr(wall, "elapsed_ns", lambda: now)
    gate = plant.gate(lambda each: True, plant.events("a", "b", "c"), budget_ns=10)
    assert gate.without(["steps[1]"])
    now = 11
    with pytest.raises(Spent):
        gate.without(["steps[2]"])
    with pytest.raises(Spent):
        gate.run(gate.best.without(["steps[2]"]))
    assert gate.run(gate.best).failure == plant.HERE
    assert plant.names(gate.best.script) == ["b", "c"]
    assert gate.spent_ns == 11
    now = 0
    monkeypatch.setattr(gate_module, "RUNS_MAX", gate.tried)
    with pytest.raises(Spent):
        gate.run(gate.best.without(["steps[2]"]))


def test_what_must_stay_stays(plant: Any) -> None:
    """The failing step and the blocks around it are kept; a cut that leaves nothing is no candidate."""
    gate = plant.gate(lambda each: True, plant.events("a"))
    assert gate.is_kept("steps[0]")
    assert not gate.is_kept("steps[1]")
    assert not gate.without(["steps[0]", "steps[1]"])
    assert gate.tried == 0


def test_faults_stay_when_they_are_not_to_change(plant: Any) -> None:
    """A candidate without one, or with another schedule, is not even run then."""
    fault = {"type": "fault", "name": "f", "on": "http", "kind": "drop", "times": 3}
    script = script_of({"version": 1, "name": "n", "steps": [{"type": "fail"}, fault, fault]})
    gate = plant.gate(lambda each: True, script)
    gate.aims = ("input", "schedule")
    node = list(script.nodes())[1]
    assert not gate.without(["steps[1]"])
    assert not gate.with_script(script.replace("steps[1]", (node._replace(fields={**node.fields, "times": 1}),)))
    assert gate.tried == 0
    gate.aims = ("faults",)
    assert gate.without(["steps[1]"])
    assert faults_in(gate.best.script) == 1
    assert armed(gate.best.script) == [("steps[2]", fault)]


@pytest.mark.parametrize(
    ("label", "aim"),
    [("parallel.p", "schedule"), ("net.drop.a>b", "schedule"), ("fault.f", "faults"), ("rand.parallel", "input")],
)
def test_what_a_draw_decides_about(label: str, aim: str) -> None:
    """Order, faults, or values, by its family."""
    assert aim_of(label) == aim


def test_sizes_are_ordered_as_people_would(plant: Any) -> None:
    """Fewer steps before fewer loud draws before fewer draws before nearer ones before less text."""

    def size(events: int, values: tuple[int, ...], name: str = "n") -> Any:
        script = plant.events(*["e"] * events)
        return size_of(Candidate(script.with_head({**script.head, "name": name}), Tape(plant.draws(*values))))

    ordered = [
        size(1, (0,)),
        size(1, (0,), "nn"),
        size(1, (0, 0)),
        size(1, (1,)),
        size(1, (9,)),
        size(1, (1, 0)),
        size(1, (1, 1)),
        size(2, ()),
    ]
    assert ordered == sorted(ordered)
    assert len(set(ordered)) == len(ordered)
    assert size(2, (3,)).shown == (3, 1)


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [(1, 2), (1, -1), (-1, 2), (2, 2.5), (False, True), ("a", "ab"), ("0", "z"), ([], [1]), ({}, {"a": 1}), (0.5, 1)],
)
def test_less_is_written_for_simpler_values(smaller: Any, larger: Any) -> None:
    """Fewer values, shorter and plainer texts, smaller and whole and positive numbers weigh less."""

    def weigh(value: Any) -> tuple[int, ...]:
        return weight(script_of({"version": 1, "name": "n", "vars": {"v": value}, "steps": []}))

    assert weigh(smaller) < weigh(larger)


def quorum(*names: str) -> Any:
    """A cluster with a fault of each of these names, and a step that wants a value."""
    wanted = {"type": "client_get_assert", "node": "n0", "key": "x", "equals": 1}
    work = {"type": "workload", "operations": [{"op": "get", "args": {"key": "x"}}]}
    steps = [work, {"type": "crash", "node": "n1"}, wanted, work]
    faults = [{"kind": "crash", "node": "n2", "name": name, "at": "1s"} for name in names]
    return script_of({"version": 1, "name": "n", "distributed": {"node_count": 3, "steps": steps, "faults": faults}})


def expecting(plant: Any, fails: Any, *cause: str) -> Gate:
    failure = Failure("assertion", "client_get_assert", "distributed.steps[2]", "equals", cause)
    subject = plant.subject(lambda candidate: fails(candidate) and failure)
    return Gate(subject, Candidate(quorum("a", "b"), Tape()), failure, 60 * 10**9)


def faults_of(candidate: Any) -> list[str]:
    return [node.fields["name"] for node in candidate.script.nodes() if node.is_fault]


def test_what_fails_in_fair_weather_is_not_taken_for_what_does_not(plant: Any) -> None:
    """An expectation that holds when nothing goes wrong must hold then in what is left, too."""

    def fails(candidate: Any) -> bool:
        is_asked = any(node.type == "workload" for node in candidate.script.nodes())
        return "b" in faults_of(candidate) or not is_asked  # without the workload it always fails

    gate = expecting(plant, fails)
    gate.look_at_calm()
    assert gate.is_weather
    assert not gate.without(["distributed.steps[0]", "distributed.steps[3]"])
    assert gate.without(["distributed.faults[0]"])
    assert not gate.without(["distributed.faults[1]"])
    assert faults_of(gate.best) == ["b"]


def test_what_fails_in_fair_weather_may_become_smaller(plant: Any) -> None:
    """And what is no expectation is not looked at."""
    gate = expecting(plant, lambda _candidate: True)
    gate.look_at_calm()
    assert not gate.is_weather
    assert gate.without(["distributed.faults[0]", "distributed.faults[1]"])
    other = Gate(gate.subject, gate.best, gate.failure._replace(field="", title="node_exception"), 10**9)
    tried = len(gate.subject.runs)  # type: ignore[attr-defined]
    other.look_at_calm()
    assert len(gate.subject.runs) == tried  # type: ignore[attr-defined]


def test_a_workload_whose_sum_is_wanted_stays(plant: Any) -> None:
    """The one before the step that wants a number, where nothing tells what a smaller one comes to."""
    assert expecting(plant, lambda _candidate: True, "less").is_kept("distributed.steps[0]")
    assert not expecting(plant, lambda _candidate: True, "less").is_kept("distributed.steps[3]")
    assert not expecting(plant, lambda _candidate: True, "nothing").is_kept("distributed.steps[0]")


class Forgetful:
    """A subject whose shared process says that everything fails; alone it fails with the fault b only."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        self.is_alone = False

    def run(self, candidate: Any) -> Outcome:
        """Run it, in the shared process or alone."""
        fails = not self.is_alone or "b" in faults_of(candidate)
        return Outcome("fail" if fails else "pass", self.failure if fails else None, draws=candidate.tape.draws)

    def is_sure(self, candidate: Any, failure: Failure, *, was_sure: bool = False) -> bool:
        """As of a cluster's subject."""
        self.is_alone = "b" not in faults_of(candidate)
        return not self.is_alone


def test_what_only_the_shared_process_says_is_taken_back() -> None:
    """And tried again alone."""
    failure = Failure("checker", "planted", "distributed")
    gate = Gate(Forgetful(failure), Candidate(quorum("a", "b"), Tape()), failure, 60 * 10**9)
    assert gate.without(["distributed.faults[1]"])
    assert not gate.make_sure()
    assert (faults_of(gate.best), gate.is_alone) == (["a", "b"], True)
    assert not gate.without(["distributed.faults[1]"])
    assert gate.without(["distributed.faults[0]"])
    assert gate.make_sure()
