"""From the words of `fozzy proxy tcp` to the settings of a run."""

from __future__ import annotations

from pathlib import Path

from fozzy.chaos.settings import Controlled
from fozzy.chaos.tcp.journal import SIZE
from fozzy.chaos.tcp.planned import Planned
from fozzy.chaos.tcp.settings import TcpRecording, TcpSettings
from fozzy.errors import UsageError

# Flags that mean something only beside another.
_NEEDS = {"record_collision": "record", "control_token": "control", "journal_size": "control"}


def settings_of(begun: Planned, *, strict: bool, keyed: bool, redact: tuple[str, ...] = ()) -> TcpSettings:
    """The settings of a run. *Errors*: `UsageError` for a flag that would do nothing, and for no proxy at all."""
    flags = begun.flags
    for field, wanted in _NEEDS.items():
        if field in flags and wanted not in flags:
            hint = f"give --{wanted}, or leave it out"
            raise UsageError("chaos.idle_flag", f"{flags[field].origin} needs --{wanted}", hint=hint)
    said = {field: given.value for field, given in flags.items()}
    if not begun.plan.proxies and "control" not in said:
        hint = "give --upstream HOST:PORT, --chaos FILE, or --control ADDR to add proxies later"
        raise UsageError("chaos.no_proxy", "there is no proxy to begin with", hint=hint)
    record = said.get("record")
    return TcpSettings(
        plan=begun.plan,
        seed=said.get("seed"),
        strict=strict,
        keyed=keyed,
        recording=TcpRecording(path=Path(record), policy=said.get("record_collision", "append")) if record else None,
        control=Controlled(address=said["control"], token=said.get("control_token", "")) if "control" in said else None,
        journal_size=said.get("journal_size", SIZE),
        redact=redact,
        chaos_path=begun.file or "flags",
    )
