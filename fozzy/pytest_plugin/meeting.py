"""Whether anybody can have met a fault that no message shows: a service that was killed, a port that was closed.

Rule 1: a fault that nobody can have met tested nothing: it fails a test like one that never came to pass.
Rule 2: the system's own counts tell it, so whoever connects is seen, also past the proxy, from C or another process. What
else connects on this machine meanwhile counts too, so a fault that was met is never refused.
Rule 3: where the system does not tell (no /proc), it is not looked for.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

COUNTS, SOCKETS = Path("/proc/self/net/snmp"), ("tcp", "tcp6")
OPENED = "ActiveOpens"  # of connections, also of those that were refused
ESTABLISHED = "01"
UNMET = "nobody was connected, and nobody came"


class Meeting:
    """One fault, from when it begins on. Who is `connected` then meets it; where it `lasts`, who comes later does, too."""

    def __init__(self, *, connected: bool = False, lasts: bool = False) -> None:
        self._is_met = connected
        self._lasts = lasts
        self._began = opened()
        self._ended: int | None = None
        self._after: int | None = None

    def ends(self) -> None:
        """What ends it begins: who comes from here on does not meet it."""
        self._ended = opened()

    def is_over(self) -> None:
        """It has ended, whatever its end took."""
        self._after = opened()

    @property
    def is_missed(self) -> bool:
        """Whether it is certain that nobody met it so far."""
        now, began = opened(), self._began
        if now is None or began is None or self._is_met:
            return False
        is_late = self._lasts and self._after is not None and now > self._after
        return not is_late and (now if self._ended is None else self._ended) <= began


def opened() -> int | None:
    """How many connections this machine ever began, as far as we see; none where it does not tell."""
    rows = [line.split() for line in _read(COUNTS).splitlines() if line.startswith("Tcp:")]
    if len(rows) != 2 or OPENED not in rows[0]:
        return None
    return int(rows[1][rows[0].index(OPENED)])


def is_connected(ports: Container[int], but: Container[int] = ()) -> bool:
    """Whether somebody is connected to one of these ports, as a client sees it; `but` from those who come from there.

    A client that has closed its connection is none, whenever its server hears of that.
    """
    for name in SOCKETS:
        for line in _read(COUNTS.parent / name).splitlines()[1:]:
            fields = line.split()
            local, remote = (int(address.rpartition(":")[2], 16) for address in fields[1:3])
            if fields[3] == ESTABLISHED and remote in ports and local not in but:
                return True
    return False


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
