"""Processes as questions and answers."""

from typing import ClassVar, Protocol

import msgspec

from fozzy.core.blob import EMPTY, Blob
from fozzy.core.choice import Answer, Request
from fozzy.world.failure import Failure


class Exited(Answer, frozen=True, kw_only=True):
    """How a process ended: `exit_code`, or `signal` when a signal ended it, with its output so far."""

    exit_code: int | None = None
    signal: int | None = None
    stdout: Blob = EMPTY
    stderr: Blob = EMPTY
    peak_bytes: int = 0  # the most memory it and its descendants were seen to hold; a lower bound, 0 when not seen
    ended_before: bool = False  # a background process had ended by itself before it was asked to
    failure: Failure | None = None


class Spawn(Request, frozen=True, kw_only=True):
    """Run a program to its end."""

    answer: ClassVar[type[Answer]] = Exited
    cmd: str
    args: list[str] = []
    env: dict[str, str] = {}
    cwd: str = ""
    stdin: Blob = EMPTY
    timeout_ms: int = 0  # of this program alone; 0 leaves it to the run


class Started(Answer, frozen=True, kw_only=True):
    """The program runs in the background, or why it does not."""

    failure: Failure | None = None


class Start(Request, frozen=True, kw_only=True):
    """Start a program in the background under a name of the run."""

    answer: ClassVar[type[Answer]] = Started
    name: str
    cmd: str
    args: list[str] = []
    env: dict[str, str] = {}
    cwd: str = ""


class Probe(msgspec.Struct, frozen=True, omit_defaults=True):
    """How to see that a background process is ready; exactly one is set."""

    tcp: str = ""  # host:port accepts a connection
    http: str = ""  # a GET answers with a status below 500
    stdout_matches: str = ""  # a regular expression found in its output so far


class IsReady(Answer, frozen=True, kw_only=True):
    """It is ready, or why not, with the output so far."""

    stdout: Blob = EMPTY
    stderr: Blob = EMPTY
    failure: Failure | None = None


class AwaitReady(Request, frozen=True, kw_only=True):
    """Wait until a background process is ready."""

    answer: ClassVar[type[Answer]] = IsReady
    name: str
    probe: Probe
    within_ms: int


class Stop(Request, frozen=True, kw_only=True):
    """End a background process: send `signal`, wait, then kill what is left of its group."""

    answer: ClassVar[type[Answer]] = Exited
    name: str
    signal: str = "TERM"


class Port(Answer, frozen=True, kw_only=True):
    """A TCP port on the loopback address that nobody listened on a moment ago."""

    port: int = 0
    failure: Failure | None = None


class FreePort(Request, frozen=True, kw_only=True):
    """Which port is free?"""

    answer: ClassVar[type[Answer]] = Port


class Proc(Protocol):
    """Somebody who runs programs. *Closes*: every background process by the end of the run."""

    def spawn(self, request: Spawn) -> Exited:
        """Run to the end."""
        ...

    def start(self, request: Start) -> Started:
        """Start in the background."""
        ...

    def await_ready(self, request: AwaitReady) -> IsReady:
        """Wait until it is ready."""
        ...

    def stop(self, request: Stop) -> Exited:
        """End it and collect its output."""
        ...

    def free_port(self) -> Port:
        """A free port."""
        ...
