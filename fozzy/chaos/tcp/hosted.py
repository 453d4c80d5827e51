"""A session in a thread of its own, with a trio loop of its own: for tests, whatever loop they have, or none.

Rule 1: who asks waits until it is done, on whatever thread or loop it is; a change is in force when the call returns.
Rule 2: a change comes after what came before it: `calm` waits until the proxy has seen all that clients did.
Rule 3: what is asked never depends on the loop of who asks, so waiting there blocks nothing but it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TypeVar

import trio

from fozzy import wall
from fozzy.chaos.tcp.parts import TcpParts, TcpRunning
from fozzy.chaos.tcp.running import running
from fozzy.chaos.tcp.settings import TcpSettings
from fozzy.core.events import Record
from fozzy.errors import FozzyError, UsageError
from fozzy.faults.tcp.armed import Then

T = TypeVar("T")
RECORDS_MAX = 200_000  # about 200 MB, far more than a test makes
ANSWER_S = 30.0  # a change takes milliseconds; who waits longer has found a fault of ours
CALM_S = 0.1  # of real time; a server that keeps what its client has left holds up a change so long
CALM_LOOK_NS = 2 * 10**5
CALM_LOOKS = 2  # in a row: what was told at the first has been done by the second


class Hosted:
    """A run that `start` begins and `stop` ends. *Errors*: `UsageError` `chaos.not_running` outside of that."""

    def __init__(self, settings: TcpSettings, clock: trio.abc.Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._begun: Future[TcpRunning] = Future()
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._stopped: trio.Event | None = None
        self._is_ending = False
        self._died: BaseException | None = None
        self._parts: TcpParts | None = None
        self._records: deque[Record] = deque(maxlen=RECORDS_MAX)
        self._raised: list[FozzyError] = []

    @property
    def is_running(self) -> bool:
        """Whether it was started and neither stopped nor died."""
        return self._thread is not None and self._died is None

    @property
    def trouble(self) -> FozzyError | None:
        """A bug of ours that ended it, or one of its connections; what a function given to it raised; a port it lacks."""
        if self._died is not None:
            return _died(self._died)
        bugs = [] if self._parts is None else self._parts.bugs()
        if bugs:
            return _trouble("a connection was ended by a bug of fozzy", bugs[0])
        troubles = [] if self._parts is None else self._parts.troubles()
        return next(iter([*self._raised, *troubles]), None)

    def harmless(self, toxic: str, then: Then) -> Then:
        """The same, which ends nothing in the loop: the first error of all such functions is `trouble`, as its own."""

        def quietly() -> None:
            try:
                then()
            except Exception as error:
                if not self._raised:
                    self._raised.append(_raised(toxic, error))

        return quietly

    def start(self) -> TcpRunning:
        """Listen. *Errors*: `FozzyError` where it cannot; then nothing is left."""
        if self._thread is not None:
            raise UsageError("chaos.conflict", "the proxy runs already", hint="enter it once")
        self._begun, self._is_ending, self._died, self._parts = Future(), False, None, None
        self._records.clear()
        self._raised.clear()
        self._thread = threading.Thread(target=self._run, name="fozzy-tcp", daemon=True)
        self._thread.start()
        try:
            return self._begun.result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all connections, close all ports, end the thread. Nothing where it does not run."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._is_ending = True
        token, stopped = self._token, self._stopped
        if token is not None and stopped is not None:
            with contextlib.suppress(trio.RunFinishedError):
                token.run_sync_soon(stopped.set)
        thread.join()

    def records(self) -> list[Record]:
        """What was told so far, also of a run that has ended until another begins. *Limits*: the last `RECORDS_MAX`."""
        return self.look(lambda _: list(self._records)) if self.is_running else list(self._records)

    @property
    def told(self) -> list[Record]:
        """The same for who is in the loop already, within `look`."""
        return list(self._records)

    def in_flight(self) -> int:
        """What keeps time standing: requests that servers owe an answer, and bytes that came and were not read yet.

        Any thread may ask, whatever goes on meanwhile.
        """
        parts = self._parts
        if parts is None or not self.is_running:
            return 0
        return parts.engine.in_flight() + parts.doors.loop.watch.has_news()

    def calm(self) -> None:
        """Wait until what clients have sent is read, and who has left is gone. *Limits*: `CALM_S` of real time."""
        elapsed_ns, calm = wall.stopwatch(), 0
        while elapsed_ns() < CALM_S * 1e9:
            calm = calm + 1 if self.look(_is_calm) else 0
            if calm == CALM_LOOKS:
                return
            if not calm:
                wall.pause_ns(CALM_LOOK_NS)

    def traces(self) -> list[Path]:
        """The recordings of the run that has ended. *Errors*: `StoreError` where one is not what was asked for."""
        kept = None if self._parts is None or self.is_running else self._parts.kept
        if kept is not None and kept.error is not None:
            raise kept.error
        return [] if kept is None else kept.paths

    def look(self, look: Callable[[TcpRunning], T]) -> T:
        """What a function finds in the loop's thread, where nothing changes meanwhile. Whoever is there finds it at once."""
        if threading.current_thread() is self._thread:
            return look(self._begun.result())

        async def at_once(proxy: TcpRunning) -> T:
            return look(proxy)

        return self.do(at_once)

    def do(self, work: Callable[[TcpRunning], Awaitable[T]]) -> T:
        """What work in the loop comes to. *Errors*: its own; `chaos.no_answer` after `ANSWER_S`."""
        if self._died is not None:
            raise _died(self._died)
        token = self._token
        if self._thread is None or token is None:
            raise _not_running()
        answer: Future[T] = Future()
        try:
            token.run_sync_soon(self._take_on, answer, work)
        except trio.RunFinishedError:
            raise _not_running() from None
        if not wait([answer], ANSWER_S).done:
            raise _no_answer() if self._died is None else _died(self._died)
        return answer.result()

    def _take_on(self, answer: Future[T], work: Callable[[TcpRunning], Awaitable[T]]) -> None:
        """Begin work, in the loop's thread, unless its end has come meanwhile."""
        if self._nursery is None:
            answer.set_exception(_not_running())
        else:
            self._nursery.start_soon(_into, answer, work, self._begun.result())

    def _run(self) -> None:
        try:
            trio.run(
                self._main,
                clock=self._clock,
                instruments=[self._clock] if isinstance(self._clock, trio.abc.Instrument) else (),
            )
        except BaseException as error:
            if not self._begun.done():
                self._begun.set_exception(error)
            else:
                self._died = error
        finally:
            self._token = self._nursery = self._stopped = None

    async def _main(self) -> None:
        self._parts = parts = TcpParts(self._settings)
        parts.session.listeners.append(self._records.append)
        async with running(self._settings, parts) as proxy, trio.open_nursery() as nursery:
            self._nursery = nursery
            self._stopped = stopped = trio.Event()
            self._token = trio.lowlevel.current_trio_token()
            self._begun.set_result(proxy)
            try:
                if not self._is_ending:
                    await stopped.wait()
            finally:
                self._nursery = None  # before it closes: the rest of the end takes a while, and others still ask
            nursery.cancel_scope.cancel()


