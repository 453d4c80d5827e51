"""From argv to an exit status: parse, prepare the surroundings, call the command, show what went wrong."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from fozzy import wall
from fozzy.cli.command import Command
from fozzy.cli.commands import COMMANDS, GROUPS
from fozzy.cli.console import Console
from fozzy.cli.words import NotPlain, hoist, parse
from fozzy.errors import Exit, FozzyError, InterruptedRun, Terminated, UsageError


def main(argv: Sequence[str]) -> int:
    """Run a command line. Every end, also of a mistake or a bug, is an exit status and a screen."""
    name = _name(argv)
    console = _console_for_mistakes(argv)
    try:
        command = _understand(argv, console)
        _listen()  # not before: Typer takes Ctrl-C for an answer
        name = command.name
        is_json = command.json or "json" in _reporters(command)
        console = Console(
            json=is_json,
            quiet=command.quiet,
            verbose=command.verbose,
            color=command.color,
            is_stream=_is_streamed(command),
        )
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
    """Show it; who interrupts that, with a second Ctrl-C, gets it and the exit status all the same."""
    with contextlib.suppress(KeyboardInterrupt), wall.signals_held():
        from fozzy.cli.failures import show_error  # what ends well does not need it

        show_error(console, name, error)


def _call(command: Command, console: Console) -> Exit:
    if not gc.isenabled():  # `__main__` turned it off while everything was imported
        gc.freeze()
        gc.enable()
    try:
        if command.cwd is not None:
            os.chdir(command.cwd)
        os.getcwd()  # it may have been removed since
    except OSError as error:
        message = f"cannot work in {command.cwd or 'this folder'}: {error.strerror}"
        raise UsageError("usage.bad_folder", message, hint="--cwd names an existing folder") from error
    return command.call(console)


def _understand(argv: Sequence[str], console: Console) -> Command:
    """The command; Typer is asked only when the words are not plainly right. *Errors*: `UsageError`, `SystemExit`.

    Help is no answer to who wants one as JSON: it goes to stderr then, so that stdout holds a document or nothing.
    """
    if argv[:1] == ["--install-completion"]:  # what other programs call it
        argv = ["completion", *argv[1:], "--install"]
    try:
        return parse(argv)
    except NotPlain:
        from fozzy.cli.mistakes import explain

        told = contextlib.redirect_stdout(sys.stderr) if console.json or console.is_stream else contextlib.nullcontext()
        with told:
            return explain(hoist(argv) or ["--help"])


def _listen() -> None:
    """Hear Ctrl-C and SIGTERM, which `__main__` held back while everything was imported."""

    def stop(_signal: int, _frame: Any) -> NoReturn:
        raise Terminated

    signal.signal(signal.SIGTERM, stop)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))


def _reporters(command: Command) -> Sequence[str]:
    """The reports on stdout that were asked for, of a command that has some: `--json` is `--reporter json`."""
    asked = getattr(command, "reporter", ())
    return (asked,) if isinstance(asked, str) else asked


def _is_streamed(command: Command) -> bool:
    """Whether stdout holds a stream of events."""
    return bool(getattr(command, "events", False) or getattr(command, "dump_events", False))


def _console_for_mistakes(argv: Sequence[str]) -> Console:
    pairs = list(zip(argv, argv[1:], strict=False))
    is_json = "--json" in argv or "--reporter=json" in argv or ("--reporter", "json") in pairs
    return Console(json=is_json, is_stream="--events" in argv or "--dump-events" in argv)


def _name(argv: Sequence[str]) -> str:
    """The command the words name, as far as there is one of that name."""
    words = hoist(argv)
    known = [name for length in (2, 1) if (name := " ".join(words[:length])) in (*COMMANDS, *GROUPS)]
    return known[0] if known else "fozzy"


def entry() -> None:
    """Run this process's command line and end it."""
    status = main(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM):  # all is said and done: one more of them changes nothing
        signal.signal(number, signal.SIG_IGN)
    sys.exit(status)
