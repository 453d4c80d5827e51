"""From argv to an exit status: parse, prepare the surroundings, call the command, show what went wrong."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from fozzy.cli.command import Command
from fozzy.cli.console import Console
from fozzy.cli.words import NotPlain, hoist, parse
from fozzy.errors import Exit, FozzyError, InterruptedRun, Terminated, UsageError


def main(argv: Sequence[str]) -> int:
    """Run a command line. Every end, also of a mistake or a bug, is an exit status and a screen."""
    name = _name(argv)
    console = _console_for_mistakes(argv)
    try:
        command = _understand(argv)
        name = command.name
        console = Console(json=command.json, quiet=command.quiet, verbose=command.verbose, color=command.color)
        return int(_call(command, console))
    except FozzyError as error:
        _show_error(console, name, error)
        return int(error.exit_status)
    except KeyboardInterrupt as stop:
        stopped = InterruptedRun.by(stop, "interrupted")
        _show_error(console, name, stopped)
        return int(stopped.exit_status)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Exception as bug:  # the last resort: a bug of ours ends with its own status, never with a bare traceback
        from fozzy.cli.failures import show_bug

        show_bug(console, name, bug)
        return int(Exit.BUG)


def _show_error(console: Console, name: str, error: FozzyError) -> None:
    from fozzy.cli.failures import show_error  # what ends well does not need it

    show_error(console, name, error)


def _call(command: Command, console: Console) -> Exit:
    if not gc.isenabled():  # `__main__` turned it off while everything was imported
        gc.freeze()
        gc.enable()
    _listen_to_termination()
    if command.cwd is not None:
        try:
            os.chdir(command.cwd)
        except OSError as error:
            message = f"cannot work in {command.cwd}: {error.strerror}"
            raise UsageError("usage.bad_folder", message, hint="--cwd names an existing folder") from error
    return command.call(console)


def _understand(argv: Sequence[str]) -> Command:
    """The command; Typer is asked only when the words are not plainly right. *Errors*: `UsageError`, `SystemExit`."""
    try:
        return parse(argv)
    except NotPlain:
        from fozzy.cli.mistakes import explain

        return explain(hoist(argv) or ["--help"])


def _listen_to_termination() -> None:
    def stop(_signal: int, _frame: Any) -> NoReturn:
        raise Terminated

    signal.signal(signal.SIGTERM, stop)


def _console_for_mistakes(argv: Sequence[str]) -> Console:
    return Console(json="--json" in argv or "--reporter=json" in argv)


def _name(argv: Sequence[str]) -> str:
    words = [word for word in hoist(argv) if not word.startswith("-")]
    return " ".join(words[: 2 if words[:1] == ["trace"] else 1]) or "fozzy"


def entry() -> None:
    """Run this process's command line and end it."""
    sys.exit(main(sys.argv[1:]))
