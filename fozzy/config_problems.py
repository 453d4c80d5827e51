"""What is wrong with settings, in the user's words: each under its own caret, in the file or by the variable it is from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from fozzy.core.forms import form_of_file
from fozzy.core.types import bare, got, members, structs, wanted
from fozzy.core.yaml.spaces import space_hint
from fozzy.errors import ConfigError, Problem, Where, suggestion

NO_BOM = "the file begins with a byte order mark (BOM): save it as UTF-8 without one"
_TOML_PLACE = re.compile(r" \(at (?:line \d+, column \d+|end of document)\)$")
_TOML_VALUE = re.compile(r"""=\s*("[^"]*"|'[^']*'|[^\s#][^#]*?)\s*(?:#|$)""")


class File(NamedTuple):
    """A file as it was read."""

    text: str
    path: Path


class Written(NamedTuple):
    """Where settings stand: a file, the table of it that holds them, and from where else single ones came."""

    path: Path | None
    section: tuple[str, ...]
    origins: dict[str, str]
    names: tuple[str, ...] = ()  # of all settings


def refuse_settings(table: dict[str, Any], kind: type[msgspec.Struct], written: Written) -> ConfigError:
    """The error for settings that cannot be: names nobody knows, and then values of the wrong kind."""
    return _error(*(list(_unknown(table, kind, written, ())) or _bad_values(table, kind, written, ())))


def _unknown(table: Any, kind: Any, written: Written, above: tuple[str, ...]) -> Iterator[Problem]:
    known = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key in known:
            inner = structs(known[key])
            if inner and isinstance(value, dict):
                yield from _unknown(value, inner[0], written, (*above, key))
            continue
        hint = suggestion(key, known) or f"known are {', '.join(known)}"
        if above and key in written.names:  # written below the last line, most often
            hint = f"{key} stands at the top of the file, not below {above[0]}"
        message = f'there is no setting "{".".join((*above, key))}"'
        yield _placed(written, (*above, key), "config.unknown_key", message, hint)


def _bad_values(table: Any, kind: Any, written: Written, above: tuple[str, ...]) -> Iterator[Problem]:
    for field in msgspec.structs.fields(kind):
        if field.name in table:
            yield from _bad_value(table[field.name], field.type, written, (*above, field.name))


def _bad_value(value: Any, kind: Any, written: Written, path: tuple[str, ...]) -> Iterator[Problem]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        inner = structs(kind)
        if inner and isinstance(value, dict):
            yield from _bad_values(value, inner[0], written, path)
            return
        name = ".".join(path)
        if isinstance(value, list) and get_origin(bare(kind)) is list:
            kind = get_args(bare(kind))[0]
            name, value = next((f"{name}[{n}]", each) for n, each in enumerate(value) if not _is(each, kind))
        origin = written.origins.get(".".join(path), written.origins.get(path[0], ""))
        is_here = written.path is not None and origin == written.path.name
        said = f'"{name}"' if is_here else f'"{name}" from {origin}'
        near = suggestion(value, _choices(kind)) if isinstance(value, str) else ""
        message = f"{said} must be {wanted(kind)}, got {got(value)}"
        yield _placed(
            written if is_here else Written(None, (), {}), path, "config.bad_value", message, near, value=True
        )


def _is(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _choices(kind: Any) -> list[str]:
    return [each for member in members(kind) for each in get_args(member) if isinstance(each, str)]


def _placed(
    written: Written, path: tuple[str, ...], code: str, message: str, hint: str, *, value: bool = False
) -> Problem:
    if written.path is None:
        return Problem(code=code, message=message, hint=hint)
    text = written.path.read_text("utf-8")
    if form_of_file(written.path.name) == "yaml":
        from fozzy.core.yaml.settings import span_of

        start, end = span_of(text, path, value=value)
    else:
        start, end = _toml_span(text, (*written.section, *path), value=value)
    return pointed(code, message, File(text, written.path), (start, end), hint)


def pointed(code: str, message: str, file: File, span: tuple[int, int], hint: str = "") -> Problem:
    """A problem with a part of a file's text; of a part of several lines the first."""
    where = where_of(file.text, file.path, span[0])
    line = file.text.split("\n")[where.line - 1].removesuffix("\r")
    length = max(1, min(span[1] - span[0], len(line) - where.col + 1))
    return Problem(code=code, message=message, where=where, hint=hint, text=line, length=length)


def where_of(text: str, path: Path, offset: int) -> Where:
    """The line and the column of an offset."""
    before = text[:offset]
    return Where(path.as_posix(), before.count("\n") + 1, offset - before.rfind("\n"))


def refuse_syntax(error: ValueError, text: str, path: Path) -> ConfigError:
    """The error for a text that is no TOML, with what its parser says."""
    said = _TOML_PLACE.sub("", str(error))
    line, col = getattr(error, "lineno", 1), getattr(error, "colno", 1)
    start = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + col - 1
    hint = "a configuration is TOML, or YAML in a file that is named so" if path.suffix == ".json" else ""
    return refuse_part(f"{path} is not TOML: {said}", text, path, (start, start + 1), hint)


def refuse_whole(value: Any, text: str, path: Path) -> ConfigError:
    """The error for a YAML text that holds something, but no settings."""
    start = len(text) - len(text.lstrip())
    message = f"{path} must be a mapping of settings, got {got(value)}"
    return _error(pointed("config.bad_value", message, File(text, path), (start, start + 1), space_hint(value)))


def refuse_part(message: str, text: str, path: Path, span: tuple[int, int], hint: str = "") -> ConfigError:
    """The error for a part of a text that cannot be."""
    return _error(pointed("config.syntax", message, File(text, path), span, hint))


def _error(*problems: Problem) -> ConfigError:
    first = problems[0]
    error = ConfigError(first.code, first.message, hint=first.hint, where=first.where)
    error.problems = list(problems)
    return error


def refuse_bytes(error: UnicodeDecodeError, data: bytes, path: Path) -> ConfigError:
    """The error for bytes that are no text."""
    before = data[: error.start].decode("utf-8", "replace")
    message = f"cannot read {path}: byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
    where = where_of(before, path, len(before))
    return ConfigError("config.unreadable", message, hint="save the file as UTF-8", where=where)


def _toml_span(text: str, wanted_path: tuple[str, ...], *, value: bool) -> tuple[int, int]:
    """Where a key or its value stands: in a line of its table, or as the name of a table."""
    table: tuple[str, ...] = ()
    begin = 0
    for line in text.split("\n"):
        words = line.strip()
        if words.startswith("["):
            named = table = _dotted(words.split("]")[0].lstrip("["))
        else:
            named = (*table, *_dotted(words.partition("=")[0]))
        if named[: len(wanted_path)] == wanted_path:
            at = line.find(wanted_path[-1])
            found = _TOML_VALUE.search(line) if value and named == wanted_path else None
            first, last = found.span(1) if found else (at, at + len(wanted_path[-1]))
            return begin + first, begin + last
        begin += len(line) + 1
    return 0, 1


def _dotted(name: str) -> tuple[str, ...]:
    return tuple(part.strip(" \t\"'") for part in name.split("."))
