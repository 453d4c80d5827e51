"""Processes answered by rules; those in the background run in name only."""

from __future__ import annotations

import pytest

from fozzy.world.proc.base import AwaitReady, Probe, Spawn, Start, Stop
from fozzy.world.proc.scripted import FIRST_PORT, ProcRule, ScriptedProc
from fozzy.world.rules import Rules


def proc(*rules: tuple[ProcRule, int | None]) -> ScriptedProc:
    made: Rules[ProcRule] = Rules()
    for rule, times in rules:
        made.add(rule, times)
    return ScriptedProc(made)


@pytest.mark.parametrize(
    ("args", "asked", "speaks"),
    [
        (None, ["x"], True),
        (None, [], True),
        ([], [], True),
        ([], ["x"], False),
        (["x"], ["x"], True),
        (["x"], ["x", "y"], False),
    ],
)
def test_a_rule_speaks_for_a_command_line(args: list[str] | None, asked: list[str], speaks: bool) -> None:
    """The command must be the same; arguments too, when the rule names any."""
    assert ProcRule("a", args, 0).matches("a", asked) is speaks
    assert not ProcRule("a", args, 0).matches("b", asked)


def test_a_program_ends_as_declared() -> None:
    """Exit and output are the rule's; what it does not say is empty; without a rule the failure is unscripted."""
    made = proc((ProcRule("a", None, 3, "out"), 1))
    ended = made.spawn(Spawn(cmd="a", args=["x"]))
    assert (ended.exit_code, ended.stdout.shown(), ended.stderr.shown(), ended.failure) == (3, "out", "", None)
    again = made.spawn(Spawn(cmd="a", args=["x"]))
    assert again.failure is not None and (again.failure.kind, again.exit_code) == ("unscripted", None)
    assert "a x" in again.failure.message


def test_the_background_runs_in_name_only() -> None:
    """What was started is ready, ends as its rule says when stopped, and is then gone."""
    made = proc((ProcRule("a", None, 4, "log"), None))
    assert made.start(Start(name="p", cmd="a")).failure is None
    ready = AwaitReady(name="p", probe=Probe(tcp="h:1"), within_ms=1)
    assert made.await_ready(ready).stdout.shown() == "log"
    assert made.stop(Stop(name="p")).exit_code == 4
    gone = [made.stop(Stop(name="p")).failure, made.await_ready(ready).failure]
    assert [failure.kind for failure in gone if failure] == ["not_found"] * 2
    assert proc().start(Start(name="p", cmd="a")).failure is not None


def test_ports_are_numbered() -> None:
    """Every scripted port is another one, the same in every run."""
    made = proc()
    assert [made.free_port().port for _ in range(3)] == [FIRST_PORT + number for number in (1, 2, 3)]
