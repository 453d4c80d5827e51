"""A program in a process of its own, on a free port of loopback, with a folder that goes with it.

    with Service([sys.executable, "shop.py", "--port", "{port}"], ready="/health") as shop:
        with shop.frozen(): ...

Rule 1: it is ready when it was started: somebody asked it and it answered, and it was no stranger who did.
Rule 2: leaving the context leaves no process and no file, whatever a test did to it; killed tests leave none either.
Rule 3: it lives in real time, and whatever waits for it here does too.
To add a kind: a class with `command`, `answers` and `prepare`, beside `redis_server` and `postgres_server`.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fozzy import wall
from fozzy.chaos.services import faults, processes
from fozzy.chaos.services.demands import Demand
from fozzy.chaos.services.faults import InForce
from fozzy.chaos.services.guard import Guard, private_folder
from fozzy.chaos.services.port import KeptPort
from fozzy.chaos.services.ready import Ready, is_ready
from fozzy.chaos.services.said import Said, last_lines
from fozzy.chaos.services.wire import SOON_S
from fozzy.errors import UsageError

if TYPE_CHECKING:
    import pwd

    from fozzy.chaos.tcp.handle import TcpProxy

TRIES_MAX = 5  # somebody else may take the port that was free
LOOK_NS = 3 * 10**6  # between two looks whether it is there

RUNNING: dict[Service, None] = {}  # of this process


def pids_running() -> set[int]:
    """All processes of all services that run now."""
    return {pid for service in RUNNING for pid in service.pids}


class Service:
    """A program. *Errors*: `UsageError` where it does not begin. *Closes*: leaving the context ends it.

    `command` is a list of words, or one text that is split as a shell would; `{port}` in it is the port, which the
    environment has as `PORT` too. `ready` says when it is there: a path that is asked for by HTTP, a pattern (`re.compile`)
    in what it says once it is started, a function of the service, or nothing: it takes connections. `url` may hold `{port}`.
    """

    name = ""
    protocol = "raw"  # what a proxy before it can read
    quit_by = signal.SIGTERM
    end_by: signal.Signals = processes.KILL  # when it goes for good

    def __init__(
        self,
        command: str | Sequence[str] = (),
        *,
        ready: Ready = None,
        name: str = "",
        url: str = "http://127.0.0.1:{port}",
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        within_s: float = SOON_S,
    ) -> None:
        self._words = processes.words_of(command)
        if not self._words and type(self).command is Service.command:
            hint = 'Service([sys.executable, "shop.py", "--port", "{port}"])'
            raise UsageError("usage.bad_value", "a service needs the command that starts it", hint=hint)
        self.name = name or self.name or (Path(self._words[0]).name if self._words else type(self).__name__)
        self._ready, self._url, self._env, self._cwd, self._within_s = ready, url, dict(env or {}), cwd, within_s
        self._folder: Path | None = None  # while it is there
        self._said: Said | None = None  # by its latest life
        self._how = ""  # a start failed
        self.status: int | None = None  # with which it ended last; negative for a signal
        self.listeners: list[Callable[[str], None]] = []  # are told: `killed begins`, `killed`, `started`
        self.made: list[InForce] = []  # for a block, whether it was entered or not
        self.in_force: list[InForce] = []
        self.demands: list[Demand] = []  # of faults, what it is to be
        self.is_paused = False
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self.lock = threading.RLock()  # a proxy's thread may kill it
        self._kept = KeptPort()

    def __repr__(self) -> str:
        return f"<{self.name} {self.address}>"

    def __enter__(self) -> Self:
        if self._guard is not None:
            raise UsageError("chaos.conflict", f"{self.name} runs already", hint="enter it once")
        self._folder = private_folder()
        try:
            self._guard = Guard(self.folder)
            self.prepare()
            self._begin_somewhere()
        except BaseException:
            self.end()
            raise
        RUNNING[self] = None
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.end()

    # what it is

    @property
    def folder(self) -> Path:
        """Where its files are, while it is there. *Errors*: `UsageError` `chaos.not_running`."""
        if self._folder is None:
            raise self._not_running()
        return self._folder

    @property
    def port(self) -> int:
        """The same every time; 0 before it was first started."""
        return self._kept.number

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """For clients."""
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """For clients that come by another port, a proxy's."""
        return self._url.replace("{port}", str(port))

    @property
    def pid(self) -> int:
        """Its process. *Errors*: `UsageError` `chaos.not_running`."""
        if self._process is None:
            raise self._not_running()
        return self._process.pid

    @property
    def pids(self) -> list[int]:
        """All processes there are for it: its own, their children, and the one that watches over them."""
        own = [] if self._process is None else processes.family(self._process.pid)
        return own if self._guard is None else [*own, self._guard.pid]

    @property
    def is_alive(self) -> bool:
        """Whether its process is there, stopped or not."""
        return self._process is not None and self._process.poll() is None

    def running(self) -> int | None:
        """Its process, where it is neither dead nor paused."""
        return self.pid if self.is_alive and not self.is_paused else None

    @property
    def log(self) -> str:
        """What it has said, in all its lives. *Errors*: `UsageError` `chaos.not_running`."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def said(self) -> str:
        """What it has said since it was started last."""
        return "" if self._said is None else self._said.text

    def left(self) -> list[str]:
        """What a test did to it and did not undo, a sentence each."""
        found = [f"a fault in force: {fault.name}" for fault in self.in_force]
        return found if found or self.is_alive else [f"{self.name} does not run"]

    def undo(self) -> None:
        """End all faults in force, and have it there and answering."""
        with contextlib.ExitStack() as undone:  # all of them, whatever becomes of one
            undone.callback(self.start)
            for fault in self.in_force:
                undone.callback(fault.__exit__, None, None, None)

    # what a kind says

    def prepare(self) -> None:
        """Make what it needs on disk, once."""

    def command(self) -> list[str]:
        """How it is started on `port`."""
        return [word.replace("{port}", str(self.port)) for word in self._words]

    def answers(self) -> bool:
        """Whether it answers by now."""
        return is_ready(self._ready, self, self._said)

    def user(self) -> pwd.struct_passwd | None:
        """As whom it runs, where that is not us."""
        return None

    def clear(self) -> None:
        """As new: what tests left in it goes. A program of one's own is started again."""
        self.restart()

    def fill(self) -> contextlib.AbstractContextManager[object]:
        """Take every connection there is, for a block."""
        message = f"how many connections {self.name} takes is not known"
        raise UsageError("usage.bad_value", message, hint="give a number")

    def connect(self) -> contextlib.AbstractContextManager[object]:
        """One more connection, as a client holds it."""
        from fozzy.chaos.services.wire import Wire

        return Wire(self.port)

    # what happens to it

    def begin(self) -> bool:
        """Start it on its port. Returns whether it came up; where it ended by itself it did not."""
        if self._guard is None:
            raise self._not_running()
        with self.lock, (self.folder / "log").open("ab") as log:
            self._said = Said(self.folder / "log")
            self._kept.let_go()
            variables = {**wall.variables(), **self._env, "PORT": str(self.port)}
            self._process = processes.started(self.command(), log, self._cwd or self.folder, variables, self.user())
            self.watched()
        if self._came_up():
            self.watched()
            self.tell("started")
            return True
        has_ended = not self.is_alive  # by itself, also of a signal
        self.kill()
        self._how = processes.ended_said(self.status) if has_ended else "did not answer"
        return False

    def start(self) -> None:
        """Have it there and answering: start it where it does not run. *Errors*: `UsageError` `chaos.service_failed`."""
        if self.is_alive:
            self._wake()
            if self._came_up():  # one that dies just now, as for want of memory, does not
                return
        self.kill()
        if not self.begin():
            raise self._failed()

    def stop(self, sent: signal.Signals | None = None) -> None:
        """End its process, with the signal it takes for that unless another is given. The files and the port stay."""
        if self.is_alive and (sent or self.quit_by) != signal.SIGKILL:
            self._wake()
            processes.send([self.pid], sent or self.quit_by)
            self._waited(lambda: False)
        self.kill()

    def kill(self) -> None:
        """End it and its children at once, as a power cut would. The files and the port stay."""
        with self.lock:
            if self.is_alive:
                processes.send(reversed(processes.stop(self.pid)), signal.SIGKILL)
            self._collect()
            self.is_paused = False
            if self._guard is not None:
                self._kept.hold()

    def pause(self) -> None:
        """Stop it and its children where they are. Nothing where it is dead."""
        with self.lock:
            if self.is_alive:
                self.is_paused = True
                self.watched(processes.stop(self.pid))

    def go_on(self) -> None:
        """Have those go on who were stopped; one that was killed meanwhile is started again."""
        if self.is_alive:
            self._wake()
        else:
            self.start()

    def restart(self, sent: signal.Signals | None = None) -> None:
        """Stop it, with the signal it takes for that unless another is given, and start it on the same port."""
        self.stop(sent)
        self.tell("stopped")
        self.start()

    def end(self) -> None:
        """End it for good. Nothing where it has ended, or has not begun."""
        if self._folder is None:
            return
        RUNNING.pop(self, None)
        try:
            if self.in_force:
                with contextlib.suppress(UsageError):  # it need not come back
                    self.undo()
            self.stop(self.end_by)
            self.clean()
        finally:
            self._kept.let_go()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
            guard, self._guard = self._guard, None
            if guard is not None:
                guard.dismiss()

    def clean(self) -> None:
        """Take away what is left outside of its folder."""

    # for the time of a block

    def killed(self, through: TcpProxy | None = None, **schedule: Any) -> InForce:
        """For a block it is dead; nobody listens at its port. Then it is started again, with the files it had.
        Inside of `frozen` it stands still then, once it has begun.

        `through` a proxy it dies of a request: of the first that the schedule strikes (`after=3`, `match="SET"`), which
        it gets and does not answer.
        """
        return faults.killed(self, through, schedule)

    def frozen(self, through: TcpProxy | None = None, **schedule: Any) -> InForce:
        """For a block it stands still: the system takes connections and bytes for it, and nothing answers.

        `through` a proxy it stands still from the first request on that the schedule strikes.
        """
        return faults.frozen(self, through, schedule)

    def limited(self, *, memory_mb: int | None = None, cpu: float | None = None) -> InForce:
        """For a block it has less. Where it dies of that it is started again at the end.

        `memory_mb`: about so much memory altogether; what it asks for beyond that it does not get (RLIMIT_AS; Linux).
        `cpu`: the share of the time in which it runs, from 0.01 to 1; for the rest of every 100 ms it is stopped.
        """
        return faults.limited(self, memory_mb, cpu)

    def exhausted(self, connections: int | None = None) -> InForce:
        """For a block so many of its connections are taken; all it has, where no number is given."""
        return faults.exhausted(self, connections)

    def watched(self, pids: list[int] | None = None) -> None:
        """Have the guard know its processes: these, or those there are."""
        if self._guard is not None:
            now = [] if self._process is None else processes.family(self._process.pid)
            self._guard.watch(now if pids is None else pids)

    def tell(self, what: str) -> None:
        """Something happened to it."""
        for listener in self.listeners:
            listener(what)

    # inside

    def _begin_somewhere(self) -> None:
        for _ in range(TRIES_MAX):
            self._kept.find()
            if self.begin():
                return
            if "in use" not in self.said.lower():
                break
        raise self._failed()

    def _wake(self) -> None:
        with self.lock:
            self.is_paused = False
            if self.is_alive:
                processes.send(processes.family(self.pid), signal.SIGCONT)

    def _came_up(self) -> bool:
        """Wait until it answers, or has ended."""
        return self._waited(lambda: self.answers() and self.is_alive)

    def _waited(self, until: Callable[[], bool]) -> bool:
        elapsed_ns = wall.stopwatch()
        while self.is_alive and elapsed_ns() < self._within_s * 1e9:
            if until():
                return True
            wall.pause_ns(LOOK_NS)
        return False

    def _collect(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            self.status = process.wait()
            processes.send_group(process.pid)
            self.watched()

    def _not_running(self) -> UsageError:
        hint = "use it inside its `with` block" if self._folder is None else "start it, or end the fault that killed it"
        return UsageError("chaos.not_running", f"{self.name} does not run", hint=hint)

    def _failed(self) -> UsageError:
        message = f"{self.name} {self._how} when it was started:\n{last_lines(self.said)}"
        return UsageError("chaos.service_failed", message)
