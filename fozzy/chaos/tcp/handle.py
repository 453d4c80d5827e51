"""What a test holds of a TCP proxy: its address, what is put in force there, and what came of it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fozzy import wall
from fozzy.chaos.tcp import words as said
from fozzy.chaos.tcp.addresses import url_at
from fozzy.core.events import Record
from fozzy.core.wires import Connected
from fozzy.errors import FozzyError, UsageError, suggestion
from fozzy.faults.tcp import control
from fozzy.faults.tcp.armed import Tally, Then
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import Proxy, Stream, TcpPlan, Toxic, plain, toxic_of

if TYPE_CHECKING:
    from fozzy.chaos.tcp.hosted import Hosted
    from fozzy.chaos.tcp.parts import TcpRunning

LOOK_NS = 10**6  # between two looks whether connections have ended


class TcpProxy:
    """One proxy of a run. Entering it starts the run, leaving it ends the run and all its connections."""

    def __init__(self, hosted: Hosted, name: str, urls: dict[str, str]) -> None:
        self._hosted = hosted
        self._urls = urls  # of upstreams, by proxy, where they were named by one
        self.name = name

    def __enter__(self) -> TcpProxy:
        self._hosted.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._hosted.stop()
        if kind is None and self._hosted.trouble is not None:
            raise self._hosted.trouble

    async def __aenter__(self) -> TcpProxy:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.__exit__(kind)

    def __getitem__(self, name: str) -> TcpProxy:
        """Another proxy of the same run. *Errors*: `UsageError`."""
        known = [proxy.name for proxy in self._plan().proxies]
        if name not in known:
            hint = suggestion(name, known) or f"there are {', '.join(known)}"
            raise UsageError("chaos.unknown_proxy", f'there is no proxy "{name}"', hint=hint)
        return TcpProxy(self._hosted, name, self._urls)

    @property
    def host(self) -> str:
        """Where clients connect."""
        return self._address()[0]

    @property
    def port(self) -> int:
        """The port there."""
        return self._address()[1]

    @property
    def address(self) -> tuple[str, int]:
        """Both."""
        return self._address()

    @property
    def url(self) -> str:
        """The upstream's URL with this proxy's address in it; of an upstream without one, as its protocol writes it."""
        proxy = self._proxy()
        return url_at(*self._address(), proxy.protocol, self._urls.get(self.name, ""))

    @property
    def seed(self) -> int:
        """What all draws follow from."""
        return self._hosted.look(lambda proxy: proxy.session.engine.seed)

    def toxic(self, kind: str, /, **words: Any) -> InForce:
        """A toxic for a block: `with proxy.toxic("latency", latency=100, first=3):`.

        Words are the attributes of its type, `name`, `stream`, `toxicity` and the schedule; with `attributes` all others
        are of the toxic itself. *Errors*: `InputError`.
        """
        return InForce(self, said.toxic_of(kind, words))

    def down(self, **schedule: Any) -> InForce:
        """For a block nobody listens, and open connections are cut; with a schedule, when that says so."""
        return self.toxic("down", **schedule)

    def refuse(self, **schedule: Any) -> InForce:
        """For a block new connections are refused, and open ones live on; `how="silent"`: they hear nothing."""
        return self.toxic("refuse", **schedule)

    def partition(self, stream: Stream = "downstream", **schedule: Any) -> InForce:
        """For a block one direction is dead."""
        return self.toxic("partition", stream=stream, **schedule)

    def add(self, toxic: Toxic, then: Then | None = None) -> str:
        """Put a toxic in force until it is removed. Returns its name, with a number where the name was taken.

        `then` is as of `when_applied`, from the first strike on: a toxic may strike as soon as it is there.
        """
        return self._put(toxic, then)[0]

    def _put(self, toxic: Toxic, then: Then | None = None) -> tuple[str, int]:
        """The same, and how often others of its name were applied before."""
        name, before = "", 0

        async def put(run: TcpRunning) -> None:
            def added(plan: TcpPlan) -> TcpPlan:
                nonlocal name, before
                name = _free_name(control.proxy_in(plan, self.name), toxic.called)
                place = f"{self.name}/{name}"
                before = sum(each.applied for each in run.engine.tallies() if each.place == place)
                run.engine.when_applied(place, then and self.harmless(name, then))
                return control.add_toxic(plan, self.name, {**plain(toxic), "name": name})

            try:
                await run.session.alter(added, "toxic added", proxy=self.name, toxic=toxic.called)
            except BaseException:
                run.engine.when_applied(f"{self.name}/{name}", None)
                raise

        self._hosted.calm()
        self._hosted.do(put)
        return name, before

    def remove(self, name: str) -> None:
        """Take a toxic away. *Errors*: `InputError` `chaos.unknown_toxic`."""
        what = "toxic removed"
        self._hosted.calm()
        self._hosted.do(
            lambda proxy: proxy.session.alter(
                lambda plan: control.delete_toxic(plan, self.name, name), what, proxy=self.name, toxic=name
            )
        )

    @property
    def toxics(self) -> list[Toxic]:
        """What is in force now."""
        return self._proxy().toxics

    @property
    def records(self) -> list[Record]:
        """All that is over, of all proxies of the run: messages, connections, changes. What is in flight is not there."""
        return self._hosted.records()

    @property
    def trace(self) -> Path | None:
        """The recording, where one was asked for and the run has ended; `fozzy replay` decides it again.

        *Errors*: `StoreError` where it could not be kept whole.
        """
        return next(iter(self._hosted.traces()), None)

    def tallies(self) -> list[Tally]:
        """What became of each toxic that is or was in force here."""
        found = self._hosted.look(lambda proxy: proxy.session.engine.tallies())
        return [tally for tally in found if tally.proxy == self.name]

    def applied(self, toxic: str) -> int:
        """How often toxics of a type, or the one of a name, were carried out; of those that are still open too.

        What is the name of a type, as `latency`, always means that type, whatever a toxic is called; any other word means a
        toxic's name, and is 0 where none is or was called so.
        """
        if toxic not in KINDS:
            return self._applied(toxic)
        return sum(each.applied for each in self.tallies() if each.type == toxic)

    def _applied(self, name: str) -> int:
        """How often all that were called so were carried out."""
        return sum(each.applied for each in self.tallies() if each.place == f"{self.name}/{name}")

    def when_applied(self, toxic: str, then: Then) -> None:
        """Have something else happen, in the thread of the proxy, when the toxic of this name strikes. It must be quick.

        What it raises disturbs no traffic and is raised at the end of the run. *Errors*: `InputError`
        `chaos.unknown_toxic` where no toxic of this name is in force.
        """

        def said(run: TcpRunning) -> None:
            control.toxic_in(control.proxy_in(run.engine.plan, self.name), toxic)
            run.engine.when_applied(f"{self.name}/{toxic}", self.harmless(toxic, then))

        self._hosted.look(said)

    def harmless(self, toxic: str, then: Then) -> Then:
        """The same for the proxy's thread: what it raises is raised at the end of the run, named as the toxic's."""
        return self._hosted.harmless(toxic, then)

    def decisions(self) -> bytes:
        """The decision log: the same bytes for the same seed and the same messages, whatever came in between."""
        from fozzy.chaos.tcp.decisions import decision_lines

        return b"".join(decision_lines(self.records))

    @property
    def connections(self) -> int:
        """How many are open."""
        return self._hosted.look(lambda proxy: len(proxy.session.engine.points[self.name].links))

    @property
    def standing(self) -> list[Connected]:
        """The connections that are open, as records that nobody ended."""
        return self._hosted.look(
            lambda proxy: [link.as_it_is() for link in proxy.session.engine.points[self.name].links]
        )

    @property
    def number(self) -> int:
        """How much was decided so far, in all proxies of the run: records with a higher `number` came later."""
        return self._hosted.look(lambda proxy: proxy.session.engine.number)

    def wait_closed(self, within_s: float = 5.0) -> bool:
        """Wait until no connection is open; whether that came to pass."""
        elapsed_ns = wall.stopwatch()
        while self.connections:
            if elapsed_ns() > within_s * 1e9:
                return False
            wall.pause_ns(LOOK_NS)
        return True

    def _plan(self) -> TcpPlan:
        return self._hosted.look(lambda proxy: proxy.session.engine.plan)

    def _proxy(self) -> Proxy:
        return control.proxy_in(self._plan(), self.name)

    def _address(self) -> tuple[str, int]:
        return self._hosted.look(lambda proxy: proxy.address(self.name))


class InForce:
    """A toxic for the time of a block, `with` or `async with`."""

    def __init__(self, proxy: TcpProxy, toxic: Toxic) -> None:
        self._proxy = proxy
        self._toxic = toxic
        self.name = ""  # once it was in force
        self._before = 0  # what others of this name had done before
        self._left: int | None = None  # what it had done when it was taken away
        self._is_in_force = False
        self.is_used = False  # a block was entered

    @property
    def place(self) -> str:
        """What it is called before it is in force: `redis/latency`."""
        return f"{self._proxy.name}/{self._toxic.type}"

    def __enter__(self) -> InForce:
        if self._is_in_force:
            raise UsageError("chaos.conflict", f"the toxic {self.name} is in force already", hint="enter it once")
        self.name, self._before = self._proxy._put(self._toxic)
        self._is_in_force, self._left, self.is_used = True, None, True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_in_force = False
        with contextlib.suppress(FozzyError):  # somebody else has taken it away, or the proxy is gone
            self._proxy.remove(self.name)
        with contextlib.suppress(FozzyError):
            self._left = self._proxy._applied(self.name) - self._before

    async def __aenter__(self) -> InForce:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, at)

    @property
    def applied(self) -> int:
        """How often it was carried out, within its block."""
        return self._proxy._applied(self.name) - self._before if self._left is None else self._left


def _free_name(proxy: Proxy, name: str) -> str:
    """The name, or with the first number behind it that is not taken."""
    number, free = 1, name
    while toxic_of(proxy, free) is not None:
        number += 1
        free = f"{name}_{number}"
    return free
