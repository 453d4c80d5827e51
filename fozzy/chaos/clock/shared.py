"""A clock that several loops and threads share. It jumps when all of them wait, and only then.

Rule 1: it jumps to the earliest time that somebody waits for, when every seat is idle and nothing has come for it, no
request is in flight, and nothing happened for `settle_s` of real time. A service behind a proxy lives in real time: while
it owes an answer, time stands. What has come for a seat is looked for, since its thread may not have had its turn yet.
Rule 2: a seat that is busy keeps the time as it is, so what a test reads between two waits does not change.
Rule 3: who waits without saying so, in C or on a lock, is found asleep, which takes `ASLEEP_S` for each jump.
Rule 4: real time is the watchdog: who waits longer than `patience_s` for nothing that will come is told so (`stuck`), and so
is who looks at the clock all that time instead of waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from fozzy import wall
from fozzy.chaos.clock.asleep import is_any_thread_running
from fozzy.errors import FozzyError

NEVER_NS = 1 << 62
SETTLE_S = 0.002
PATIENCE_S = 30.0
SURE_S = 0.0002  # between the last two looks; a thread that was woken before the first has said so before the second
ASLEEP_S = 0.05  # of real time, after which who is busy and does nothing is taken for one who waits
LOOKS_MAX = 10**7  # at the clock while it stands, till it gives up; who measures work of half a minute looks less often
WORKS = 0.1  # of that time; who waits in C looks now and then whether it was interrupted

Wake = Callable[[], None]
HasCome = Callable[
    [], bool
]  # whether there is something real for a seat, which it has not looked at; any thread may ask
InFlight = Callable[[], int]


class Seat:
    """One that waits on the clock: a loop, or a thread. It begins busy."""

    def __init__(self, clock: SharedClock, name: str, wake: Wake) -> None:
        self.name = name
        self.wake = wake  # called from another thread when its time has come
        self.due_ns = NEVER_NS
        self.is_idle = False
        self.has_come: HasCome = _nothing
        self.held = 0  # what it waits for elsewhere, as in a thread of an executor
        self._clock = clock

    def idle(self, due_ns: int, has_come: HasCome | None = None) -> None:
        """It waits: until that time, or until something real comes, which it then says with `busy`."""
        self.has_come = has_come or _nothing
        self._clock.waits(self, due_ns)

    def busy(self) -> None:
        """It runs."""
        self._clock.runs(self)

    @property
    def stuck(self) -> FozzyError | None:
        """Why time stands still for good, where it does; who waits then waits in real time."""
        return self._clock.stuck

    def hold(self) -> None:
        """Work of it goes on elsewhere; until `release` time stands."""
        self._clock.holds(self, 1)

    def release(self) -> None:
        """That work is done."""
        self._clock.holds(self, -1)

    def leave(self) -> None:
        """It is gone."""
        self._clock.leaves(self)


class SharedClock:
    """Virtual nanoseconds from 0 on. `with` it: outside of that time stands. *Closes*: its own thread."""

    def __init__(self, settle_s: float = SETTLE_S, patience_s: float = PATIENCE_S) -> None:
        self.settle_s = settle_s
        self.patience_s = patience_s
        self.gates: list[InFlight] = []
        self.jumped: list[
            Callable[[int], None]
        ] = []  # called in the clock's thread after a jump, before who waits is woken
        self.stuck: FozzyError | None = None
        self._now_ns = 0
        self._looks = 0
        self._changed = threading.Condition()
        self._seats: list[Seat] = []
        self._stirs = 0  # counts whatever happens
        self._is_over = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> SharedClock:
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="fozzy-clock", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def now_ns(self) -> int:
        """Now."""
        self._looks += 1  # of several threads one may be lost
        return self._now_ns

    def join(self, name: str, wake: Wake) -> Seat:
        """Somebody who will wait on this clock."""
        seat = Seat(self, name, wake)
        with self._changed:
            self._seats.append(seat)
            self._stir()
        return seat

    def waits(self, seat: Seat, due_ns: int) -> None:
        """A seat is idle."""
        with self._changed:
            seat.is_idle, seat.due_ns = True, due_ns
            self._stir()

    def runs(self, seat: Seat) -> None:
        """A seat is busy."""
        with self._changed:
            seat.is_idle = False
            self._stirs += 1

    def holds(self, seat: Seat, by: int) -> None:
        """Work of a seat begins or ends elsewhere."""
        with self._changed:
            seat.held += by
            self._stir()

    def leaves(self, seat: Seat) -> None:
        """A seat is gone."""
        with self._changed:
            self._seats.remove(seat)
            self._stir()

    def _stir(self) -> None:
        self._stirs += 1
        self._changed.notify_all()

    def _run(self) -> None:
        with self._changed:
            while not self._is_over and self.stuck is None:
                if not self._is_quiet():
                    self._rest()
                elif self._has_settled():
                    self._jump()
            self._limp()

    def _rest(self) -> None:
        """Until something happens; where all wait and nothing ever does, they are told, and who waits by looking too."""
        stirs, looks, elapsed_ns = self._stirs, self._looks, wall.stopwatch()
        while not self._is_over and self._stirs == stirs and elapsed_ns() < self.patience_s * 1e9:
            if not self._is_waited_for():
                self._changed.wait(self.patience_s)
            elif self._is_asleep():
                self._jump()
                return
        if self._stirs != stirs or self._is_over or not self._seats:
            return
        if self._in_flight() or all(seat.is_idle and not seat.held and not seat.has_come() for seat in self._seats):
            self._give_up(self._in_flight())
        elif self._looks - looks > LOOKS_MAX:
            self._stop(
                f"somebody looked at it {self._looks - looks:,} times instead of waiting, and still does",
                "time goes on while code waits: have the loop sleep between two looks, or use real time",
            )

    def _is_waited_for(self) -> bool:
        """Whether somebody waits for a time, which others that are busy do not let come."""
        return any(seat.is_idle and seat.due_ns < NEVER_NS for seat in self._seats)

    def _is_asleep(self) -> bool:
        """Whether who is busy waits all the same, for a while already: in C, on a lock, for a thread of an executor."""
        stirs, worked_ns = self._stirs, wall.worked_ns()
        if self._changed.wait(ASLEEP_S) or self._stirs != stirs or self._is_over:
            return False
        if wall.worked_ns() - worked_ns > ASLEEP_S * 1e9 * WORKS or is_any_thread_running():
            return False
        return not self._in_flight() and not any(seat.is_idle and seat.has_come() for seat in self._seats)

    def _is_quiet(self) -> bool:
        """Whether all wait and at least one of them for a time."""
        seats = self._seats
        if not seats or not all(seat.is_idle and not seat.held for seat in seats):
            return False
        return min(seat.due_ns for seat in seats) < NEVER_NS

    def _has_settled(self) -> bool:
        """Wait until nothing is in flight and nothing has happened for a while. False when something did."""
        stirs, began_s = self._stirs, wall.elapsed_ns() / 1e9
        while not self._is_over and self._stirs == stirs:
            self._changed.wait(self.settle_s)
            if self._stirs != stirs or self._is_over:
                return False
            if self._has_come():
                continue
            in_flight = self._in_flight()
            if not in_flight:
                self._changed.wait(SURE_S)
                return self._stirs == stirs and not self._in_flight() and not self._has_come()
            if wall.elapsed_ns() / 1e9 - began_s > self.patience_s:
                self._give_up(in_flight)
                return False
        return False

    def _has_come(self) -> bool:
        return any(seat.has_come() for seat in self._seats)

    def _in_flight(self) -> int:
        return sum(gate() for gate in self.gates)

    def _jump(self) -> None:
        self._move(max(self._now_ns, min(seat.due_ns for seat in self._seats if seat.is_idle)))

    def _move(self, now_ns: int) -> None:
        self._now_ns = now_ns
        for told in self.jumped:
            told(now_ns)
        for seat in self._seats:
            if seat.is_idle and seat.due_ns <= now_ns:
                seat.is_idle = False  # it will run, and says when it waits again
                seat.due_ns = NEVER_NS
                seat.wake()

    def _give_up(self, in_flight: int) -> None:
        owed = f"{in_flight} requests have no answer" if in_flight else "nobody waits for a time, and nothing comes"
        self._stop(owed, "a service that never answers holds the clock; give it a fault of the proxy, or use real time")

    def _stop(self, why: str, hint: str) -> None:
        waiting = ", ".join(_waiting(seat) for seat in self._seats)
        message = f"time stands still: {why} after {self.patience_s:g} s; {waiting}"
        self.stuck = FozzyError("chaos.clock_stuck", message, hint=hint)
        for seat in self._seats:
            seat.wake()

    def _limp(self) -> None:
        """Go on in real time: what still waits here must end some time."""
        elapsed_ns, began_ns = wall.stopwatch(), self._now_ns
        while not self._is_over:
            self._changed.wait(self.settle_s)
            self._move(began_ns + elapsed_ns())


def _waiting(seat: Seat) -> str:
    """Who waits for what."""
    if not seat.is_idle and not seat.held:
        return f"{seat.name} runs"
    return f"{seat.name} " + ("for whatever comes" if seat.due_ns >= NEVER_NS else f"until {seat.due_ns / 1e9:g} s")


def _nothing() -> bool:
    return False
