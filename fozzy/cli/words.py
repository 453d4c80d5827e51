"""The quick parser: from words to a command, when they are written right. Everything else is Typer's to explain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fozzy.cli.command import Arg, Command, Opt, Word, members, words_of
from fozzy.cli.commands import BARE, COMMANDS, GROUPS, command_class

COMMON = [word for word in words_of(Command) if isinstance(word.note, Opt)]


class NotPlain(Exception):
    """The words are not plainly right: unknown, missing, or a request for help."""


def hoist(argv: Sequence[str]) -> list[str]:
    """Common options before the command, moved behind it; a flag that stands without its value gets an empty one."""
    takes_value = {flag: not word.is_flag for word in COMMON for flag in _flags(word)}
    index = 0
    while index < len(argv) and argv[index].startswith("-"):
        flag = argv[index].partition("=")[0]
        if flag not in takes_value and not _is_cluster(flag):
            return list(argv)
        index += 2 if takes_value.get(flag) and "=" not in argv[index] else 1
    length = 2 if index < len(argv) and argv[index] in GROUPS else 1
    name = argv[index : index + length]
    return [*name, *_filled([*argv[:index], *argv[index + length :]], BARE.get(" ".join(name), ()))]


def _filled(words: list[str], bare: Sequence[str]) -> list[str]:
    """`--chaos --json` -> `--chaos= --json`, where `--chaos` may stand without its value."""
    ends = {index for index, word in enumerate(words, 1) if index == len(words) or words[index].startswith("-")}
    return [f"{word}=" if word in bare and index in ends else word for index, word in enumerate(words, 1)]


def parse(argv: Sequence[str]) -> Command:
    """The command the words name. *Errors*: `NotPlain`."""
    words = hoist(argv)
    name = next((" ".join(words[:length]) for length in (2, 1) if " ".join(words[:length]) in COMMANDS), None)
    if name is None:
        raise NotPlain
    kind = command_class(name)
    values = _values(words[len(name.split()) :], words_of(kind))
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise NotPlain from error


def _values(words: Sequence[str], known: list[Word]) -> dict[str, Any]:
    by_flag = {flag: word for word in known for flag in _flags(word)}
    places = [word for word in known if isinstance(word.note, Arg)]
    values: dict[str, Any] = {}
    positional: list[str] = []
    waiting = list(reversed(words))
    only_places = False
    while waiting:
        text = waiting.pop()
        if only_places or text == "-" or not text.startswith("-"):
            positional.append(text)
        elif text == "--":
            only_places = True
        else:
            _option(text, by_flag, waiting, values)
    _place(positional, places, values)
    return values


def _option(text: str, by_flag: dict[str, Word], waiting: list[str], values: dict[str, Any]) -> None:
    flag, equals, value = text.partition("=")
    if _is_cluster(flag) and flag not in by_flag:
        waiting += [f"-{letter}" for letter in reversed(flag[1:])]
        return
    word = by_flag.get(flag)
    if word is None or (equals and (word.is_flag or not flag.startswith("--"))):
        raise NotPlain
    if word.is_count:
        values[word.field] = values.get(word.field, 0) + 1
    elif word.is_flag:
        values[word.field] = flag != word.note.off  # type: ignore[union-attr]
    else:
        if not equals:
            if not waiting:
                raise NotPlain
            value = waiting.pop()
        if not _is_plain(value, word):
            raise NotPlain
        if word.is_many:
            values.setdefault(word.field, []).append(value)
        else:
            values[word.field] = value


def _is_plain(value: str, word: Word) -> bool:
    """Whether a value is written as its type is: msgspec alone would also take `1e3` for a number, `null` for none."""
    kinds = members(word.kind)
    if int in kinds:
        return value.isascii() and value.removeprefix("-").isdecimal()
    return word.is_many or str in kinds or value.lower() != "null"


def _place(positional: list[str], places: list[Word], values: dict[str, Any]) -> None:
    for word in places:
        if word.is_many:
            values[word.field] = positional
            positional = []
        elif positional:
            if not _is_plain(positional[0], word):
                raise NotPlain
            values[word.field] = positional[0]
            positional = positional[1:]
    if positional:
        raise NotPlain


def _flags(word: Word) -> tuple[str, ...]:
    if not isinstance(word.note, Opt):
        return ()
    return (*word.note.flags, word.note.off) if word.note.off else word.note.flags


def _is_cluster(flag: str) -> bool:
    """`-vv`, `-qv`: short flags written together."""
    return len(flag) > 2 and flag[1] != "-" and set(flag[1:]) <= {"v", "q"}
