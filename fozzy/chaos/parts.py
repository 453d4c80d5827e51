"""The parts of a proxy, made from its settings, and what is left of them at the end.

Nothing here listens or waits: whatever is wrong with settings, files and recordings is found before a port is opened.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import trio

from fozzy import wall
from fozzy.chaos import again
from fozzy.chaos.cassette.header import Begun, wire_redactor
from fozzy.chaos.cassette.recorder import CassetteRecorder, Kept
from fozzy.chaos.cassette.tape import Place
from fozzy.chaos.http.proxy import HttpProxy
from fozzy.chaos.journal import Journal
from fozzy.chaos.otlp import Otlp
from fozzy.chaos.session import Session
from fozzy.chaos.settings import Cassette, Settings
from fozzy.chaos.stats import Stats
from fozzy.chaos.totals import Totals
from fozzy.core.exchange import Exchange
from fozzy.core.summary import SCHEMA_VERSION, Identity, Summary
from fozzy.faults.http import control
from fozzy.faults.http.armed import Tally
from fozzy.faults.http.engine import Engine
from fozzy.trace.finalize import partial_of

BUG = "a fault of fozzy's ended a connection"


class Parts:
    """All of one run. `summary` makes what a recording carries about itself; whoever has more to say replaces it."""

    def __init__(self, settings: Settings, run_id: str = "") -> None:
        """*Errors*: `FozzyError` for a plan, a recording or a file that cannot be used."""
        self.settings = settings
        self.run_id = run_id or wall.fresh_run_id()
        plan = settings.plan
        seed = settings.seed if settings.seed is not None else plan.seed
        self.seed = wall.fresh_seed() if seed is None else seed
        self.started_at = wall.now_iso()
        self.engine = Engine(plan, self.seed, strict=settings.strict)
        self.session = Session(self.engine)
        self.totals = Totals()
        self.journal = Journal(settings.journal_size, settings.redact)
        self.stats = Stats()
        self.stopped = trio.Event()
        self.stopped_by = ""
        self.listened = ""  # where, once it does
        self.controlled = ""
        self.notes: list[str] = []  # for who shows it
        self.summary: Callable[[str], Summary] = self.plain_summary
        self.kept: Kept | None = None
        self.tasks: list[Callable[[], Awaitable[None]]] = []
        self.recorder: CassetteRecorder | None = None
        self.door = HttpProxy(self.session, settings.wire, settings.upstream)
        self.otlp: Otlp | None = None
        self._listen()
        if settings.scenario is not None:
            state = control.start(self.engine.state, settings.scenario, 0)
            self.session.change(state, "scenario started", scenario=settings.scenario)
        self.declared = self._declared()

    def _listen(self) -> None:
        listeners = self.session.listeners
        cassette = self.settings.cassette
        if cassette is not None and cassette.mode != "replay":
            self.recorder = self._recorder(cassette)
            self.recorder.attach(self.session)
            self.tasks.append(self.recorder.flushing)
        listeners.append(self.totals.listen)
        if self.settings.control is not None:
            listeners += [self.journal.listen, self.stats.listen]
        if self.settings.otlp is not None:
            self.otlp = Otlp(self.settings.otlp, self.session)
            listeners.append(self.otlp.listen)
            self.session.outgoing = self.otlp.outgoing
            self.tasks.append(self.otlp.run)

    def _recorder(self, cassette: Cassette) -> CassetteRecorder:
        """*Errors*: `StoreError`, `EvidenceError` for a file that cannot be written, or gone on with."""
        engine, settings = self.engine, self.settings
        begun = Begun(seed=self.seed, strict=settings.strict, has_upstream=engine.has_upstream, plan=engine.state.plan)
        place = Place(cassette.path, cassette.policy, self.run_id, goes_on=cassette.mode == "auto")
        redactor = wire_redactor(list(settings.redact))
        return CassetteRecorder(begun, settings.chaos_path, place, redactor, is_folder=cassette.is_folder)

    def _declared(self) -> set[tuple[str, str]]:
        """The faults that are in force at the beginning: those a strict run must have rolled."""
        if not self.engine.state.enabled:
            return set()
        is_over = bool(self.engine.state.active)
        tallies = self.engine.tallies()
        return {(each.place, each.name) for each in tallies if not (is_over and each.place == "server")}

    def stop(self, why: str) -> None:
        """Stop the proxy."""
        if not self.stopped.is_set():
            self.stopped_by = why
            self.stopped.set()

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

    def recorded_bytes(self) -> int | None:
        """How large the recording is by now; none where there is none, or one for each test."""
        cassette = self.settings.cassette
        if self.recorder is None or cassette is None or cassette.is_folder:
            return None
        try:
            return os.path.getsize(partial_of(cassette.path, self.run_id))
        except OSError:
            return 0

    def finish(self) -> None:
        """Give the recording its name. *Errors*: none; `kept` says what went wrong."""
        if self.recorder is not None and self.kept is None:
            self.kept = self.recorder.finish(self.summary)

    def drop(self) -> None:
        """It never listened: nothing of a recording stays."""
        if self.recorder is not None and self.kept is None:
            self.recorder.drop()
            self.recorder = None


class Address(NamedTuple):
    """Where somebody listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Running:
    """A proxy that listens."""

    def __init__(self, parts: Parts, address: tuple[str, int], nursery: trio.Nursery) -> None:
        self.parts = parts
        self.session = parts.session
        self.engine = parts.engine
        self.journal = parts.journal
        self.totals = parts.totals
        self.stopped = parts.stopped
        self.seed = parts.seed
        self.address = Address(*address)
        parts.listened = str(self.address)
        self.control_address: Address | None = None
        self.control_token = ""
        self._nursery = nursery

    @property
    def is_secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.parts.settings.listening.tls_cert is not None

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"http{'s' if self.is_secure else ''}://{self.address}"

    @property
    def control_url(self) -> str | None:
        """Where the controls listen, if they do."""
        return None if self.control_address is None else f"http://{self.control_address}"

    def stop(self) -> None:
        """Stop it."""
        self.parts.stop("asked")

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
