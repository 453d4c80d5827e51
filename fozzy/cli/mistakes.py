"""Command lines that are not plainly right: help is printed, a mistake becomes a `UsageError` in our words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fozzy.cli.app import understand
from fozzy.cli.command import Command, Opt, words_of
from fozzy.cli.commands import COMMANDS, command_class
from fozzy.errors import UsageError, suggestion


def explain(argv: Sequence[str]) -> Command:
    """What Typer makes of the words. *Errors*: `UsageError`; `SystemExit` after help was printed."""
    _known_command(argv)
    try:
        return understand(argv)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        raise _mistake(error, argv) from error


def _known_command(argv: Sequence[str]) -> None:
    """Typer's own suggestion for an unknown command, in the same shape as all our errors."""
    first = argv[0] if argv else ""
    tops = list(dict.fromkeys(name.split()[0] for name in COMMANDS))
    if first.startswith("-") or first in tops:
        return
    hint = suggestion(first, tops) or f"one of {', '.join(tops)}"
    raise UsageError("usage.unknown_command", f'there is no command "{first}"', hint=hint)


def _mistake(error: Any, argv: Sequence[str]) -> UsageError:
    kind = type(error).__name__
    message = str(error.format_message()).rstrip(".")
    command = " ".join(argv[: 2 if argv[:1] == ["trace"] else 1])
    if kind == "NoSuchOption":
        option = str(error.option_name)
        return UsageError(
            "usage.unknown_option",
            f'"fozzy {command}" has no option {option}',
            hint=suggestion(option, _options(command)) or f"fozzy {command} --help lists them",
        )
    code = {"MissingParameter": "usage.missing", "BadParameter": "usage.bad_value"}.get(kind, "usage.mistake")
    return UsageError(code, message[:1].lower() + message[1:], hint=f"fozzy {command} --help")


def _options(command: str) -> list[str]:
    if command not in COMMANDS:
        return []
    notes = [word.note for word in words_of(command_class(command))]
    return [flag for note in notes if isinstance(note, Opt) for flag in (*note.flags, note.off) if flag]
