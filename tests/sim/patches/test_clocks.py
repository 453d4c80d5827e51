"""Clocks: a machine's own while its code runs, the true ones outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

READ = """
patches.install()
import time, datetime, os
from time import time as now, monotonic, perf_counter_ns
def read():
    return [
        time.time(), time.time_ns(), now(), monotonic(), time.monotonic_ns(), time.perf_counter(), perf_counter_ns(),
        time.process_time(), time.thread_time_ns(), time.clock_gettime(time.CLOCK_REALTIME),
        time.clock_gettime_ns(time.CLOCK_MONOTONIC), list(time.gmtime()), list(time.localtime()), time.ctime(),
        time.asctime(), time.strftime("%F %T %Z"), os.times()[4], str(datetime.datetime.now()),
        str(datetime.datetime.now(datetime.timezone.utc)), str(datetime.datetime.utcnow()),
        str(datetime.datetime.today()), str(datetime.date.today()),
    ]
machine = Machine()
machine.ns = 90_061_000_001_999
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
"""


def test_a_program_reads_the_clocks_of_its_machine(told: Told) -> None:
    """Every way to ask for the time tells the machine's, in UTC, and to the microsecond where that is the unit."""
    wall_ns, up_ns = 1_735_779_661_000_001_999, 91_061_000_001_999
    wall, up = wall_ns / 1e9, up_ns / 1e9
    assert told(f"{READ}\nwith on(machine): told(read())") == [
        *(wall, wall_ns, wall, up, up_ns, up, up_ns, 90_061_000_001_999 / 1e9, 90_061_000_001_999, wall, up_ns),
        *([2025, 1, 2, 1, 1, 1, 3, 2, 0], [2025, 1, 2, 1, 1, 1, 3, 2, 0]),
        *("Thu Jan  2 01:01:01 2025", "Thu Jan  2 01:01:01 2025", "2025-01-02 01:01:01 UTC", up),
        *("2025-01-02 01:01:01.000001", "2025-01-02 01:01:01.000001+00:00", "2025-01-02 01:01:01.000001"),
        *("2025-01-02 01:01:01.000002", "2025-01-02"),
    ]


def test_outside_of_a_machine_time_goes_on(told: Told) -> None:
    """Nothing is frozen and nothing is of the year 2025 where no machine runs."""
    script = f"""{READ}
true = patches.original("time.time_ns")
before = true()
seen = [time.time_ns(), datetime.datetime.now().timestamp() * 1e9, datetime.datetime.today().timestamp() * 1e9]
told([before - 1000 <= each <= true() for each in seen] + [time.monotonic_ns() <= time.monotonic_ns(), true is time.time_ns])
"""
    assert told(script) == [True, True, True, True, False]


def test_the_zone_is_left_alone_when_asked(told: Told) -> None:
    """A process that has a zone of its own can keep it."""
    script = "import time; {}; told([time.strftime('%Z'), time.tzname[0]])"
    assert told(script.format("patches.install()")) == ["UTC", "UTC"]
    assert told(script.format("patches.install(settle_zone=False)")) == ["JST", "JST"]


def test_sleep_blocks_the_machine(told: Told) -> None:
    """Sleeping takes none of our time; its length goes to the machine, and less than nothing is refused."""
    script = f"""{READ}
with on(machine):
    time.sleep(2.5)
    try: time.sleep(-1)
    except ValueError as error: told([machine.blocked, str(error), time.monotonic_ns() - 1000 * 10**9])
"""
    assert told(script) == [[2_500_000_000], "sleep length must be non-negative", 90_063_500_001_999]


def test_those_who_took_a_clock_before_have_ours(told: Told) -> None:
    """A module that was imported before, and took the function itself, reads the machine's clock too."""
    script = """
import queue, threading, time, types
early = types.ModuleType("early"); early.clock = time.monotonic; sys.modules["early"] = early
patches.install(); patches.install()
with on(Machine()): told([early.clock(), queue.time(), threading._time()])
"""
    assert told(script) == [1000.0, 1000.0, 1000.0]


def test_a_clock_is_what_it_was_to_those_who_hold_it(told: Told) -> None:
    """It can be a class attribute, copied, pickled by name, and shown."""
    script = """
patches.install()
import copy, inspect, pickle, time
class Limiter:
    clock = time.monotonic
with on(Machine()):
    again = pickle.loads(pickle.dumps(time.time))
    held = {"clock": time.monotonic}
    told([Limiter().clock(), Limiter.clock(), copy.deepcopy(held)["clock"](), copy.copy(time.monotonic)(), again is time.time,
        time.time.__name__, time.time.__module__, bool(time.time.__doc__), str(inspect.signature(time.sleep))])
"""
    assert told(script) == [
        1000.0,
        1000.0,
        1000.0,
        1000.0,
        True,
        "time",
        "time",
        True,
        "(seconds, /)",
    ]


def test_datetime_stays_itself(told: Told) -> None:
    """It is the same class, a subclass answers with itself, and values are copied and pickled as ever."""
    script = """
import datetime
kind = datetime.datetime
patches.install()
import copy, pickle
class Stamp(datetime.datetime): pass
paris = datetime.timezone(datetime.timedelta(hours=2))
with on(Machine()):
    now = datetime.datetime.now(paris)
    told([kind is datetime.datetime, type(now) is kind, type(Stamp.now()).__name__, type(Stamp.utcnow()).__name__,
        type(Stamp.today()).__name__, isinstance(now, kind), pickle.loads(pickle.dumps(now)) == now, copy.copy(now) == now,
        now.isoformat(), kind.now(tz=None).isoformat(), kind.now.__name__])
"""
    assert told(f"import warnings; warnings.simplefilter('ignore')\n{script}") == [
        *(True, True, "Stamp", "Stamp", "Stamp", True, True, True),
        *("2025-01-01T02:00:00+02:00", "2025-01-01T00:00:00", "now"),
    ]


def test_datetime_outside_is_right_in_every_zone(told: Told) -> None:
    """Where no machine runs, `now` answers in the zone that is asked for, and refuses what is none."""
    script = """
patches.install(settle_zone=False)
import datetime
a, b = datetime.datetime.now(), datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
try: datetime.datetime.now(3)
except TypeError: told(round((a - b).total_seconds()))
"""
    assert told(script) == 9 * 3600


def test_a_log_record_has_nothing_of_the_process(told: Told) -> None:
    """Its time, process and thread are the machine's."""
    script = """
import logging
patches.install()
machine = Machine()
machine.ns = 1_500_000_000
with on(machine): record = logging.LogRecord("a", 20, "f.py", 1, "said", (), None)
told([record.created, record.msecs, record.relativeCreated, record.process, record.thread])
"""
    assert told(script) == [1_735_689_601.5, 500.0, 1500.0, 11, 1]
