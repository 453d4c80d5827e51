"""Every error fozzy raises, and the exit status each one ends a command with.

An error answers three questions: where it is, what is wrong, what to do next. Each class below is
one answer to "who is at fault"; the dotted `code` tells the reason and never changes.
To add an error: raise the class that is at fault with a new code and, where one helps, a hint.
"""

import re
from collections.abc import Iterable
from enum import IntEnum

import msgspec


class Exit(IntEnum):
    """Exit statuses, in docs/exit-codes.md; `worst` orders them."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    TIMEOUT = 3
    CRASH = 4
    NOTHING = 5
    EVIDENCE = 6
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


_WORST_FIRST = (
    Exit.INTERRUPTED,
    Exit.TERMINATED,
    Exit.BUG,
    Exit.EVIDENCE,
    Exit.USAGE,
    Exit.CRASH,
    Exit.TIMEOUT,
    Exit.FAIL,
    Exit.NOTHING,
    Exit.PASS,
)


def worst(exits: list[Exit]) -> Exit:
    """The exit status to report when several things happened."""
    return min(exits, key=_WORST_FIRST.index, default=Exit.PASS)


def suggestion(word: str, words: Iterable[str]) -> str:
    """`did you mean …?` for the nearest of `words`, empty when none is near."""
    import difflib

    close = difflib.get_close_matches(word, list(words), 1)
    return f'did you mean "{close[0]}"?' if close else ""


_HALF = re.compile("[\ud800-\udfff]")


def whole(text: str) -> str:
    """A text with halves of characters written as escapes: names that are not UTF-8 come so, and no stream takes them."""
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


class Where(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place in a file; lines and columns count from 1, `line` 0 means the file as a whole."""

    file: str
    line: int = 0
    col: int = 0


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with an input, ready to be shown under its own caret."""

    code: str
    message: str
    where: Where | None = None
    hint: str = ""
    label: str = ""  # said beside the caret
    length: int = 1  # characters underlined
    text: str = ""  # the source line, kept because the file may change before it is shown
    first: Where | None = None  # where the earlier of two conflicting things stands
    first_text: str = ""
    first_length: int = 1


class FozzyError(Exception):
    """Base of all errors fozzy raises on purpose. *Errors*: shown with code, place and hint; ends with `exit_status`."""

    exit_status = Exit.USAGE

    def __init__(self, code: str, message: str, *, hint: str = "", where: Where | None = None) -> None:
        message, hint = whole(message), whole(hint)
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.where = where
        self.problems: list[Problem] = [Problem(code=code, message=message, where=where, hint=hint)]
        if hint:
            self.add_note(f"hint: {hint}")  # for tracebacks; screens of ours show it themselves


class UsageError(FozzyError):
    """The command line asks for something that cannot be."""


class ConfigError(FozzyError):
    """The configuration cannot be read or says something impossible."""


class InputError(FozzyError):
    """A scenario or another input file is unusable; carries all its problems."""

    @classmethod
    def of(cls, problems: list[Problem]) -> "InputError":
        """One error for all problems of an input; the first speaks for them."""
        first = problems[0]
        error = cls(first.code, first.message, hint=first.hint, where=first.where)
        error.problems = problems
        return error


class NotAllowedError(FozzyError):
    """Something needs a permission that was not given."""


class EvidenceError(FozzyError):
    """A trace cannot be trusted: its seal, its format or its order is wrong."""

    exit_status = Exit.EVIDENCE


class StoreError(FozzyError):
    """A run or trace cannot be found, or cannot be written where it was asked to go."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: stop as for Ctrl-C, and say so in the exit status."""


class InterruptedRun(FozzyError):
    """The user or the system asked us to stop; what there was is kept."""

    exit_status = Exit.INTERRUPTED

    @classmethod
    def by(cls, stop: KeyboardInterrupt, message: str, hint: str = "") -> "InterruptedRun":
        """The error for this way of stopping."""
        error = cls("run.interrupted", message, hint=hint)
        if isinstance(stop, Terminated):
            error.exit_status = Exit.TERMINATED
        return error
