"""What flags and variables make of a plan, field by field: they stand before the file, the file before a scenario.

Rule 1: a delay, its jitter and its probability are three fields; so are a fault's probability and what it does.
Rule 2: a flag that gives a probability says when a fault strikes: it replaces all that was said of that before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from fozzy.chaos.files.flags import Given, flag_name
from fozzy.core.duration import parse_ns
from fozzy.errors import UsageError
from fozzy.faults.http.plan import Fault, Faults, Latency, Limits, Loss, Plan, Section, Status

S = TypeVar("S", bound=Section)
Flags = Mapping[str, Given]

_LIMITS = ("bandwidth", "concurrency", "max_connections", "connection_timeout", "idle_timeout")
_SHARES = ("drop", "malformed", "disconnect", "connection_error")
_NO_SPREAD: dict[str, Any] = {"fixed": None, "uniform": None, "normal": None, "exponential": None, "one_of": None}


def with_flags(plan: Plan, flags: Flags) -> Plan:
    """A plan with all that flags say of it, its sections apart. *Errors*: `UsageError`."""
    fields: dict[str, Any] = {
        name: flags[name].value
        for name in ("upstream", "seed", "evidence_headers", "client_header", "latency_max", "key_bytes")
        if name in flags
    }
    if "disabled" in flags:
        fields["enabled"] = not flags["disabled"].value
    return msgspec.structs.replace(plan, **fields)


def section_with_flags(section: S, flags: Flags, latency_max: str) -> S:
    """A section with what flags say instead. *Errors*: `UsageError` that names the flag."""
    fields: dict[str, Any] = {
        "latency": _latency(section.latency, flags, latency_max),
        "faults": _faults(section.faults, flags),
        "limits": _limits(section.limits, flags),
    }
    if "exclusive" in flags:
        fields["mode"] = "exclusive" if flags["exclusive"].value else "cascade"
    return msgspec.structs.replace(section, **fields)


def section_over(section: Section, below: S) -> S:
    """The section below, with every field that the one above says."""
    fields: dict[str, Any] = {
        "mode": section.mode or below.mode,
        "latency": section.latency or below.latency,
        "faults": _over(section.faults, below.faults),
        "limits": _over(section.limits, below.limits),
    }
    return msgspec.structs.replace(below, **fields)


def check_whole(section: Section, flags: Flags) -> None:
    """Whether flags that change something have something to change. *Errors*: `UsageError`."""
    for field, thing, needs in (
        ("jitter", section.latency, "a delay: --latency or --latency-range"),
        ("latency_probability", section.latency, "a delay: --latency or --latency-range"),
        ("status_probability", section.faults.status, "--status"),
        ("loss_as", section.limits.loss, "--loss"),
    ):
        if field in flags and thing is None:
            hint = f"give {needs.rpartition(': ')[2]}, or leave {flags[field].origin} out"
            raise UsageError("chaos.idle_flag", f"{flags[field].origin} needs {needs}", hint=hint)


def _over(above: Any, below: Any) -> Any:
    said = {field: getattr(above, field) for field in above.__struct_fields__ if getattr(above, field) is not None}
    return msgspec.structs.replace(below, **said)


def _latency(latency: Latency | None, flags: Flags, most: str) -> Latency | None:
    for field in ("latency", "latency_range"):
        if field not in flags:
            continue
        value = flags[field].value
        longest = value if isinstance(value, str) else value[1]
        if parse_ns(longest) > parse_ns(most):
            said = f"must be from 0ms to {most}, got {longest}"
            hint = f"{flag_name('latency_max')} {longest} allows more"
            raise UsageError("usage.bad_value", f"{flags[field].origin} {said}", hint=hint)
        spread = {**_NO_SPREAD, "fixed" if field == "latency" else "uniform": value}
        latency = msgspec.structs.replace(latency or Latency(), **spread)
    if latency is not None and "jitter" in flags:
        latency = msgspec.structs.replace(latency, jitter=flags["jitter"].value)
    if latency is not None and "latency_probability" in flags:
        latency = _likely(latency, flags["latency_probability"].value)
    return latency


def _faults(faults: Faults, flags: Flags) -> Faults:
    fields: dict[str, Any] = {}
    for name in _SHARES:
        if name in flags:
            now = getattr(faults, name)
            share = flags[name].value
            fields[name] = _likely(now, share) if isinstance(now, Fault) else share
    if "timeout_fault" in flags:
        fields["timeout"] = flags["timeout_fault"].value
    status = _status(faults.status, flags)
    return msgspec.structs.replace(faults, status=status, **fields)


def _status(status: Status | None, flags: Flags) -> Status | None:
    if "status" in flags:
        given: Status = flags["status"].value
        if given.probability is not None and "status_probability" in flags:
            names = f"{flags['status'].origin} …@{given.probability:g} and {flags['status_probability'].origin}"
            raise UsageError("chaos.exclusive_flags", f"{names} exclude each other", hint="drop one of them")
        kept = {} if status is None else {"body": status.body, "headers": status.headers}
        status = msgspec.structs.replace(given, **kept)
    if status is not None and "status_probability" in flags:
        status = _likely(status, flags["status_probability"].value)
    return status


def _limits(limits: Limits, flags: Flags) -> Limits:
    fields: dict[str, Any] = {name: flags[name].value for name in _LIMITS if name in flags}
    for scoped in flags["rate_limit"].value if "rate_limit" in flags else ():
        fields["global_" if scoped.scope == "global" else scoped.scope] = scoped.bucket
    loss = limits.loss
    if "loss" in flags:
        share = flags["loss"].value
        loss = _likely(loss, share) if isinstance(loss, Loss) else Loss(probability=share)
    if "loss_as" in flags and loss is not None:
        loss = loss if isinstance(loss, Loss) else Loss(probability=loss)
        loss = msgspec.structs.replace(loss, as_=flags["loss_as"].value)
    return msgspec.structs.replace(limits, loss=loss, **fields)


F = TypeVar("F", bound=Fault)


def _likely(fault: F, share: float) -> F:
    """The same fault, striking with this probability and by nothing else."""
    when = {field.name: field.default for field in msgspec.structs.fields(Fault)}
    return msgspec.structs.replace(fault, **{**when, "probability": share})
