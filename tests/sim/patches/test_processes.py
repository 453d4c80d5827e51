"""Processes: signals of a program are its machine's matter. What is fenced, test_fences has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

SIGNALS = """
patches.install()
import os, signal
def none(*_): pass
a, b = Machine("a"), Machine("b", 12)
"""


def test_handlers_are_kept_for_each_machine(told: Told) -> None:
    """A handler is told back, for its machine only, until its program ends; the true process has none of it."""
    script = f"""{SIGNALS}
true = signal.getsignal(signal.SIGTERM)
with on(a):
    seen = [signal.signal(signal.SIGTERM, none) == signal.SIG_DFL, signal.getsignal(15) is none,
        signal.signal(signal.SIGTERM, signal.SIG_IGN) is none, signal.getsignal(signal.SIGINT) is signal.default_int_handler]
    signal.siginterrupt(15, True)
    seen.append(signal.set_wakeup_fd(-1) == -1)
    for wrong in ((999, none), (15, "text")):
        try: signal.signal(*wrong)
        except (ValueError, TypeError): seen.append(True)
with on(b): seen.append(signal.getsignal(15) == signal.SIG_DFL)
patches.forget(a)
with on(a): seen.append(signal.getsignal(15) == signal.SIG_DFL)
told([all(seen), len(seen), signal.getsignal(15) == true])
"""
    assert told(script) == [True, 9, True]


def test_a_program_can_strike_itself(told: Told) -> None:
    """A signal to the machine's own process calls the handler; without one, or to another process, it is fenced."""
    script = f"""{SIGNALS}
seen = []
with on(a):
    signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    signal.raise_signal(signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), 0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.kill(os.getpid(), signal.SIGHUP)
    try: os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt: seen.append("interrupt")
    for call in (lambda: os.kill(os.getpid(), signal.SIGUSR1), lambda: os.kill(os.getppid(), 15), lambda: signal.raise_signal(10)):
        try: call()
        except Stop as stop: seen.append(str(stop).split(":")[0])
told(seen)
"""
    assert told(script) == [15, 15, "interrupt", "os.kill", "os.kill", "signal.raise_signal"]


def test_exits_stay(told: Told) -> None:
    """`sys.exit` raises as ever."""
    script = """
patches.install()
with on(Machine()):
    try: sys.exit(3)
    except SystemExit as error: told(error.code)
"""
    assert told(script) == 3
