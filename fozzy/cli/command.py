"""Command: what a command's words are, as data, and what it does.

A field with `Arg` in its annotation is a word by its place, one with `Opt` an option; the type says what it takes.
The same struct is read by the quick parser (`words.py`), which understands what is written right, and by Typer
(`app.py`), which is imported only for help, completion and mistakes: it costs more than most runs.
"""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args

import msgspec

from fozzy.cli.console import Console
from fozzy.errors import Exit
from fozzy.report.text import quoted


class Opt(NamedTuple):
    """An option: its spellings and its help. `off` spells the opposite of a truth value."""

    flags: tuple[str, ...]
    help: str
    metavar: str = ""
    off: str = ""


class Arg(NamedTuple):
    """A word by its place."""

    help: str
    metavar: str = ""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all commands: the options they share, accepted before and after the command."""

    name: ClassVar[str] = ""
    config: Annotated[str | None, Opt(("--config",), "The configuration file.", "FILE")] = None
    cwd: Annotated[str | None, Opt(("--cwd",), "Work in this folder.", "DIR")] = None
    json: Annotated[bool, Opt(("--json",), "Print exactly one JSON document on stdout.")] = False
    seed: Annotated[int | None, Opt(("--seed",), "The seed, 0 to 2^53-1; chosen and printed when not given.", "N")] = (
        None
    )
    det: Annotated[bool | None, Opt(("--det",), "Virtual time: sleeps cost nothing.", off="--no-det")] = None
    strict: Annotated[bool, Opt(("--strict",), "Warnings are failures (the default).", off="--unsafe")] = True
    quiet: Annotated[bool, Opt(("--quiet", "-q"), "One line.")] = False
    verbose: Annotated[int, Opt(("--verbose", "-v"), "More: every step; twice: every choice and event.")] = 0
    color: Annotated[Literal["auto", "always", "never"], Opt(("--color",), "When to colour.", "WHEN")] = "auto"

    @property
    def place_flags(self) -> str:
        """Where this command works and under which configuration, as flags behind a command that is to be pasted."""
        return "".join(
            f" {flag} {quoted(word)}" for flag, word in (("--cwd", self.cwd), ("--config", self.config)) if word
        )

    def call(self, console: Console) -> Exit:
        """Do it. *Errors*: any `FozzyError`, which the caller shows."""
        raise AssertionError(f"{type(self).__name__} does nothing")


class Word(NamedTuple):
    """A field of a command as its parsers see it."""

    field: str
    note: Opt | Arg
    kind: Any
    required: bool
    default: Any

    @property
    def is_flag(self) -> bool:
        """Whether the option takes no value."""
        return bool in members(self.kind) or self.is_count

    @property
    def is_count(self) -> bool:
        """Whether the option is counted."""
        return self.field == "verbose"

    @property
    def is_many(self) -> bool:
        """Whether it may be given more than once."""
        return str(self.kind).startswith("list")


def words_of(command: type[Command]) -> list[Word]:
    """The fields of a command, arguments first."""
    found: list[Word] = []
    for field in msgspec.structs.fields(command):
        kind, note = get_args(field.type)[:2]
        default = field.default if field.default is not msgspec.NODEFAULT else None
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        found.append(Word(field.name, note, kind, field.required, default))
    return sorted(found, key=lambda word: isinstance(word.note, Opt))


def members(kind: Any) -> tuple[Any, ...]:
    """The alternatives of a union, or the type alone."""
    return get_args(kind) if type(None) in get_args(kind) else (kind,)
