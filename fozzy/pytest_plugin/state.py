"""All of one test: its seed, its time, its proxies, what was declared, what was seen.

Rule 1: it begins before the test's own fixtures and ends after them; what it opened it closes, whatever happened.
Rule 2: what costs anything is made when it is first asked for: a test without a proxy starts none.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fozzy import wall
from fozzy.core.events import Record
from fozzy.errors import UsageError
from fozzy.faults.tcp.plan import Protocol, TcpPlan, proxy_of
from fozzy.pytest_plugin.declared import Cut, Declarations
from fozzy.pytest_plugin.meeting import is_connected
from fozzy.pytest_plugin.proxies import ChaosProxy, ToxicSaid, proxy_said, said_toxic, upstream_of
from fozzy.pytest_plugin.resetting import Found, Resetting
from fozzy.pytest_plugin.timing import TestTime
from fozzy.pytest_plugin.watching import Watching

if TYPE_CHECKING:
    from fozzy.chaos.tcp.hosted import Hosted
    from fozzy.errors import FozzyError
    from fozzy.insight.verdict.model import Change
    from fozzy.insight.verdict.oracles import Oracles
    from fozzy.pytest_plugin.chaos import Chaos
    from fozzy.pytest_plugin.leftovers import Before

TOO_LONG = "TookTooLong"  # the error of `limits`
Check = Callable[[], str]  # says what is left behind, or nothing


class Wanted(NamedTuple):
    """How one run of a test is to be. `run` counts from 1; `cut` is what a shrinker left out of its faults."""

    nodeid: str
    seed: int
    varies: bool = True  # each of several runs has a seed of its own
    run: int = 1
    runs: int = 1
    is_virtual: bool = True
    plan: TcpPlan = TcpPlan()
    upstreams: frozenset[str] = frozenset()
    cut: Cut = {}
    keeps_state: bool = False  # of libraries, from before it began
    is_shrunk: bool = False  # it is one of the runs that look for fewer faults
    limit_s: float = 0  # of real time, for each of its phases; 0: none


class Failure(NamedTuple):
    """How a test failed: the name of the error, what it said, and the place in the test's own file.

    `complaint` is what kind of thing an oracle of ours found wrong, empty for any other error; none: nobody recorded it.
    """

    phase: str
    title: str
    message: str
    file: str = ""
    line: int = 0
    complaint: str | None = None

    def is_like(self, other: Failure) -> bool:
        """Whether both are the same failure: the same error at the same place, and for an oracle the same complaint.

        What the message says does not count: texts of others have addresses, times and long differences in them. Nor does
        the place where a test was that took too long.
        """
        if self.took_too_long and other.took_too_long:
            return self.phase == other.phase
        if None not in (self.complaint, other.complaint) and self.complaint != other.complaint:
            return False
        return (self.phase, self.title, self.file, self.line) == (other.phase, other.title, other.file, other.line)

    @property
    def took_too_long(self) -> bool:
        """Whether it was ended at its limit, wherever it was then."""
        return self.title == TOO_LONG


class ChaosTest:
    """One run of one test. *Closes*: `end`."""

    def __init__(self, wanted: Wanted, lasting: Found = ()) -> None:
        from fozzy.pytest_plugin.chaos import Chaos

        self.wanted = wanted
        self.seed = wanted.seed
        self.time = TestTime(is_virtual=wanted.is_virtual, seed=wanted.seed)
        self.declared = Declarations(wanted.cut)
        self.proxies: dict[str, ChaosProxy] = {}
        self.checks: list[Check] = []  # asked when all has ended; services add theirs
        self.failure: Failure | None = None
        self.is_kept = self.is_told = False  # its trace is, what a replay of it came to
        self.is_lost = False  # its trace could not be kept
        self.before: Before | None = None  # what was there when the body began
        self.chaos: Chaos = Chaos(self)
        self.started_at = wall.now_iso()
        self.resetting = Resetting(lasting)
        self.services = Watching(self._happened, self._is_used)
        self._hosted: Hosted | None = None
        self._oracles: Oracles | None = None
        self._urls: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<{self.wanted.nodeid}, seed {self.seed}>"

    def begin(self) -> None:
        """What others left is put back, time begins, and the proxies of its plan listen."""
        self.resetting.begin()
        self.time.begin()
        try:
            for proxy in self.wanted.plan.proxies:
                self.proxy(proxy.upstream, protocol=proxy.protocol, name=proxy.name)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """All proxies and the time end. Records stay."""
        try:
            self.services.close()
            if self._oracles is not None:
                self._oracles.close()
            if self._hosted is not None:
                self._hosted.stop()
        finally:
            self.time.end()

    def proxy(
        self, upstream: Any, *, protocol: Protocol | None = None, name: str = "", toxics: Sequence[ToxicSaid] = ()
    ) -> ChaosProxy:
        """Another proxy; toxics that the test's plan has for one of its name are in force there too."""
        target = upstream_of(upstream, protocol, self.wanted.upstreams)
        chosen = self._free_name(name, target.protocol)
        said = proxy_said(chosen, target)
        planned = proxy_of(self.wanted.plan, chosen)
        hosted = self._hosted_now()
        self._urls[chosen] = target.url
        self.services.add(upstream)
        if chosen in self.proxies:
            self._move(hosted, said)
            return self.proxies[chosen]
        self._add(hosted, said)
        proxy = self.proxies[chosen] = ChaosProxy(hosted, chosen, self._urls, self.declared)
        if self.time.threads is not None:
            self.time.threads.near.add(proxy.port)
        for toxic in [*(planned.toxics if planned else ()), *map(said_toxic, toxics)]:
            proxy.keep(toxic)
        return proxy

    @property
    def plan(self) -> TcpPlan:
        """The proxies and toxics that are in force now; when it has ended, none."""
        hosted = self._hosted
        return TcpPlan() if hosted is None or not hosted.is_running else hosted.look(lambda run: run.engine.plan)

    @property
    def trouble(self) -> FozzyError | None:
        """Why the proxies are not what they should be, if so."""
        return None if self._hosted is None else self._hosted.trouble

    @property
    def records(self) -> list[Record]:
        """All that is over, and what was told of breakers and services."""
        told = [] if self._oracles is None else self._oracles.events
        seen = [] if self._hosted is None else self._hosted.records()
        return list(heapq.merge(seen, told, key=lambda record: record.t)) if told else seen

    @property
    def oracles(self) -> Oracles:
        """What must hold of its clients."""
        if self._oracles is None:
            from fozzy.pytest_plugin.oracles import oracles_of

            self._oracles = oracles_of(lambda: self._hosted)
        return self._oracles

    def happened(self, fault: str) -> int:
        """How often a fault of a service began, by its name (`redis-server/killed`) or its kind."""
        from fozzy.insight.verdict.events import FAULT, told

        begun = [each.fields["fault"] for each in told(self.records, FAULT) if not each.fields["over"]]
        return sum(fault in (name, name.rpartition("/")[2]) for name in begun)

    def _happened(self, address: str, fault: str, is_over: bool) -> None:
        """A fault of a service begins, or is over. One that stands still owes no answer: time goes on before it."""
        if self._hosted is not None and fault.endswith("/frozen"):
            silent = self._hosted.look(lambda run: run.session.engine.silent)
            (silent.discard if is_over else silent.add)(address)
        at = next((proxy.name for proxy in self.plan.proxies if proxy.upstream == address), "")
        self.oracles.fault(fault, is_over=is_over, at=at)

    def _is_used(self, upstream: str) -> bool:
        """Whether a client is connected to a service, over its proxies or past them."""
        ports, own = {int(upstream.rpartition(":")[2])}, set[int]()
        if self._hosted is not None and self._hosted.is_running:
            before = [proxy.name for proxy in self.plan.proxies if proxy.upstream == upstream]
            ports |= {self.proxies[name].port for name in before}
            own = self._hosted.look(lambda run: run.dialled(before))
        return is_connected(ports, but=own)

    @property
    def changes(self) -> list[Change]:
        """Of breakers that were listened to, in order, each with its cause."""
        return self._oracles.verdict().breakers if self._oracles is not None and self._oracles.events else []

    def _free_name(self, name: str, protocol: str) -> str:
        planned = proxy_of(self.wanted.plan, name) is not None
        if name and (planned or name not in self.proxies):
            return name
        if name:
            raise UsageError("chaos.conflict", f'there is a proxy "{name}" already', hint="give this one another name")
        number, free = 1, protocol
        while free in self.proxies:
            number += 1
            free = f"{protocol}{number}"
        return free

    def _hosted_now(self) -> Hosted:
        if self._hosted is None:
            from fozzy.chaos.tcp.hosted import Hosted
            from fozzy.chaos.tcp.settings import TcpSettings

            settings = TcpSettings(seed=self.seed, keyed=True)
            self._hosted = Hosted(settings, self.time.for_trio("proxies"))
            self._hosted.start()
            self._gate(self._hosted)
        return self._hosted

    def _gate(self, hosted: Hosted) -> None:
        """While a request has no answer time stands."""
        if self.time.shared is not None:
            self.time.shared.gates.append(hosted.in_flight)

    def _add(self, hosted: Hosted, said: dict[str, Any]) -> None:
        from fozzy.faults.tcp.control import add_proxy

        what = "proxy added"
        hosted.do(lambda run: run.session.alter(lambda plan: add_proxy(plan, said), what, proxy=said["name"]))

    def _move(self, hosted: Hosted, said: dict[str, Any]) -> None:
        """A proxy of the plan stands before the server of a fixture."""
        from fozzy.faults.tcp.control import update_proxy

        name, what = said["name"], "proxy moved"
        hosted.do(lambda run: run.session.alter(lambda plan: update_proxy(plan, name, said), what, proxy=name))
