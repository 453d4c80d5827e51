"""Command lines that are not plainly right: help is printed, a mistake becomes a `UsageError` in our words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from fozzy.cli.app import understand
from fozzy.cli.command import Command, Opt, words_of
from fozzy.cli.commands import COMMANDS, GROUPS, command_class
from fozzy.cli.console import give_up
from fozzy.errors import UsageError, suggestion


def explain(argv: Sequence[str]) -> Command:
    """What Typer makes of the words. *Errors*: `UsageError`; `SystemExit` after help was printed,
    `StoreError` where it could not be."""
    if argv[0].startswith("-") and argv[-1] in ("--help", "-h"):
        argv = ["--help"]
    _known_command(argv)
    try:
        return understand(argv)
    except OSError as error:  # help could not be printed
        give_up(sys.stdout, error)
        raise SystemExit(0) from None
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        raise _mistake(error, argv) from error


def _known_command(argv: Sequence[str]) -> None:
    """Typer's own suggestion for an unknown command, in the same shape as all our errors."""
    group, word = "", argv[0] if argv else ""
    known = list(dict.fromkeys(name.split()[0] for name in COMMANDS))
    if word in GROUPS and argv[1:] and not argv[1].startswith("-"):
        group, word = f"{word} ", argv[1]
        known = [name.removeprefix(group) for name in COMMANDS if name.startswith(group)]
    if word.startswith("-") or word in known:
        return
    hint = suggestion(word, known).replace('"', f'"{group}', 1) or f"one of {', '.join(group + name for name in known)}"
    raise UsageError("usage.unknown_command", f'there is no command "{group}{word}"', hint=hint)


def _mistake(error: Any, argv: Sequence[str]) -> UsageError:
    kind = type(error).__name__
    message = str(error.format_message()).rstrip(".")
    command = command_name(argv)
    if kind == "NoSuchOption":
        option = str(error.option_name)
        unknown = next((word for word in argv if word.startswith("--") and _is_nobodys(word)), None)
        if (
            command == "fozzy" and unknown is not None and unknown != option
        ):  # what Typer stumbles over first may be right behind a command
            return UsageError(
                "usage.unknown_option", f'"{command}" has no option {unknown}', hint=f"{command} --help lists them"
            )
        if option in _options(command) and command.removeprefix("fozzy").strip() not in COMMANDS:
            return UsageError("usage.missing", "there is no command among the words", hint=f"{command} --help")
        hint = suggestion(option, _options(command)) or f"{command} --help lists them"
        return UsageError("usage.unknown_option", f'"{command}" has no option {option}', hint=hint)
    code = {"MissingParameter": "usage.missing", "BadParameter": "usage.bad_value"}.get(kind, "usage.mistake")
    return UsageError(code, message[:1].lower() + message[1:], hint=f"{command} --help")


def command_name(argv: Sequence[str]) -> str:
    """As much of `fozzy trace verify` as the words say."""
    said = [word for word in argv[: 2 if argv and argv[0] in GROUPS else 1] if not word.startswith("-")]
    return " ".join(["fozzy", *said])


def _is_nobodys(word: str) -> bool:
    """Whether no command has this option."""
    option = word.partition("=")[0]
    return option != "--help" and not any(option in _options(f"fozzy {name}") for name in ("", *COMMANDS))


def _options(command: str) -> list[str]:
    name = command.removeprefix("fozzy").strip()
    notes = [word.note for word in words_of(command_class(name) if name in COMMANDS else Command)]
    return [flag for note in notes if isinstance(note, Opt) for flag in (*note.flags, note.off) if flag]
