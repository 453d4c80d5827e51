"""Steps that run programs."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from fozzy.core.blob import Blob
from fozzy.core.outcome import Status, StepFailed
from fozzy.dsl.steps.answers import AnswerCheck, Part, check_answers, hold_to, json_body, keep
from fozzy.dsl.steps.base import (
    Duration,
    Int,
    Issue,
    Name,
    Step,
    TextOrBytes,
    bytes_of,
    check_bytes,
    check_exactly_one,
    fail,
    literal,
    ns,
    told,
)
from fozzy.dsl.steps.conditions import check_pattern, matches
from fozzy.dsl.steps.store import MISSING
from fozzy.world.failure import Failure, fail_with
from fozzy.world.proc.base import AwaitReady, Exited, Probe, Spawn, Start, Stop
from fozzy.world.proc.scripted import ProcRule
from fozzy.world.world import World

SIGNALS = ("TERM", "INT", "KILL", "HUP", "QUIT", "USR1", "USR2")
SHELL_SIGNAL_BASE = 128  # a shell reports a program ended by signal N as 128 + N
READY_WITHIN = "10s"


class ProcWhen(Step, frozen=True, kw_only=True, tag="proc_when"):
    """Declares how a program ends, or, with the host backend, how the real one must end."""

    declares: ClassVar[bool] = True
    cmd: Name
    args: list[str] | None = None
    exit_code: Int
    stdout: str | None = None
    stderr: str | None = None
    times: Annotated[int, Meta(ge=1)] | None = None

    def run(self, world: World) -> str:
        rule = ProcRule(self.cmd, self.args, self.exit_code, self.stdout, self.stderr)
        world.proc_rules.add(rule, self.times, world.choices.span)
        return f"{self.cmd} -> {self.exit_code}"


class ProcSpawn(Step, frozen=True, kw_only=True, tag="proc_spawn"):
    """Runs a program to its end and checks what is expected; without an expectation any exit passes."""

    stores: ClassVar[tuple[str, ...]] = ("save_stdout_as", "save")
    cmd: Name
    args: list[str] = []
    env: dict[str, str] = {}
    cwd: str = ""
    stdin: TextOrBytes | None = None
    timeout: Duration | None = None
    expect_exit: Int | None = None
    expect_stdout: str | None = None
    expect_stdout_matches: str | None = None
    expect_stderr: str | None = None
    expect: list[AnswerCheck] = []
    save_stdout_as: Name | None = None
    save: dict[Name, Name] = {}

    def request(self) -> Spawn:
        """What is run."""
        return Spawn(
            cmd=self.cmd,
            args=self.args,
            env=self.env,
            cwd=self.cwd,
            stdin=Blob.of(bytes_of(self.stdin or "")),
            timeout_ms=max(1, ns(self.timeout) // 10**6) if self.timeout is not None else 0,
        )

    def run(self, world: World) -> str:
        request = self.request()
        ended = world.proc.spawn(request)
        is_real = world.setting.backends.proc == "host"
        if is_real:
            world.proc_rules.meet(lambda rule: rule.matches(self.cmd, self.args))
        if ended.failure:
            _fail(ended.failure, ended, request, self._wanted())
        if is_real:
            self._hold_to_rules(world, ended)
        check_exit(self.cmd, ended, self.expect_exit)
        _check_output("stdout", self.expect_stdout, ended)
        _check_output("stderr", self.expect_stderr, ended)
        self._match(ended)
        self._keep(world, ended)
        return f"{command_line(self.cmd, self.args)}  {_end(ended)}"

    def _wanted(self) -> dict[str, Any]:
        """How the program must end, as `proc_when` says it."""
        from fozzy.dsl.steps.examples import example_body, example_of, example_text  # only what failed needs them

        def part(at: str, given: Any, *usual: Any) -> Any:
            checks = [check for check in self.expect if check.at == at]
            return given if given is not None or not checks else example_of(checks, usual)

        stdout = part("stdout", self.expect_stdout)
        if stdout is None and self.expect_stdout_matches is not None:
            stdout = example_text(self.expect_stdout_matches)
        body = example_body(self.expect, self.save)
        if stdout is None and body is not MISSING:
            stdout = msgspec.json.encode(body).decode()
        said = {"exit_code": part("exit", self.expect_exit, *range(256)), "stdout": stdout}
        said["stderr"] = part("stderr", self.expect_stderr)
        return {name: value for name, value in said.items() if isinstance(value, int if name == "exit_code" else str)}

    def _match(self, ended: Exited) -> None:
        wanted = self.expect_stdout_matches
        if wanted is not None and not matches(wanted, ended.stdout.shown()):
            said = told(ended.stdout.shown())
            message = f"stdout is {said}, wanted something matching {told(wanted)}"
            fail(message, field="expect_stdout_matches", label=f"is {said}")

    def _keep(self, world: World, ended: Exited) -> None:
        if self.save_stdout_as is not None:
            world.kv[self.save_stdout_as] = ended.stdout.shown()
        parts: dict[str, Part] = {
            "exit": lambda: ended.exit_code,
            "stdout": ended.stdout.shown,
            "stderr": ended.stderr.shown,
            "peak_bytes": lambda: ended.peak_bytes or MISSING,
        }
        hold_to(self.expect, parts, lambda: json_body(ended.stdout.data()))
        keep(world, self.save, parts, lambda: json_body(ended.stdout.data()))

    def check(self) -> Iterator[Issue]:
        yield from check_bytes("stdin", self.stdin)
        yield from check_answers(self.expect, self.save, ("exit", "stdout", "stderr", "peak_bytes"))
        if self.expect_stdout_matches is not None and "${" not in self.expect_stdout_matches:
            yield from check_pattern(self.expect_stdout_matches, ("expect_stdout_matches",))

    def _hold_to_rules(self, world: World, ended: Exited) -> None:
        rule = world.proc_rules.take(lambda rule: rule.matches(self.cmd, self.args))
        if rule is None:
            return
        if not _exit_is(ended, rule.exit_code):
            fail(f"{self.cmd} ended with {_end(ended)}, proc_when says {rule.exit_code}", title="proc_when")
        for stream, wanted in (("stdout", rule.stdout), ("stderr", rule.stderr)):
            _check_output(stream, wanted, ended)


class Ready(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How to see that a background process is ready, and how long to wait for it."""

    tcp: str | None = None
    http: str | None = None
    stdout_matches: str | None = None
    within: Duration = READY_WITHIN


