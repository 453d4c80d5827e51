"""Replays a trace in a process of its own: what holds there does not hold by anything this process remembers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fozzy.errors import EvidenceError

FRESH_S_MAX = 300  # a replay takes about as long as the run did without its waits; longer is stuck
# The new process runs this very fozzy, wherever this one has it from.
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from fozzy.cli.main import entry; entry()"


class _Said(msgspec.Struct):
    replay: dict[str, str | int] = {}


def check_replays(trace: Path, words: Sequence[str] = ()) -> None:
    """Replay a trace in a fresh process, with more words for its command. It has a session of its own, so that Ctrl-C does
    not reach it. *Errors*: `EvidenceError` unless it is SAME."""
    command = [sys.executable, "-c", _START, str(_ROOT), "replay", str(trace), "--json", *words]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=FRESH_S_MAX,
            check=False,
            start_new_session=True,
        )
        said = msgspec.json.decode(done.stdout, type=_Said).replay
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError) as error:
        raise _unlike(f"the replay did not end well: {error}") from error
    if said.get("verdict") != "SAME":
        raise _unlike(f"it says {said.get('verdict', 'nothing')}: {said.get('cause', 'no cause is known')}")


_ROOT = Path(__file__).resolve().parents[2]


def _unlike(what: str) -> EvidenceError:
    hint = "the run is not deterministic; fozzy replay of the first trace, twice, shows whether it ever was"
    return EvidenceError("trace.not_alone", f"the trace does not replay in a fresh process: {what}", hint=hint)
