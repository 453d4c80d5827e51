"""Processes: a simulated machine has one, and starts no other; signals to it are its own matter.

Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import ModuleType
from typing import Any

from fozzy.sim import context
from fozzy.sim.context import Machine
from fozzy.sim.patches import doors, late
from fozzy.sim.patches.doors import Door
from fozzy.sim.patches.fences import fence, fenced, fenced_method
from fozzy.sim.patches.own import own

START = "a simulated machine starts no processes; call the code itself, or make it another node of the scenario."
OTHERS = (
    "a simulated machine has no other processes; use a crash or restart step, or raise SystemExit to end the program."
)
TIMER = "signals that strike by themselves cannot be replayed; use loop.call_later or asyncio.sleep."
WAIT = "nobody sends signals to a simulated machine, so this wait never ends; await an asyncio.Event instead."

_STARTS = ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system", "popen", "startfile")
_EXECS = ("execv", "execve", "execl", "execle", "execlp", "execlpe", "execvp", "execvpe")
_SPAWNS = ("spawnv", "spawnve", "spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnvp", "spawnvpe")
_WAITS = ("wait", "wait3", "wait4", "waitid", "waitpid", "killpg", "pidfd_open")


def _signal(door: Door, signalnum: int, handler: Any, /) -> Any:
    """The program's handlers are its machine's, and nothing but the program itself calls them."""
    machine = context.current
    if machine is None:
        return door.true(signalnum, handler)
    if not callable(handler) and handler not in (signal.SIG_DFL, signal.SIG_IGN):
        raise TypeError("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
    before = _handler(machine, signalnum)
    own(machine).handlers[int(signalnum)] = handler
    return before


def _getsignal(door: Door, signalnum: int, /) -> Any:
    machine = context.current
    return door.true(signalnum) if machine is None else _handler(machine, signalnum)


def _handler(machine: Machine, number: int) -> Any:
    """What a program finds when it has set none."""
    number = int(signal.Signals(number))  # `ValueError` for what is none
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    return own(machine).handlers.get(number, usual)


def _raise_signal(door: Door, signalnum: int, /) -> None:
    machine = context.current
    if machine is None:
        door.true(signalnum)
        return
    _strike(machine, signalnum, "signal.raise_signal")


def _kill(door: Door, pid: int, sig: int, /) -> None:
    machine = context.current
    if machine is None:
        door.true(pid, sig)
        return
    if pid != machine.pid:
        raise fence(machine, "os.kill", OTHERS)
    if sig:  # 0 only asks whether the process is there
        _strike(machine, sig, "os.kill")


def _strike(machine: Machine, number: int, call: str) -> None:
    """The program sends itself a signal."""
    handler = _handler(machine, number)
    if callable(handler):
        handler(int(number), None)
    elif handler != signal.SIG_IGN:
        raise fence(machine, call, OTHERS)


def _nothing(door: Door, *args: Any, **kwargs: Any) -> Any:
    return door.true(*args, **kwargs) if context.current is None else None


def _set_wakeup_fd(door: Door, *args: Any, **kwargs: Any) -> int:
    return door.true(*args, **kwargs) if context.current is None else -1


_SIGNALS: dict[str, Callable[..., Any]] = {
    "signal": _signal,
    "getsignal": _getsignal,
    "raise_signal": _raise_signal,
    "siginterrupt": _nothing,
    "set_wakeup_fd": _set_wakeup_fd,
    **{name: fenced(f"signal.{name}", TIMER) for name in ("alarm", "setitimer", "pthread_kill")},
    **{name: fenced(f"signal.{name}", WAIT) for name in ("pause", "sigwait", "sigwaitinfo", "sigtimedwait")},
}


def _patch_subprocess(module: Any) -> None:
    doors.method(module.Popen, "__init__", fenced_method("subprocess.Popen", START))


def _patch_fork_exec(module: ModuleType) -> None:
    doors.put(module, "fork_exec", fenced("_posixsubprocess.fork_exec", START))


def _patch_multiprocessing(module: Any) -> None:
    doors.method(module.BaseProcess, "start", fenced_method("multiprocessing.Process.start", START))


def _patch_asyncio(module: ModuleType) -> None:
    for name in ("create_subprocess_exec", "create_subprocess_shell"):
        doors.put(module, name, _fenced_coroutine(f"asyncio.{name}"))


def _fenced_coroutine(call: str) -> Callable[..., Any]:
    async def function(door: Door, *args: Any, **kwargs: Any) -> Any:
        machine = context.current
        if machine is None:
            return await door.true(*args, **kwargs)
        raise fence(machine, call, START)

    return function


def install() -> None:
    """Put signals in place, and fences around processes."""
    for name in (*_STARTS, *_EXECS, *_SPAWNS):
        doors.put(os, name, fenced(f"os.{name}", START))
    for name in _WAITS:
        doors.put(os, name, fenced(f"os.{name}", OTHERS))
    doors.put(os, "kill", _kill)
    for name, function in _SIGNALS.items():
        doors.put(signal, name, function)
    late.when_imported("subprocess", _patch_subprocess)
    late.when_imported("_posixsubprocess", _patch_fork_exec)
    late.when_imported("multiprocessing.process", _patch_multiprocessing)
    late.when_imported("asyncio.subprocess", _patch_asyncio)