class ProcStart(Step, frozen=True, kw_only=True, tag="proc_start"):
    """Starts a program in the background; it lives until proc_stop or the end of the run."""

    name: Name
    cmd: Name
    args: list[str] = []
    env: dict[str, str] = {}
    cwd: str = ""
    ready: Ready | None = None

    def run(self, world: World) -> str:
        if self.name in world.background:
            fail(f'"{self.name}" is running already', title="proc_name_taken", field="name")
        start = Start(name=self.name, cmd=self.cmd, args=self.args, env=self.env, cwd=self.cwd)
        started = world.proc.start(start)
        if world.setting.backends.proc == "host":
            world.proc_rules.take(lambda rule: rule.matches(self.cmd, self.args))  # as a scripted start uses one up
        if started.failure:
            _fail(started.failure, None, Spawn(cmd=self.cmd, args=self.args), {})
        world.background.append(self.name)
        if self.ready is not None:
            self._await(world, self.ready)
        return f"{self.name}: {command_line(self.cmd, self.args)}"

    def _await(self, world: World, ready: Ready) -> None:
        probe = Probe(tcp=ready.tcp or "", http=ready.http or "", stdout_matches=ready.stdout_matches or "")
        within_ms = max(1, ns(ready.within) // 10**6)
        answer = world.proc.await_ready(AwaitReady(name=self.name, probe=probe, within_ms=within_ms))
        if answer.failure:
            fail_with("proc_ready", answer.failure, _output(answer.stdout.shown(), answer.stderr.shown()))

    def check(self) -> Iterator[Issue]:
        if self.ready is None:
            return
        for issue in check_exactly_one(self.ready, "tcp", "http", "stdout_matches"):
            yield issue._replace(path=("ready", *issue.path))
        if self.ready.stdout_matches and "${" not in self.ready.stdout_matches:
            yield from check_pattern(self.ready.stdout_matches, ("ready", "stdout_matches"))


class ProcStop(Step, frozen=True, kw_only=True, tag="proc_stop"):
    """Ends a background process and checks how it ended."""

    name: Name
    signal: str = "TERM"
    expect_exit: Int | None = None

    def run(self, world: World) -> str:
        if self.name not in world.background:
            fail(f'no background process is called "{self.name}"', title="proc_not_running", field="name")
        ended = end_background(world, self.name, self.signal)
        if ended.ended_before:
            check_exit(self.name, ended, self.expect_exit)
        elif self.expect_exit is not None and not _exit_is(ended, self.expect_exit):
            _fail_exit(self.name, ended, self.expect_exit, "fail")  # the signal was ours, so this is no crash
        return f"{self.name}  {_end(ended)}"

    def check(self) -> Iterator[Issue]:
        if self.signal.removeprefix("SIG") not in SIGNALS and "${" not in self.signal:
            yield Issue(("signal",), f'"{self.signal}" is not a signal name', f"one of {' '.join(SIGNALS)}")


class FreePort(Step, frozen=True, kw_only=True, tag="free_port"):
    """Finds a free TCP port on the loopback address and keeps it under a key."""

    stores: ClassVar[tuple[str, ...]] = ("key",)
    key: Name

    def run(self, world: World) -> str:
        port = world.proc.free_port()
        if port.failure:
            fail_with("proc", port.failure)
        world.kv[self.key] = port.port
        return str(port.port)


def end_background(world: World, name: str, signal: str = "TERM") -> Exited:
    """End a background process by name. *Errors*: `StepFailed` when its output was cut off or it cannot be ended."""
    world.background.remove(name)
    ended = world.proc.stop(Stop(name=name, signal=signal.removeprefix("SIG")))
    if ended.failure:
        fail_with("proc", ended.failure, _output(ended.stdout.shown(), ended.stderr.shown()))
    return ended


def end_since(world: World, running: list[str]) -> None:
    """End every background process that is not among `running`, the youngest first."""
    for name in [name for name in reversed(world.background) if name not in running]:
        end_background(world, name)


def check_exit(program: str, ended: Exited, wanted: int | None) -> None:
    """Hold an end to its expectation; an unexpected signal is a crash."""
    if wanted is not None and not _exit_is(ended, wanted):
        _fail_exit(program, ended, wanted, "fail" if ended.signal is None else "crash")
    if wanted is None and ended.signal is not None:
        raise StepFailed(
            "proc_signal",
            f"{program} was ended by signal {ended.signal}",
            "panic",
            "crash",
            details={"signal": ended.signal, **_output(ended.stdout.shown(), ended.stderr.shown())},
        )


def command_line(cmd: str, args: list[str]) -> str:
    """A command line for people."""
    return " ".join([cmd, *args])


def _fail_exit(program: str, ended: Exited, wanted: int, status: Status) -> None:
    raise StepFailed(
        "",
        f"{program} ended with {_end(ended)}, wanted exit {wanted}",
        "assertion",
        status,
        field="expect_exit",
        label=f"is {_end(ended)}",
        details=_output(ended.stdout.shown(), ended.stderr.shown()),
    )


def _exit_is(ended: Exited, wanted: int) -> bool:
    if ended.signal is not None:
        return wanted in (-ended.signal, SHELL_SIGNAL_BASE + ended.signal)
    return ended.exit_code == wanted


def _end(ended: Exited) -> str:
    return f"exit {ended.exit_code}" if ended.signal is None else f"signal {ended.signal}"


def _check_output(stream: str, wanted: str | None, ended: Exited) -> None:
    blob = ended.stdout if stream == "stdout" else ended.stderr
    if wanted is None or blob.data() == wanted.encode():
        return
    fail(
        f"{stream} is {told(blob.shown())}, wanted {told(wanted)}",
        field=f"expect_{stream}",
        label=f"is {told(blob.shown())}",
        details={"expected": wanted, "actual": blob.shown()},
    )


def _output(stdout: str, stderr: str) -> dict[str, str]:
    return {name: told(text) for name, text in (("stdout", stdout), ("stderr", stderr)) if text}


def _fail(failure: Failure, ended: Exited | None, spawn: Spawn, expected: dict[str, Any]) -> None:
    details: Any = _output(ended.stdout.shown(), ended.stderr.shown()) if ended else None
    if failure.kind == "unscripted":
        when = {"type": "proc_when", "cmd": spawn.cmd, "args": spawn.args, "exit_code": 0, **expected}
        details = {"paste": literal(when)}
    fail_with("proc", failure, details)
