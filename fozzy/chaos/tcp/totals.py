"""What a run of TCP proxies came to in a few numbers, for its last lines and its summary. A listener of the session."""

from __future__ import annotations

from fozzy.core.events import Event, Record
from fozzy.core.wires import Connected, Spoken, Struck


class TcpTotals:
    """Counts of all that ended, never set back. Messages count with their connection, whether or not they are told.

    Connections of `raw` that no toxic is on and nobody records are not read, so their messages are not known.
    """

    def __init__(self) -> None:
        self.connections = 0
        self.messages = 0
        self.changes = 0
        self.struck = 0  # connections and messages that a toxic was applied to
        self.applied = 0  # toxics that were applied, each time
        self.bypassed = 0  # that were decided and could not be
        self.upstream_bytes = 0  # that clients sent
        self.downstream_bytes = 0  # that servers sent
        self.ended_by: dict[str, int] = {}  # connections, by who ended them

    def listen(self, record: Record) -> None:
        """Count a record."""
        if isinstance(record, Spoken):
            self._strikes(record.struck)
        elif isinstance(record, Connected):
            self.connections += 1
            self.messages += record.upstream.messages + record.downstream.messages
            self.upstream_bytes += record.upstream.bytes
            self.downstream_bytes += record.downstream.bytes
            self.ended_by[record.by] = self.ended_by.get(record.by, 0) + 1
            self._strikes(record.struck)
        elif isinstance(record, Event):
            self.changes += 1

    def _strikes(self, struck: list[Struck]) -> None:
        applied = sum(each.applied for each in struck)
        self.struck += bool(applied)
        self.applied += applied
        self.bypassed += len(struck) - applied
