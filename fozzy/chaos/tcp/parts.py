"""The parts of a run of TCP proxies, made from its settings. Nothing here listens or waits.

Whatever is wrong with settings and files is found here, before a port is opened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import trio

from fozzy import wall
from fozzy.chaos.files.values import Address
from fozzy.chaos.tcp.doors import TcpDoors
from fozzy.chaos.tcp.session import TcpSession
from fozzy.chaos.tcp.settings import TcpRecording, TcpSettings
from fozzy.chaos.tcp.totals import TcpTotals
from fozzy.core.summary import SCHEMA_VERSION, Identity, Summary
from fozzy.errors import FozzyError
from fozzy.faults.tcp.armed import Tally
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.gone import by_toxic
from fozzy.faults.tcp.plan import TcpPlan

if TYPE_CHECKING:
    from fozzy.chaos.api.server import ControlServer
    from fozzy.chaos.cassette.recorder import Kept
    from fozzy.chaos.cassette.tape import SummaryOf
    from fozzy.chaos.settings import Controlled
    from fozzy.chaos.tcp.journal import TcpJournal
    from fozzy.chaos.tcp.recorder import TcpRecorder


class TcpParts:
    """All of one run. Others add listeners to the session, and `tasks` that run beside the traffic."""

    def __init__(self, settings: TcpSettings, run_id: str = "") -> None:
        """*Errors*: `FozzyError` for a plan that cannot be used."""
        self.settings = settings
        self.run_id = run_id or wall.fresh_run_id()
        seed = settings.seed if settings.seed is not None else settings.plan.seed
        self.seed = wall.fresh_seed() if seed is None else seed
        self.started_at = wall.now_iso()
        self.engine = Engine(settings.plan, self.seed, keyed=settings.keyed)
        self.session = TcpSession(self.engine)
        self.doors = TcpDoors(self.session)
        self.totals = TcpTotals()
        self.session.listeners.append(self.totals.listen)
        self.stopped = trio.Event()
        self.has_begun = False  # it has listened
        self.duration_ns = 0  # once it has ended
        self.notes: list[str] = []  # for who shows it
        self.tasks: list[Callable[[], Awaitable[None]]] = []
        self.made_token = ""  # of the controls, where one is needed and nobody gave one; whoever shows it must say it
        self.controlled = ""  # where the controls listen, once they do
        self.journal: TcpJournal | None = None
        self.server = None if settings.control is None else self._server(settings.control)
        self.declared = {
            f"{proxy.name}/{toxic.called}": toxic for proxy in self.engine.plan.proxies for toxic in proxy.toxics
        }
        self.summary: SummaryOf = (
            self.plain_summary
        )  # what a recording says of its run; who has more to say replaces it
        self.kept: Kept | None = None  # what became of the recording
        self.recorder = None if settings.recording is None else self._recorder(settings.recording)

    def stop(self) -> None:
        """Stop the run."""
        self.stopped.set()

    def hurry(self) -> None:
        """End now. Connections are ended at once in any case, so there is nothing that could be given less time."""

    def finish(self) -> None:
        """The traffic has ended, or never began: write what is to be written, once."""
        if self.has_begun and not self.duration_ns:
            self.duration_ns = self.session.now_ns()
        recorder, self.recorder = self.recorder, None
        if recorder is not None and self.has_begun:
            self.kept = recorder.finish(self.summary)
        elif recorder is not None:
            recorder.drop()

    def bugs(self) -> list[Exception]:
        """Faults of ours, each of which ended a connection."""
        return [*self.doors.loop.bugs, *(self.server.bugs if self.server is not None else ())]

    def troubles(self) -> list[FozzyError]:
        """What is wrong now, or was at the end, and no fault of ours: somebody else has the port of a proxy."""
        return list(self.doors.loop.troubles.values())

    def never_came(self) -> list[Tally]:
        """The toxics of the beginning that nobody can have seen: nothing came that they could strike."""
        return [each for each in self._declared() if not (each.hit or each.rolled or self._missed_connections(each))]

    def always_missed(self) -> list[Tally]:
        """The toxics of the beginning that were rolled and never struck."""
        return [each for each in self._declared() if not each.hit and (each.rolled or self._missed_connections(each))]

    def plain_summary(self, path: str) -> Summary:
        """What a recording carries about itself where nobody says more."""
        return Summary(
            schema_version=SCHEMA_VERSION,
            command="proxy tcp",
            status="pass",
            mode="proxy",
            identity=Identity(run_id=self.run_id, seed=self.seed, trace_path=path),
            started_at=self.started_at,
            finished_at=wall.now_iso(),
            duration_ms=self.duration_ns // 10**6,
            duration_ns=self.duration_ns,
            det=False,
        )

    def tallies(self) -> list[Tally]:
        """What became of each toxic, all its changes together."""
        return by_toxic(self.engine.tallies())

    def _declared(self) -> list[Tally]:
        """Of the toxics of the beginning. One of their name and another type is none of them."""
        kinds = {place: toxic.type for place, toxic in self.declared.items()}
        return [each for each in self.tallies() if kinds.get(each.place) == each.type]

    def _missed_connections(self, tally: Tally) -> bool:
        """Whether it was drawn for connections, and for none of them hit."""
        point = self.engine.points.get(tally.proxy)
        return self.declared[tally.place].toxicity < 1 and not tally.connections and bool(point and point.connections)

    def _server(self, controlled: Controlled) -> ControlServer:
        from fozzy.chaos.tcp.api.serving import server_of  # a run without controls starts sooner
        from fozzy.chaos.tcp.journal import TcpJournal

        self.journal = TcpJournal(self.settings.journal_size, self.settings.redact)
        self.session.listeners.append(self.journal.listen)
        server, self.made_token = server_of(self.session, self.journal, controlled)
        return server

    def _recorder(self, recording: TcpRecording) -> TcpRecorder:
        """*Errors*: `StoreError` for a file that cannot be written."""
        from fozzy.chaos.cassette.header import wire_redactor  # a run that keeps nothing starts sooner
        from fozzy.chaos.cassette.tape import Place
        from fozzy.chaos.tcp.recorder import TcpRecorder

        place = Place(recording.path, recording.policy, self.run_id)
        redactor = wire_redactor(list(self.settings.redact))
        recorder = TcpRecorder(self.session, self.settings.chaos_path, place, redactor, self.settings.strict)
        self.tasks.append(recorder.flushing)
        return recorder


class TcpRunning:
    """Proxies that listen."""

    def __init__(self, parts: TcpParts, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self.parts = parts
        self.session = parts.session
        self.engine = parts.engine
        self.seed = parts.seed
        self.stopped = parts.stopped

    def address(self, proxy: str) -> Address:
        """Where a proxy listens. *Errors*: `KeyError` for one that is not there."""
        return self.parts.doors.listeners[proxy].port.address

    def dialled(self, proxies: Iterable[str]) -> set[int]:
        """From which ports proxies are connected to their servers."""
        relays = [relay for name in proxies for relay in self.parts.doors.listeners[name].relays]
        ends = [relay.server.socket for relay in relays if relay.server is not None]
        return {end.getsockname()[1] for end in ends if end.fileno() >= 0}

    def alter_soon(self, make: Callable[[TcpPlan], TcpPlan], refused: Callable[[str], None], **said: Any) -> None:
        """As `TcpSession.alter`, for who cannot wait. `said` has `what`; `refused` gets the words of an error."""

        async def alter() -> None:
            try:
                await self.session.alter(make, **said)
            except FozzyError as error:
                refused(error.message)

        self._nursery.start_soon(alter)

    def stop(self) -> None:
        """Stop all of it."""
        self.parts.stop()
