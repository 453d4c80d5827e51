"""Formats scenarios in TOML: keys and tables in the order of the types, one blank line between tables, comments kept.

Rule 1: text in, text out; the text must be a valid scenario. Formatting twice changes nothing.
Rule 2: a comment stays with what it stands above or behind; at the top one with a blank line below it is the file's.
Rule 3: texts and numbers keep their spelling, and what is a table and what is inline stays as its author chose.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from fozzy.dsl.format_json import INDENT, WIDTH, Kind, holds_steps, in_order, kind_of_item, kind_of_member, struct_of
from fozzy.dsl.scenario import form_of

Path = tuple[str | int, ...]


class Typed:
    """A value as data, and what the types say it is. What was looked up once is kept."""

    def __init__(self, data: Any, kind: Kind) -> None:
        self._data = data
        self.kind = kind
        self._struct = struct_of(data, kind)
        self._children: dict[str | int, Typed] = {}

    def at(self, path: Path) -> Typed:
        """What stands at a path."""
        here = self
        for part in path:
            here = here.child(part)
        return here

    def order(self, path: Path) -> list[int]:
        """By what the values at several paths are put in order."""
        here, ranks = self, []
        for part in path:
            ranks.append(part if isinstance(part, int) else here._ranks[part])
            here = here.child(part)
        return ranks

    def child(self, part: str | int) -> Typed:
        """One item or member."""
        if part not in self._children:
            named = isinstance(part, str)
            kind = kind_of_member(self._struct, self.kind, str(part)) if named else kind_of_item(self.kind)
            self._children[part] = Typed(self._data[part], kind)
        return self._children[part]

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {key: rank for rank, key in enumerate(in_order(self._data, self._struct))}


class _Entry(NamedTuple):
    """`key = value # comment`, and the lines above it: comments, and empty ones."""

    path: Path  # of more than one part when it is written with dots
    key: str
    item: Any
    above: list[str]


class _Section(NamedTuple):
    """A table with its header; the first has none. `below` is what is said behind its last entry."""

    path: Path
    header: str
    above: list[str]
    entries: list[_Entry]
    below: list[str]


def format_toml(text: str) -> str:
    """The scenario as it should be written. *Errors*: `ValueError` when tomlkit does not understand the text."""
    import tomli
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    text = text.replace("\r\n", "\n").removesuffix("\n") + "\n"
    try:
        raw, document = tomli.loads(text), tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise ValueError(str(error)) from error
    reader = _Reader()
    reader.read(document, (), "")
    whole = Typed(raw, form_of(raw))
    reader.finish()
    ordered = sorted(reader.sections, key=lambda section: whole.order(section.path))
    blocks = ["\n".join(_section_lines(section, whole.at(section.path))) for section in ordered]
    return "\n\n".join(block for block in blocks if block) + "\n"


class _Reader:
    """Reads a parsed document from top to bottom into sections, and gives every comment to what it is about."""

    def __init__(self) -> None:
        self.sections = [_Section((), "", [], [], [])]
        self._waiting: list[str] = []  # lines of which it is not known yet what they are about

    def read(self, container: Any, path: Path, names: str) -> None:
        """A table's body; tables inside it start sections of their own."""
        for key, item in container.body:
            if key is None:
                self._waiting += [line.strip() for line in item.as_string().split("\n")[:-1]]
                continue
            inner, name = (*path, key.key), f"{names}{key.as_string().strip()}"
            if hasattr(item, "body"):
                for index, table in enumerate(item.body):
                    self._open((*inner, index), f"[[{name}]]{_comment(table)}")
                    self.read(table.value, (*inner, index), f"{name}.")
            elif key.is_dotted() or not _is_table(item):
                self._entry(key, item, (), "")
            else:
                if not item.is_super_table():
                    self._open(inner, f"[{name}]{_comment(item)}")
                self.read(item.value, inner, f"{name}.")

    def finish(self) -> None:
        """The text is over."""
        self.sections[-1].below.extend(_trimmed(self._waiting))
        self._waiting = []

    def _open(self, path: Path, header: str) -> None:
        """A header: the comments right above it are about it, those before an empty line are not."""
        below, above = _split(self._waiting)
        self.sections[-1].below.extend(_trimmed(below))
        self.sections.append(_Section(path, header, above, [], []))
        self._waiting = []

    def _entry(self, key: Any, item: Any, path: Path, names: str) -> None:
        path, name = (*path, key.key), f"{names}{key.as_string().strip()}"
        if key.is_dotted():
            for inner, value in item.value.body:
                self._entry(inner, value, path, f"{name}.")
            return
        section = self.sections[-1]
        if len(self.sections) == 1 and not section.entries:
            about_file, self._waiting = _split(self._waiting)
            section.above.extend(_trimmed(about_file))
        section.entries.append(_Entry(path, name, item, _trimmed(self._waiting, keep_first=True)))
        self._waiting = []


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines up to the last empty one, and those behind it."""
    cut = max((index + 1 for index, line in enumerate(lines) if not line), default=0)
    return lines[:cut], lines[cut:]


def _trimmed(lines: list[str], *, keep_first: bool = False) -> list[str]:
    """Lines without empty ones at the end, and nowhere two of them together."""
    kept = [line for index, line in enumerate(lines) if line or not index or lines[index - 1]]
    while kept and not kept[-1] and not (keep_first and len(kept) == 1):
        kept.pop()
    return kept


def _section_lines(section: _Section, typed: Typed) -> Iterator[str]:
    yield from section.above
    if section.header:
        yield section.header
    entries = sorted(section.entries, key=lambda entry: typed.order(entry.path))
    for index, entry in enumerate(entries):
        above = entry.above
        if index == 0 and above[:1] == [""]:
            above = above[1:]
        if index == 0 and section.above and not section.header:
            yield ""
        yield from above
        yield f"{entry.key} = {_value(entry, typed)}{_comment(entry.item)}"
    yield from section.below if entries or section.header else section.below[section.below[:1] == [""] :]


def _value(entry: _Entry, typed: Typed) -> str:
    return _shown(entry.item, typed.at(entry.path), "", len(entry.key) + len(" = "))


def _comment(item: Any) -> str:
    text = item.trivia.comment.strip()
    return f" {text}" if text else ""


def _shown(item: Any, typed: Typed, indent: str, taken: int) -> str:
    """A value, on one line where `taken` columns are left to it, else broken where TOML allows that."""
    flat = _flat(item, typed)
    if not _is_array(item) or not item or _has_comments(item):
        return flat
    if len(indent) + taken + len(flat) <= WIDTH and not (len(item) > 1 and holds_steps(typed.kind)):
        return flat
    inner = indent + INDENT
    items = [f"{inner}{_shown(each, typed.child(index), inner, 1)},\n" for index, each in enumerate(list(item))]
    return f"[\n{''.join(items)}{indent}]"


def _flat(item: Any, typed: Typed) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if _is_array(item) and not _has_comments(item):
        return f"[{', '.join(_flat(each, typed.child(index)) for index, each in enumerate(list(item)))}]"
    if hasattr(item, "value") and hasattr(item.value, "body"):
        parts = sorted(_inline(item, (), ""), key=lambda entry: typed.order(entry.path))
        shown = [f"{entry.key} = {_flat(entry.item, typed.at(entry.path))}" for entry in parts]
        return f"{{ {', '.join(shown)} }}" if shown else "{}"
    return str(item.as_string()).strip()


def _inline(item: Any, path: Path, names: str) -> Iterator[_Entry]:
    """The entries of an inline table."""
    for key, value in item.value.body:
        if key is not None:
            inner, name = (*path, key.key), f"{names}{key.as_string().strip()}"
            if key.is_dotted():
                yield from _inline(value, inner, f"{name}.")
            else:
                yield _Entry(inner, name, value, [])


def _has_comments(array: Any) -> bool:
    """Whether something besides its items stands in an array; then it is left as it is."""
    text = array.as_string()
    for item in list(array):
        text = text.replace("true" if item is True else "false" if item is False else item.as_string(), "", 1)
    return "#" in text


def _is_array(item: Any) -> bool:
    return isinstance(item, list)


def _is_table(item: Any) -> bool:
    return hasattr(item, "is_super_table")
