"""Recording, and answering from a recording. Files are named relative to the folder in which the proxy was started."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.cassettes import Cassettes, Collision, Mode, Recording, Replaying
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.chaos.api.reading import Nothing

SUFFIX = ".fozzy"
File = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1024,
        description="A trace below the folder in which the proxy was started, `traces/a.fozzy`: relative, without `..`.",
    ),
]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to record, and what to do when the name is taken."""

    file: File
    collision: Collision = "append"


class Replay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From where to answer. `auto` asks upstream what is not recorded; `as_recorded` repeats the recorded faults."""

    file: File
    mode: Mode = "replay"
    as_recorded: bool = False
    pace: Annotated[float, Meta(ge=0, le=1000, description="0 answers at once, 1 in the recorded times.")] = 0.0


def recording(controls: Controls, asked: Asked) -> Recording:
    """How it stands."""
    return controls.cassettes.recording() if controls.cassettes else Recording()


def start_recording(controls: Controls, asked: Asked) -> Recording:
    """Record."""
    cassettes = _cassettes(controls)
    if cassettes.recording().is_on:
        raise _conflict(f"it records to {cassettes.recording().file} already", "Stop that first.")
    return cassettes.start_recording(_below(asked.body.file), asked.body.collision)


def stop_recording(controls: Controls, asked: Asked) -> Recording:
    """Record no more."""
    cassettes = _cassettes(controls)
    if not cassettes.recording().is_on:
        raise _conflict("nothing is recorded", "")
    return cassettes.stop_recording()


def replaying(controls: Controls, asked: Asked) -> Replaying:
    """How it stands."""
    return controls.cassettes.replaying() if controls.cassettes else Replaying()


def start_replay(controls: Controls, asked: Asked) -> Replaying:
    """Answer from a cassette."""
    cassettes, body = _cassettes(controls), asked.body
    if cassettes.replaying().is_on:
        raise _conflict(f"it answers from {cassettes.replaying().file} already", "Stop that first.")
    return cassettes.start_replay(_below(body.file), body.mode, body.as_recorded, body.pace)


def stop_replay(controls: Controls, asked: Asked) -> Replaying:
    """Ask upstream again."""
    cassettes = _cassettes(controls)
    if not cassettes.replaying().is_on:
        raise _conflict("nothing is answered from a cassette", "")
    return cassettes.stop_replay()


def _cassettes(controls: Controls) -> Cassettes:
    if controls.cassettes is None:
        raise _conflict("this door has no recorder", "Start `fozzy proxy http`, which has one.")
    return controls.cassettes


def _conflict(message: str, hint: str) -> Rejected:
    return Rejected(409, "chaos.api_conflict", message, hint=hint)


def _below(file: str) -> Path:
    """A file that surely lies below the working directory, whoever asks. *Errors*: `Rejected`."""
    path = PurePosixPath(file)
    odd = "\\" in file or ":" in file or any(ord(char) < 32 for char in file)
    if path.is_absolute() or odd or ".." in path.parts or path.suffix != SUFFIX or path.name.startswith("."):
        said = f'file is "{file}": expected a relative path without "..", with the suffix {SUFFIX}'
        raise Rejected(400, "chaos.bad_value", said, field="file")
    return Path(*path.parts)


def _operation(method: str, path: str, name: str, does: str, **said: Any) -> Operation:
    return Operation(method=method, path=f"/fozzy/{path}", name=name, does=does, **said)


_TAPE = {"file": "traces/session.fozzy"}
OPERATIONS = [
    _operation(
        "GET", "recording/status", "recording_status", "Show whether it records.", run=recording, gives=Recording
    ),
    _operation(
        "POST",
        "recording/start",
        "start_recording",
        "Record from the next request on.",
        run=start_recording,
        takes=Record,
        gives=Recording,
        refuses=(409,),
        example=_TAPE,
    ),
    _operation(
        "POST",
        "recording/stop",
        "stop_recording",
        "Seal the trace and give it its name.",
        run=stop_recording,
        takes=Nothing,
        is_optional=True,
        gives=Recording,
        refuses=(409,),
    ),
    _operation(
        "GET",
        "replay/status",
        "replay_status",
        "Show whether it answers from a cassette.",
        run=replaying,
        gives=Replaying,
    ),
    _operation(
        "POST",
        "replay/start",
        "start_replay",
        "Answer from a cassette from the next request on.",
        run=start_replay,
        takes=Replay,
        gives=Replaying,
        refuses=(409,),
        example=_TAPE,
    ),
    _operation(
        "POST",
        "replay/stop",
        "stop_replay",
        "Ask upstream again.",
        run=stop_replay,
        takes=Nothing,
        is_optional=True,
        gives=Replaying,
        refuses=(409,),
    ),
]
