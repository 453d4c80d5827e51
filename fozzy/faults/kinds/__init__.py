"""What a fault may be: one file each. This module is the one list of them.

To add a kind: a module here with a `Kind` struct (its fields, a one-sentence docstring, `act`), a line in `KINDS`, a
test in tests/faults/kinds/ and a scenario in scenarios/faults/.
"""

from __future__ import annotations

from fozzy.faults.kinds.base import Dice, HttpReply, Kind, ProcessEnd
from fozzy.faults.kinds.corrupt_read import CorruptRead
from fozzy.faults.kinds.disconnect import Disconnect
from fozzy.faults.kinds.drop import Drop
from fozzy.faults.kinds.eio import Eio
from fozzy.faults.kinds.enospc import Enospc
from fozzy.faults.kinds.exit import Exit
from fozzy.faults.kinds.latency import Latency
from fozzy.faults.kinds.malformed import Malformed
from fozzy.faults.kinds.message import DelayMessage, DropMessage, DuplicateMessage, ReorderMessage
from fozzy.faults.kinds.partial import Partial
from fozzy.faults.kinds.rate_limit import RateLimit
from fozzy.faults.kinds.signal import Signal
from fozzy.faults.kinds.slow import Slow
from fozzy.faults.kinds.spawn_error import SpawnError
from fozzy.faults.kinds.status import Status
from fozzy.faults.kinds.timeout import Timeout
from fozzy.faults.kinds.torn_write import TornWrite
from fozzy.faults.kinds.truncate_stdout import TruncateStdout

KINDS: dict[str, list[type[Kind]]] = {
    "http": [Status, Drop, Latency, Timeout, Disconnect, Malformed, Partial, RateLimit],
    "proc": [SpawnError, Exit, Signal, Slow, TruncateStdout],
    "fs": [Enospc, Eio, TornWrite, CorruptRead],
    "net": [DropMessage, DelayMessage, DuplicateMessage, ReorderMessage],
}


def kind_of(target: str, name: str) -> type[Kind] | None:
    """The kind of a name on a target, none when there is none."""
    return next((kind for kind in KINDS.get(target, ()) if kind.__struct_config__.tag == name), None)


__all__ = ["KINDS", "Dice", "HttpReply", "Kind", "ProcessEnd", "kind_of"]
