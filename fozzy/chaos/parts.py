"""The parts of a proxy, made from its settings, and what is left of them at the end.

Nothing here listens or waits: whatever is wrong with settings, files and recordings is found before a port is opened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import trio

from fozzy import wall
from fozzy.chaos import again
from fozzy.chaos.http.proxy import HttpProxy
from fozzy.chaos.journal import Journal
from fozzy.chaos.session import Session
from fozzy.chaos.settings import Controlled, Settings
from fozzy.chaos.tapes import Tapes
from fozzy.chaos.totals import Totals
from fozzy.core.exchange import Exchange
from fozzy.core.summary import SCHEMA_VERSION, Identity, Summary
from fozzy.faults.http import control
from fozzy.faults.http.armed import Tally
from fozzy.faults.http.engine import Engine

if TYPE_CHECKING:
    from fozzy.chaos.api.controls import Controls
    from fozzy.chaos.api.server import ControlServer
    from fozzy.chaos.otlp import Otlp


class Parts:
    """All of one run. `tapes.summary` makes what a recording says of its run; whoever has more to say replaces it."""

    def __init__(self, settings: Settings, run_id: str = "") -> None:
        """*Errors*: `FozzyError` for a plan, a recording or a file that cannot be used."""
        self.settings = settings
        self.run_id = run_id or wall.fresh_run_id()
        plan = settings.plan
        seed = settings.seed if settings.seed is not None else plan.seed
        self.seed = wall.fresh_seed() if seed is None else seed
        self.started_at = wall.now_iso()
        may_begin = settings.control is not None or bool(plan.schedule)  # then requests count from the first one on,
        self.engine = Engine(plan, self.seed, strict=settings.strict, keyed=may_begin)  # whoever records or not
        self.session = Session(self.engine)
        self.totals = Totals()
        self.journal = Journal(settings.journal_size, settings.redact)
        self.controls: Controls | None = None
        self.control_token = ""
        self.made_token = ""  # the same where nobody gave one; whoever shows the proxy must say it
        self.stopped = trio.Event()
        self.has_begun = False  # it has listened
        self.listened = ""  # where, once it does
        self.controlled = ""
        self.notes: list[str] = []  # for who shows it
        self.tasks: list[Callable[[], Awaitable[None]]] = []
        self.door = HttpProxy(self.session, settings.wire, settings.upstream)
        self.tapes = Tapes(settings, self.door, self.run_id)
        self.tapes.summary = self.plain_summary
        self.otlp: Otlp | None = None
        self._listen()
        if settings.scenario is not None:
            state = control.start(self.engine.state, settings.scenario, 0)
            self.session.change(state, "scenario started", scenario=settings.scenario)
        self.declared = self._declared()
        self.server = None if settings.control is None else self._server(settings.control)

    def _listen(self) -> None:
        listeners = self.session.listeners
        self.tapes.begin()
        listeners.append(self.totals.listen)
        if self.settings.otlp is not None:
            from fozzy.chaos.otlp import Otlp  # what sends spans costs more than all the rest

            self.otlp = Otlp(self.settings.otlp, self.session)
            listeners.append(self.otlp.listen)
            self.session.outgoing = self.otlp.outgoing
            self.tasks.append(self.otlp.run)

    def _server(self, controlled: Controlled) -> ControlServer:
        """The controls, which show bodies and count everything."""
        from fozzy.chaos.api.controls import About, Controls  # a proxy without them starts sooner
        from fozzy.chaos.api.guard import Guard, fresh_token, is_loopback
        from fozzy.chaos.api.server import ControlServer
        from fozzy.chaos.metrics import Metrics

        metrics = Metrics(self.session)
        self.session.listeners.append(metrics.listen)
        about = About(listening=str(self.settings.listening.host), upstream=self.settings.upstream.url)
        self.controls = Controls(
            self.session, journal=self.journal, about=about, cassettes=self.tapes, metrics=metrics.text
        )
        self.controls.listen()
        is_local = is_loopback(controlled.address.host)
        self.made_token = "" if is_local or controlled.token else fresh_token()
        self.control_token = controlled.token or self.made_token
        return ControlServer(self.controls, Guard(token=self.control_token, is_local=is_local))

    def _declared(self) -> set[tuple[str, str]]:
        """The faults that are in force at the beginning: those a strict run must have rolled."""
        if not self.engine.state.enabled:
            return set()
        is_over = bool(self.engine.state.active)
        tallies = self.engine.tallies()
        return {(each.place, each.name) for each in tallies if not (is_over and each.place == "server")}

    def stop(self) -> None:
        """Stop the proxy."""
        self.stopped.set()

    def waits_for(self) -> str:
        """What keeps a proxy that was stopped from ending; nothing where it ends at once."""
        load = self.session.load
        if load:
            return f"{load:,} {'request' if load == 1 else 'requests'} in flight"
        return f"the collector {self.otlp.address}" if self.otlp is not None and self.otlp.is_finishing else ""

    def hurry(self) -> None:
        """End now: requests in flight and spans that are left get no more time."""
        self.door.draining.cancel()
        if self.otlp is not None:
            self.otlp.finishing.cancel()

    def bugs(self) -> list[Exception]:
        """Faults of ours, each of which ended a connection."""
        return [*self.door.bugs, *(self.server.bugs if self.server is not None else ())]

    def never_rolled(self) -> list[Tally]:
        """The declared faults that nobody can have seen: no request came to them."""
        return [each for each in self.engine.tallies() if self._is_declared(each) and not each.rolled and not each.hit]

    def always_missed(self) -> list[Tally]:
        """The declared faults that were rolled and never struck."""
        return [each for each in self.engine.tallies() if self._is_declared(each) and each.rolled and not each.hit]

    def _is_declared(self, tally: Tally) -> bool:
        return (tally.place, tally.name) in self.declared

    def plain_summary(self, path: str) -> Summary:
        """What a recording carries about itself where nobody says more."""
        return Summary(
            schema_version=SCHEMA_VERSION,
            command="proxy http",
            status="pass",
            mode="proxy",
            identity=Identity(run_id=self.run_id, seed=self.seed, trace_path=path),
            started_at=self.started_at,
            finished_at=wall.now_iso(),
            duration_ms=self.session.now_ns() // 10**6,
            duration_ns=self.session.now_ns(),
            det=False,
        )

    def finish(self) -> None:
        """Give recordings their names, once; of a proxy that never listened nothing stays. `tapes` say what went wrong."""
        if self.has_begun:
            self.tapes.finish()
        else:
            self.tapes.drop()


class Address(NamedTuple):
    """Where somebody listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Running:
    """A proxy that listens."""

    def __init__(
        self, parts: Parts, address: tuple[str, int], control: tuple[str, int] | None, nursery: trio.Nursery
    ) -> None:
        self.parts = parts
        self.session = parts.session
        self.engine = parts.engine
        self.journal = parts.journal
        self.totals = parts.totals
        self.stopped = parts.stopped
        self.seed = parts.seed
        self.address = Address(*address)
        self.control_address = None if control is None else Address(*control)
        self.control_token = parts.control_token
        parts.listened = str(self.address)
        parts.controlled = "" if control is None else str(self.control_address)
        if parts.controls is not None:
            parts.controls.about = msgspec.structs.replace(parts.controls.about, listening=self.url)
        self._nursery = nursery

    @property
    def is_secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.parts.settings.listening.tls_cert is not None

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"http{'s' if self.is_secure else ''}://{self.address}"

    def stop(self) -> None:
        """Stop it."""
        self.parts.stop()

    def again(self, exchange: Exchange) -> str:
        """Send a request once more; says what is done."""
        why = again.cannot(exchange)
        if why:
            return f"cannot send #{exchange.number} again: {why}"

        async def send() -> None:
            host, port = self.address
            await again.send(exchange.request, host, port, tls=self.is_secure)

        self._nursery.start_soon(send)
        return f"sent #{exchange.number} again"