def _is_calm(proxy: TcpRunning) -> bool:
    return not (proxy.parts.doors.loop.watch.has_news() or proxy.session.engine.leaving())


async def _into(answer: Future[T], work: Callable[[TcpRunning], Awaitable[T]], proxy: TcpRunning) -> None:
    """Do it, and have whoever waits know what came of it."""
    try:
        found = await work(proxy)
    except Exception as error:
        answer.set_exception(error)
    except BaseException:
        answer.set_exception(_not_running())
        raise
    else:
        answer.set_result(found)


def _died(error: BaseException) -> FozzyError:
    return _trouble("the proxies were ended by a bug of fozzy", error)


def _trouble(what: str, error: BaseException) -> FozzyError:
    first = _first(error)
    said = f"{type(first).__name__}: {first}".strip(": ")
    hint = "what the proxies saw until then is kept; please tell us"
    found = FozzyError("chaos.proxy_died", f"{what}: {said}", hint=hint)
    found.__cause__ = error
    return found


def _raised(toxic: str, error: Exception) -> FozzyError:
    said = f"{type(error).__name__}: {error}".strip(": ")
    message = f'what was to happen when the toxic "{toxic}" strikes raised {said}'
    found = UsageError("chaos.then_raised", message, hint="the traffic went on without it")
    found.__cause__ = error
    return found


def _first(error: BaseException) -> BaseException:
    """What it began with, inside of what trio makes of it."""
    if isinstance(error, trio.TrioInternalError) and error.__cause__ is not None:
        return _first(error.__cause__)
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _no_answer() -> FozzyError:
    message = f"the proxies have not answered for {ANSWER_S:g} seconds"
    return FozzyError("chaos.no_answer", message, hint="something keeps their thread from its work")


def _not_running() -> UsageError:
    hint = "use it inside `with fozzy.chaos.tcp(…) as proxy:`"
    return UsageError("chaos.not_running", "the proxy does not run", hint=hint)
