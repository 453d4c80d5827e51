"""What a toxic counted of the bytes of one connection: which offsets it looked at, and which of them it struck.

Rule 1: it does not depend on how bytes were cut: runs that touch are one run, in what is kept and in the digest.
Rule 2: what it looked at is what decides: in its span of time, and as long as it may strike. The rest follows from the
schedule and the seed, so it can be made again (`Runs`).
*Limits*: after `RUNS_MAX` runs nothing more is kept; what is kept still holds.
"""

from __future__ import annotations

from blake3 import blake3

from fozzy.core.wires import Counted
from fozzy.faults.tcp.runs import Runs

RUNS_MAX = 64
DIGEST_BYTES = 8


class ByteCount:
    """Kept while bytes flow."""

    def __init__(self, toxic: str) -> None:
        self._toxic = toxic
        self._looked: list[list[int]] = []
        self._run: tuple[int, int] | None = None  # the struck run that may go on
        self._hasher = blake3()
        self._struck = 0
        self._is_full = False
        self.is_ended = False  # the end of the stream was struck, which has no bytes

    def look(self, low: int, high: int) -> None:
        """Offsets from `low` to before `high` are looked at now, behind all before."""
        looked = self._looked
        if low == high:
            return
        if looked and looked[-1][1] == low:
            looked[-1][1] = high
        elif len(looked) < RUNS_MAX:
            looked.append([low, high])
        else:
            self._is_full = True

    def strike(self, low: int, high: int) -> None:
        """Some of them are struck."""
        if self._is_full:
            return
        self._struck += high - low
        if self._run is not None and self._run[1] == low:
            low = self._run[0]
        else:
            self._flush()
        self._run = (low, high)

    def told(self) -> Counted:
        """As it is kept; nothing is counted after this."""
        self._flush()
        digest = self._hasher.hexdigest(length=DIGEST_BYTES) if self._struck else ""
        runs = [(low, high) for low, high in self._looked]
        return Counted(self._toxic, runs, self._struck, digest, self.is_ended)

    def _flush(self) -> None:
        if self._run is not None:
            self._hasher.update(b"%d-%d;" % self._run)
            self._run = None


def counted_again(counted: Counted, runs: Runs) -> Counted:
    """The same offsets looked at once more."""
    again = ByteCount(counted.toxic)
    for low, high in counted.runs:
        again.look(low, high)
        for run in runs.among(low, high):
            again.strike(*run)
    again.is_ended = counted.ended
    return again.told()
