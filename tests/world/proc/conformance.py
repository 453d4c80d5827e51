"""What processes must hold, whoever runs them. A test module subclasses `ProcConformance` and gives `proc`."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.world.proc.base import AwaitReady, Probe, Spawn, Start, Stop
from fozzy.world.proc.scripted import ProcRule

# What `sh -c SCRIPT` does, as a rule says it.
SCRIPTS = {
    "exit 0": ProcRule("sh", ["-c", "exit 0"], 0),
    "exit 3": ProcRule("sh", ["-c", "exit 3"], 3),
    "echo out; echo err >&2": ProcRule("sh", ["-c", "echo out; echo err >&2"], 0, "out\n", "err\n"),
    "echo up; exit 4": ProcRule("sh", ["-c", "echo up; exit 4"], 4, "up\n"),
}


def started(script: str, name: str = "svc") -> Start:
    return Start(name=name, cmd="sh", args=["-c", script])


class ProcConformance:
    @pytest.mark.parametrize("script", SCRIPTS)
    def test_a_program_ends(self, proc: Any, script: str) -> None:
        """Exit code and both streams are the program's own; no signal ended it."""
        ended = proc.spawn(Spawn(cmd="sh", args=["-c", script]))
        rule = SCRIPTS[script]
        assert (ended.exit_code, ended.signal, ended.failure) == (rule.exit_code, None, None)
        assert (ended.stdout.shown(), ended.stderr.shown()) == (rule.stdout or "", rule.stderr or "")

    def test_what_is_unknown_does_not_run(self, proc: Any) -> None:
        """A program nobody knows is a failure that names it, in the foreground and in the background."""
        for answer in (
            proc.spawn(Spawn(cmd="no-such-program-1")),
            proc.start(Start(name="x", cmd="no-such-program-1")),
        ):
            assert answer.failure.kind in ("unscripted", "not_found")
            assert "no-such-program-1" in answer.failure.message

    def test_the_background_has_names(self, proc: Any) -> None:
        """What was started is ready by its output, ends with its exit code, and its name is free again."""
        for _ in range(2):
            assert proc.start(started("echo up; exit 4")).failure is None
            ready = proc.await_ready(AwaitReady(name="svc", probe=Probe(stdout_matches="up"), within_ms=5000))
            assert (ready.failure, ready.stdout.shown()) == (None, "up\n")
            ended = proc.stop(Stop(name="svc"))
            assert (ended.exit_code, ended.stdout.shown(), ended.failure) == (4, "up\n", None)

    def test_names_nobody_started_are_told(self, proc: Any) -> None:
        """Waiting for and stopping what never ran are failures with the name."""
        waited = proc.await_ready(AwaitReady(name="svc", probe=Probe(stdout_matches="x"), within_ms=100))
        for failure in (waited.failure, proc.stop(Stop(name="svc")).failure):
            assert failure.kind == "not_found" and "svc" in failure.message

    def test_two_run_side_by_side(self, proc: Any) -> None:
        """Background processes do not know each other."""
        proc.start(started("echo up; exit 4", "a"))
        proc.start(started("exit 3", "b"))
        for name in "ab":
            proc.await_ready(AwaitReady(name=name, probe=Probe(stdout_matches="never said"), within_ms=5000))
        assert [proc.stop(Stop(name=name)).exit_code for name in "ba"] == [3, 4]

    def test_ports_differ(self, proc: Any) -> None:
        """Every port of a run is another one, and can be one."""
        ports = [proc.free_port().port for _ in range(10)]
        assert len(set(ports)) == 10 and all(1024 <= port < 65536 for port in ports)
