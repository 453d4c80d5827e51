"""Time: every clock a program can read is its machine's, and sleeping blocks that machine.

Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import gc
import os
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from fozzy.sim import context
from fozzy.sim.context import EPOCH_NS, UPTIME_NS
from fozzy.sim.patches import doors, late
from fozzy.sim.patches.doors import Door

ZONE = "UTC"
SECOND_NS = 10**9


def _time(door: Door) -> float:
    machine = context.current
    return door.true() if machine is None else (EPOCH_NS + machine.now_ns()) / 1e9


def _time_ns(door: Door) -> int:
    machine = context.current
    return door.true() if machine is None else EPOCH_NS + machine.now_ns()


def _monotonic(door: Door) -> float:
    machine = context.current
    return door.true() if machine is None else (UPTIME_NS + machine.now_ns()) / 1e9


def _monotonic_ns(door: Door) -> int:
    machine = context.current
    return door.true() if machine is None else UPTIME_NS + machine.now_ns()


def _process_time(door: Door) -> float:
    machine = context.current
    return door.true() if machine is None else machine.now_ns() / 1e9


def _process_time_ns(door: Door) -> int:
    machine = context.current
    return door.true() if machine is None else machine.now_ns()


def _clock_gettime(door: Door, clock: int, /) -> float:
    machine = context.current
    return door.true(clock) if machine is None else _clock_ns(clock, machine.now_ns()) / 1e9


def _clock_gettime_ns(door: Door, clock: int, /) -> int:
    machine = context.current
    return door.true(clock) if machine is None else _clock_ns(clock, machine.now_ns())


def _clock_ns(clock: int, now_ns: int) -> int:
    """What one of the system's clocks shows."""
    if clock in (getattr(time, name, None) for name in ("CLOCK_REALTIME", "CLOCK_TAI")):
        return EPOCH_NS + now_ns
    if clock in (getattr(time, name, None) for name in ("CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID")):
        return now_ns
    return UPTIME_NS + now_ns


def _broken_down(door: Door, seconds: float | None = None, /) -> Any:
    """`gmtime`, `localtime`, `ctime`: they depend on the clock only when no time is given."""
    machine = context.current
    if machine is None or seconds is not None:
        return door.true(seconds)
    return door.true((EPOCH_NS + machine.now_ns()) // SECOND_NS)


def _asctime(door: Door, *given: Any) -> str:
    machine = context.current
    if machine is None or given:
        return door.true(*given)  # type: ignore[no-any-return]
    return door.true(_localtime(machine.now_ns()))  # type: ignore[no-any-return]


def _strftime(door: Door, form: str, *given: Any) -> str:
    machine = context.current
    if machine is None or given:
        return door.true(form, *given)  # type: ignore[no-any-return]
    return door.true(form, _localtime(machine.now_ns()))  # type: ignore[no-any-return]


def _localtime(now_ns: int) -> time.struct_time:
    return doors.original("time.localtime")((EPOCH_NS + now_ns) // SECOND_NS)  # type: ignore[no-any-return]


def _sleep(door: Door, seconds: float, /) -> None:
    machine = context.current
    if machine is None:
        door.true(seconds)
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    machine.block(round(seconds * SECOND_NS))


def _times(door: Door) -> Any:
    machine = context.current
    if machine is None:
        return door.true()
    seconds = machine.now_ns() / 1e9
    return os.times_result((seconds, 0.0, 0.0, 0.0, UPTIME_NS / 1e9 + seconds))


def _patch_datetime(module: ModuleType) -> None:
    """`now` and `utcnow` of the type itself, so that it stays the same type; `today` asks `time.time` already."""
    kind: Any = module.datetime
    names: dict[str, Any] = gc.get_referents(kind.__dict__)[0]
    if isinstance(names["now"], classmethod):
        return
    true_now, true_utcnow = kind.__dict__["now"], kind.__dict__["utcnow"]

    def now(cls: Any, tz: Any = None) -> Any:
        machine = context.current
        if machine is None:
            return true_now.__get__(None, cls)(tz)
        # Divided once, the float is so near that the right microsecond comes out.
        return from_seconds(cls, (EPOCH_NS + machine.now_ns()) // 1000 / 1e6, tz)

    def utcnow(cls: Any) -> Any:
        machine = context.current
        if machine is None:
            return true_utcnow.__get__(None, cls)()
        return now(cls, module.timezone.utc).replace(tzinfo=None)

    def from_seconds(cls: Any, seconds: float, tz: Any) -> Any:
        return kind.__dict__["fromtimestamp"].__get__(None, cls)(seconds, tz)

    for function, true in ((now, true_now), (utcnow, true_utcnow)):
        function.__qualname__, function.__doc__ = f"datetime.{function.__name__}", true.__doc__
        function.__module__ = "datetime"
        names[function.__name__] = classmethod(function)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _patch_logging(module: ModuleType) -> None:
    """A record tells how long the module is there, and the number of a thread, which differs between processes."""

    def make(true: Any) -> Any:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            true(self, *args, **kwargs)
            machine = context.current
            if machine is not None:
                self.relativeCreated = machine.now_ns() / 1e6
                if self.thread is not None:
                    self.thread = 1

        return __init__

    doors.method(module.LogRecord, "__init__", make)


_TIME: dict[str, Callable[..., Any]] = {
    "time": _time,
    "time_ns": _time_ns,
    "monotonic": _monotonic,
    "monotonic_ns": _monotonic_ns,
    "perf_counter": _monotonic,
    "perf_counter_ns": _monotonic_ns,
    "process_time": _process_time,
    "process_time_ns": _process_time_ns,
    "thread_time": _process_time,
    "thread_time_ns": _process_time_ns,
    "clock_gettime": _clock_gettime,
    "clock_gettime_ns": _clock_gettime_ns,
    "gmtime": _broken_down,
    "localtime": _broken_down,
    "ctime": _broken_down,
    "asctime": _asctime,
    "strftime": _strftime,
    "sleep": _sleep,
}


def install(settle_zone: bool) -> None:
    """Put the clocks in place; with `settle_zone` the time zone of this process is UTC from now on."""
    if settle_zone and hasattr(time, "tzset"):
        os.environ["TZ"] = ZONE
        time.tzset()
    for name, function in _TIME.items():
        doors.put(time, name, function)
    doors.put(os, "times", _times)
    late.when_imported("datetime", _patch_datetime)
    late.when_imported("logging", _patch_logging)
