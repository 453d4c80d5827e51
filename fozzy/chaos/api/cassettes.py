"""What the control API asks of whoever records and replays. The recorder of a proxy has these methods; so may a test's.

Each raises a `FozzyError` for people where it cannot do what it is asked, and then nothing has changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

import msgspec

Collision = Literal["append", "error", "overwrite"]
Mode = Literal["replay", "auto"]


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Whether and where requests are recorded. After the end it is told of the last recording."""

    is_on: bool = False
    file: str = ""  # the name it will have, or has
    requests: int = 0
    bytes: int = 0
    problem: str = ""  # why it ended by itself, as a full disk


class Replaying(msgspec.Struct, frozen=True, kw_only=True):
    """Whether and from where requests are answered."""

    is_on: bool = False
    file: str = ""
    mode: Mode = "replay"
    as_recorded: bool = False
    requests: int = 0  # in the cassette
    served: int = 0
    missed: int = 0


class Cassettes(Protocol):
    """Starts and ends recording and replaying of one session."""

    def recording(self) -> Recording:
        """How it stands."""

    def start_recording(self, file: Path, collision: Collision) -> Recording:
        """Record from the next request on."""

    def stop_recording(self) -> Recording:
        """Seal the trace and give it its name."""

    def replaying(self) -> Replaying:
        """How it stands."""

    def start_replay(self, file: Path, mode: Mode, as_recorded: bool, pace: float) -> Replaying:
        """Answer from a cassette from the next request on. `pace`: 0 at once, 1 in the recorded times."""

    def stop_replay(self) -> Replaying:
        """Ask upstream again."""
