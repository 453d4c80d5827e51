"""Processes answered by the rules of the scenario."""

import msgspec

from fozzy.core.blob import Blob
from fozzy.world.failure import Failure
from fozzy.world.proc.base import AwaitReady, Exited, IsReady, Port, Spawn, Start, Started, Stop
from fozzy.world.rules import Rules

FIRST_PORT = 40_000  # scripted ports are numbered from here; nothing listens on them


class ProcRule(msgspec.Struct, frozen=True):
    """Answers one command line; `args` none answers any arguments. What is none was not said."""

    cmd: str
    args: list[str] | None
    exit_code: int
    stdout: str | None = None
    stderr: str | None = None

    def words(self) -> str:
        """What the rule speaks of, for people."""
        return " ".join([self.cmd, *(self.args or [])])

    def matches(self, cmd: str, args: list[str]) -> bool:
        """Whether this rule speaks for the command line."""
        return cmd == self.cmd and (self.args is None or args == self.args)

    def exited(self) -> Exited:
        """The end the rule describes."""
        return Exited(
            exit_code=self.exit_code, stdout=Blob(text=self.stdout or ""), stderr=Blob(text=self.stderr or "")
        )


class ScriptedProc:
    """The first matching rule with uses left answers; background processes run in name only."""

    def __init__(self, rules: Rules[ProcRule]) -> None:
        self._rules = rules
        self._running: dict[str, ProcRule] = {}
        self._ports = 0

    def spawn(self, request: Spawn) -> Exited:
        """The rule's answer. *Errors*: failure `unscripted` when no rule speaks for the command line."""
        rule = self._rules.take(lambda rule: rule.matches(request.cmd, request.args))
        return Exited(failure=_unscripted(request.cmd, request.args)) if rule is None else rule.exited()

    def start(self, request: Start) -> Started:
        """Start in name only. *Errors*: failure `unscripted` as for `spawn`."""
        rule = self._rules.take(lambda rule: rule.matches(request.cmd, request.args))
        if rule is None:
            return Started(failure=_unscripted(request.cmd, request.args))
        self._running[request.name] = rule
        return Started()

    def await_ready(self, request: AwaitReady) -> IsReady:
        """Ready as soon as started."""
        rule = self._running.get(request.name)
        if rule is None:
            return IsReady(failure=Failure("not_found", f"no background process is called {request.name!r}"))
        return IsReady(stdout=Blob(text=rule.stdout or ""), stderr=Blob(text=rule.stderr or ""))

    def stop(self, request: Stop) -> Exited:
        """The end the rule describes."""
        rule = self._running.pop(request.name, None)
        if rule is None:
            return Exited(failure=Failure("not_found", f"no background process is called {request.name!r}"))
        return rule.exited()

    def free_port(self) -> Port:
        """The next scripted port."""
        self._ports += 1
        return Port(port=FIRST_PORT + self._ports)


def _unscripted(cmd: str, args: list[str]) -> Failure:
    return Failure("unscripted", f"no proc_when answers {' '.join([cmd, *args])}")
