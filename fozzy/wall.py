"""The only reader of wall time, entropy and process facts outside the host backends.

What it returns goes into run names, default seeds and the trace's footer, never into a header, a record or a verdict.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

_really_sleep = time.sleep  # tests on a shared clock put another in its place

SEED_BITS = 53  # a seed survives jq and JavaScript, whose numbers are doubles


def now_iso() -> str:
    """This instant in UTC, ISO 8601 with milliseconds."""
    return iso(time.time())


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC with milliseconds."""
    whole = int(seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int((seconds - whole) * 1000):03d}Z"


def now_s() -> float:
    """Seconds since the epoch."""
    return time.time()


def elapsed_ns() -> int:
    """A monotonic reading in nanoseconds; only differences mean anything."""
    return time.perf_counter_ns()


def worked_ns() -> int:
    """Nanoseconds that this process has worked, all its threads together."""
    return time.process_time_ns()


def stopwatch() -> Callable[[], int]:
    """A clock that begins now: the nanoseconds since then. One call each time, for who asks often."""
    read = time.perf_counter_ns
    began = read()
    return lambda: read() - began


def pause_ns(duration_ns: int) -> None:
    """Really sleep; used by runs without `--det`."""
    _really_sleep(duration_ns / 1e9)


def fresh_seed() -> int:
    """A seed for a run that was given none."""
    return int.from_bytes(os.urandom(8), "little") >> (64 - SEED_BITS)


def fresh_run_id() -> str:
    """Eight hexadecimal digits that name a run."""
    return os.urandom(4).hex()


def python_version() -> str:
    """The interpreter, as in `3.11.7`."""
    return ".".join(str(part) for part in sys.version_info[:3])


def system_name() -> str:
    """Operating system and machine, as in `linux x86_64`."""
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    return f"{sys.platform} {machine}".strip().lower()


def hash_seed() -> str:
    """`PYTHONHASHSEED` of this process, `random` when it is not fixed."""
    return os.environ.get("PYTHONHASHSEED") or "random"


def environment(name: str) -> str | None:
    """A variable of fozzy's own configuration, or none."""
    return os.environ.get(name)


def variables() -> dict[str, str]:
    """The whole environment, for a process of ours that is to have another one."""
    return dict(os.environ)


def peak_rss_bytes() -> int:
    """The most memory this process has held, in bytes; 0 where the system does not say.

    Linux counts the memory of the parent before `exec` in `ru_maxrss`, so there the kernel's own mark is read.
    """
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024


def in_forked(call: Callable[[], object]) -> None:
    """Have it called in each process that is forked from this one, before anything else of ours; never on Windows."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)


class TooMuchWork(Exception):
    """What was to be bounded took longer."""


@contextlib.contextmanager
def work_bounded(seconds: float) -> Iterator[None]:
    """Within this block C code that hears signals, as `re` does, is ended after so much of the processor's time.

    *Errors*: `TooMuchWork`. *Limits*: none in other threads than the main one, and on Windows.
    """
    import threading  # for who matches something; the start of a run does not need it

    if not hasattr(signal, "SIGVTALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_signal: int, _frame: object) -> NoReturn:
        raise TooMuchWork

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextlib.contextmanager
def signals_held() -> Iterator[set[int]]:
    """Within this block Ctrl-C and SIGTERM wait, in this thread, and in programs that are begun in it. Gives the mask
    that was in force before, for those that should not."""
    if not hasattr(signal, "pthread_sigmask"):
        yield set()
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield mask
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
