"""What the commands that stand before a service share: real time, what is printed, texts for flags and their variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fozzy.chaos.files.flags import Value, flag_name
from fozzy.cli.command import Command, Opt
from fozzy.errors import UsageError

DET = Opt(("--det",), "Refused: clients and upstream live in real time.", off="--no-det")
EVENTS = Opt(("--events",), "Print every record as a line of JSON, the summary last.")


def refuse_what_cannot_be(command: Command, *, events: bool, struck: str) -> None:
    """*Errors*: `UsageError` for two reports on stdout, and for virtual time."""
    if events and command.json:
        raise UsageError("usage.two_reports", "stdout can hold one report, got json, events", hint="give one")
    if command.det is not None:
        flag = "--det" if command.det else "--no-det"
        message = f"{flag} has no meaning here: clients and upstream always live in real time"
        hint = f"leave it out; the seed alone decides which {struck} are struck"
        raise UsageError("chaos.real_time", message, hint=hint)


def texts_of(command: Command, fields: Iterable[str], origins: Mapping[str, str]) -> dict[str, list[Value]]:
    """The flags that were given, as texts under their names; `origins` are those that are not called as their field."""
    found: dict[str, list[Value]] = {}
    for field in fields:
        value = getattr(command, field)
        if value is not None and value != []:
            found[field] = [Value(text, origins.get(field, flag_name(field))) for text in _texts(value)]
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return value
    return [str(value).lower() if isinstance(value, bool) else str(value)]
