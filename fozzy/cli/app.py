"""The Typer application, made from the same structs as the quick parser: for help, completion and mistakes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from fozzy.cli.command import Arg, Command, Opt, Word, words_of
from fozzy.cli.commands import COMMANDS, GROUPS, command_class

PROGRAM = "fozzy"


class Chosen(Exception):
    """Typer understood the words after all."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command


class Listed(TyperGroup):
    """A group that keeps the order of `COMMANDS`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the list; Typer alone would put groups last."""
        order = list(dict.fromkeys(name.split()[0] for name in COMMANDS))
        return sorted(self.commands, key=lambda name: order.index(name) if name in order else len(order))


def build(only: str | None) -> typer.Typer:
    """The application. Only the command that is needed is read; the others appear by name and first line."""
    app = _typer("A flight recorder and time machine for tests.")
    groups: dict[str, typer.Typer] = {}
    for name, (_, help_line) in COMMANDS.items():
        group, _, last = name.rpartition(" ")
        if group and group not in groups:
            groups[group] = _typer(GROUPS[group] or f"The {group} commands.")
            app.add_typer(groups[group], name=group)
        parent = groups[group] if group else app
        function = _function(command_class(name)) if name == only else _unread(help_line)
        parent.command(last, help=_help(name) if name == only else help_line)(function)
    return app


def understand(argv: Sequence[str]) -> Command:
    """What Typer makes of the words. *Errors*: Typer's own for mistakes; `SystemExit` after help was printed."""
    only = next((" ".join(argv[:length]) for length in (2, 1) if " ".join(argv[:length]) in COMMANDS), None)
    try:
        build(only)(list(argv), prog_name=PROGRAM, standalone_mode=False)
    except Chosen as chosen:
        return chosen.command
    raise SystemExit(0)


def help_of(name: str) -> str:
    """The help of a command, a group or the whole program, for eighty columns."""
    import contextlib
    import io

    command: Any = typer.main.get_command(build(name))
    context = command.make_context(PROGRAM, [], resilient_parsing=True, terminal_width=80, max_content_width=80)
    for word in name.split():
        command = command.get_command(context, word)
        context = type(context)(command, info_name=word, parent=context, terminal_width=80, max_content_width=80)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        text = command.get_help(context)
    return f"{said.getvalue()}{text}".rstrip() + "\n"


def _typer(help_text: str) -> typer.Typer:
    return typer.Typer(
        cls=Listed,
        help=help_text,
        no_args_is_help=False,
        invoke_without_command=False,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )


def _help(name: str) -> str:
    return inspect.cleandoc(command_class(name).__doc__ or "")


def _unread(help_line: str) -> Callable[[], None]:
    def nothing() -> None:
        raise AssertionError(help_line)

    return nothing


def _function(kind: type[Command]) -> Callable[..., None]:
    """A function with the signature Typer reads options from."""

    def choose(**values: Any) -> None:
        raise Chosen(kind(**{name: _plain(value) for name, value in values.items()}))

    parameters = [_parameter(word) for word in words_of(kind)]
    choose.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    choose.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return choose


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _parameter(word: Word) -> inspect.Parameter:
    note = word.note
    if isinstance(note, Arg):
        default: Any = typer.Argument(
            ... if word.required else word.default, help=note.help, metavar=note.metavar or None
        )
    else:
        default = _option(word, note)
    return inspect.Parameter(word.field, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=word.kind)


def _option(word: Word, note: Opt) -> Any:
    if word.is_count:
        return typer.Option(word.default, *note.flags, help=note.help, count=True)
    flags = list(note.flags)
    if note.off:
        flags[0] = f"{flags[0]}/{note.off}"
    default = ... if word.required else word.default
    return typer.Option(default, *flags, help=note.help, metavar=note.metavar or None, show_default=False)
