"""The recorder of a TCP session: a listener that keeps every connection, every message and every change in one file.

Rule 1: traffic never waits for it and never fails because of it. What cannot be kept is counted, and the end says so.
Rule 2: memory is bounded: a few dozen records, and the secrets that were seen.
"""

from __future__ import annotations

from fozzy import wall
from fozzy.chaos.cassette.batched import Batched
from fozzy.chaos.cassette.header import header_of
from fozzy.chaos.cassette.recorder import Kept
from fozzy.chaos.cassette.tape import Place, SummaryOf, Tape, sealing
from fozzy.chaos.tcp.header import TcpBegun
from fozzy.chaos.tcp.session import TcpSession
from fozzy.core.events import Record
from fozzy.core.redact import Redactor
from fozzy.errors import StoreError
from fozzy.trace.finalize import shown_path


class TcpRecorder(Batched):
    """Records a session from its beginning on. *Closes*: `finish` and `drop` end it."""

    def __init__(self, session: TcpSession, chaos_path: str, place: Place, redactor: Redactor, strict: bool) -> None:
        """Listens from now on. `chaos_path` says where the plan came from. *Errors*: as `Tape`."""
        super().__init__()
        self._session = session
        engine = session.engine
        self.begun = TcpBegun(seed=engine.seed, strict=strict, plan=engine.plan)
        self._tape = Tape(header_of(self.begun, chaos_path, redactor), None, place, redactor)
        self._started_at = wall.now_iso()
        self._was_keyed, engine.keyed = engine.keyed, True
        session.listeners.append(self)

    @property
    def path_to_be(self) -> str:
        """Where it is written, as people see it."""
        return shown_path(self._tape.place.target)

    @property
    def recorded(self) -> int:
        """How many connections and messages are kept."""
        return self._tape.recorded

    @property
    def lost(self) -> int:
        """How many are not."""
        return self._tape.lost

    @property
    def failure(self) -> StoreError | None:
        """Why nothing is kept any more."""
        return self._tape.failure

    @property
    def bytes(self) -> int:
        """How large the recording is by now."""
        try:
            return self._tape.partial.stat().st_size
        except OSError:
            return 0

    def __call__(self, record: Record) -> None:
        """Take a record."""
        self.take(record)

    def flush(self) -> None:
        """Write what was told so far."""
        pending = self.taken()
        if pending:
            self._tape.write(pending)

    def finish(self, summary: SummaryOf) -> Kept:
        """Seal the file and give it its name; it listens no more."""
        self._detach()
        self.flush()
        paths = []
        try:
            paths.append(self._tape.finish(sealing(self._tape.place.run_id, self._started_at, summary)))
        except StoreError as error:
            return Kept([], self.recorded, self.lost, self._error(error))
        return Kept(paths, self.recorded, self.lost, None)

    def drop(self) -> None:
        """End it, and keep nothing."""
        self._detach()
        self._tape.drop()

    def _detach(self) -> None:
        if self in self._session.listeners:
            self._session.listeners.remove(self)
            self._session.engine.keyed = self._was_keyed

    def _error(self, failure: StoreError) -> StoreError:
        """What to say at the end, where not everything that was asked for is there."""
        said = f"{self.lost:,} records are not safely in the recording: {failure.message}"
        partial = self._tape.partial
        hint = f"fozzy trace recover {shown_path(partial)}   seals what is there" if partial.exists() else failure.hint
        return StoreError("chaos.not_recorded", said, hint=hint)
