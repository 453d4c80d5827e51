"""Real processes: each question is asked once, and answered on the host loop when nobody recorded the answer."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fozzy import wall
from fozzy.core.choice import Answer, Choices, Request
from fozzy.core.limits import Limits
from fozzy.world.failure import Failure
from fozzy.world.host_loop import HostLoop
from fozzy.world.proc.base import (
    AwaitReady,
    Exited,
    FreePort,
    IsReady,
    Port,
    Spawn,
    Start,
    Started,
    Stop,
)

if TYPE_CHECKING:
    from fozzy.world.proc.child import Child
    from fozzy.world.proc.host_tasks import Processes

A = TypeVar("A", bound=Answer)

LOOPBACK = "127.0.0.1"
PORT_TRIES_MAX = 64  # the system may offer a port again that this run was given and has not opened yet


class HostProc:
    """Runs programs below `root`. *Limits*: the time a call has left, `output_bytes_max` per stream, `process_bytes_max`,
    `stop_grace_ms` and `kill_grace_ms`.

    A program gets the ordinary variables of our environment (see `environment`), those in `allowed`, and its own.
    With `ends_strays` what left a program's group and still holds its pipes ends with it: no service that it started
    on purpose is meant. *Errors*: none; what goes wrong is part of the answer. *Closes*: with the loop, or earlier by `close`.
    """

    def __init__(
        self,
        choices: Choices,
        loop: HostLoop,
        limits: Limits,
        root: Path,
        allowed: frozenset[str] = frozenset(),
        *,
        ends_strays: bool = False,
    ) -> None:
        self._allowed = allowed
        self._ends_strays = ends_strays
        self._choices = choices
        self._loop = loop
        self._limits = limits
        self._root = root
        self._made: Processes | None = None
        self._ports: set[int] = set()

    def spawn(self, request: Spawn) -> Exited:
        """Run to the end."""
        return self._ask("proc.spawn", request, Exited, lambda tasks, budget: tasks.spawn(request, budget))

    def start(self, request: Start) -> Started:
        """Start in the background."""
        return self._ask("proc.start", request, Started, lambda tasks, _: tasks.start(request))

    def await_ready(self, request: AwaitReady) -> IsReady:
        """Wait until it is ready."""
        return self._ask("proc.ready", request, IsReady, lambda tasks, budget: tasks.await_ready(request, budget))

    def stop(self, request: Stop) -> Exited:
        """End it and collect its output."""
        return self._ask("proc.stop", request, Exited, lambda tasks, budget: tasks.stop(request, budget))

    def free_port(self) -> Port:
        """A free port; no two answers of a run are the same."""

        def live(_budget_ns: int) -> tuple[Port, int]:
            began = wall.elapsed_ns()
            return self._find_port(), wall.elapsed_ns() - began

        return self._choices.ask("proc.port", FreePort(), live, Port)

    def close(self) -> None:
        """End every process that still lives."""
        if self._made is not None:
            self._loop.call(self._made.end_all)

    def _ask(self, label: str, request: Request, answer: type[A], work: Callable[[Processes, int], Awaitable[A]]) -> A:
        def live(budget_ns: int) -> tuple[A, int]:
            tasks = self._tasks()
            return self._loop.call(lambda: work(tasks, budget_ns))

        return self._choices.ask(label, request, live, answer)

    def _tasks(self) -> Processes:
        """Made by the first question nobody recorded an answer to, because it imports trio."""
        if self._made is None:
            from fozzy.world.proc.host_tasks import Processes

            strays = self._ends_strays
            self._made = Processes(self._limits, self._root, self._attend, self._allowed, ends_strays=strays)
            self._loop.at_close(self._made.aclose)
        return self._made

    def _attend(self, child: Child) -> None:
        self._loop.nursery.start_soon(child.attend)

    def _find_port(self) -> Port:
        try:
            for _ in range(PORT_TRIES_MAX):
                with socket.socket() as listener:
                    listener.bind((LOOPBACK, 0))
                    port: int = listener.getsockname()[1]
                if port not in self._ports:
                    self._ports.add(port)
                    return Port(port=port)
        except OSError as error:
            return Port(failure=Failure("io", f"no port on {LOOPBACK} can be opened: {error.strerror}"))
        return Port(failure=Failure("io", f"the system offers no new port on {LOOPBACK}"))
