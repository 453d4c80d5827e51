"""Formats scenarios in YAML: keys in the order of the types, two spaces, comments kept.

Rule 1: text in, text out; the text must be a valid scenario. Formatting twice changes nothing.
Rule 2: a block stays a block; what stands in brackets stays so where it fits on a line and is not a list of steps.
Rule 3: texts and numbers keep their spelling. Where there are aliases keys keep their order too: an alias stands below
its anchor.
"""

from __future__ import annotations

import re

from fozzy.core.limits import DEPTH_MAX
from fozzy.core.yaml.comments import comments
from fozzy.core.yaml.nodes import Node, sound, value_of
from fozzy.core.yaml.scalars import plain
from fozzy.dsl.format_json import INDENT, WIDTH, holds_steps
from fozzy.dsl.format_toml import Typed
from fozzy.dsl.scenario import form_of
from fozzy.dsl.yaml_layout import Entry, Layout, Part, nodes

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_HEADER = re.compile(r"([|>])([-+]?)([1-9]?)([-+]?)(.*)")


def format_yaml(text: str) -> str:
    """The scenario as it should be written. *Errors*: `ValueError` when it is no YAML, or a comment has no place."""
    text = text.replace("\r\n", "\n").removesuffix("\n") + "\n"
    root = sound(text, DEPTH_MAX)
    raw = value_of(root)
    writer = _Writer(text, root, Typed(raw, form_of(raw)))
    made = "\n".join(writer.document(root)) + "\n"
    if len(list(comments(made, sound(made, DEPTH_MAX)))) != len(list(comments(text, root))):
        raise ValueError("a comment would be lost")
    return made


class _Writer:
    """Writes the entries of one document."""

    def __init__(self, text: str, root: Node, whole: Typed) -> None:
        self.text = text
        self.whole = whole
        self.keeps_order = any(node.target is not None for node in nodes(root))
        self.commented = [each.start for each in comments(text, root)]

    def document(self, root: Node) -> list[str]:
        layout = Layout(self.text, root, self.is_flat)
        entries, below = layout.document(root)
        lines = list(layout.of_file)
        if layout.marker is not None:
            directives = [line for line in self.text[: layout.marker].split("\n") if line.startswith("%")]
            lines += [*directives, "---"]
        elif lines:
            lines.append("")
        return [*lines, *self.block(entries, ()), *below]

    def block(self, entries: list[Entry], path: tuple[Part, ...]) -> list[str]:
        """The lines of a block, its indentation being what its path says."""
        indent = INDENT * len(path)
        lines: list[str] = []
        for index, entry in enumerate(self.ordered(entries, path)):
            above, own = self.entry(entry, (*path, entry.part), indent)
            above = above if index else above[above[:1] == [""] :]
            lines += [f"{indent}{each}" if each else "" for each in above] + own
        return lines

    def ordered(self, entries: list[Entry], path: tuple[Part, ...]) -> list[Entry]:
        if self.keeps_order or not entries or entries[0].key is None:
            return entries
        typed = self.whole.at(path)
        return sorted(entries, key=lambda entry: typed.order((entry.part,)))

    def entry(self, entry: Entry, path: tuple[Part, ...], indent: str) -> tuple[list[str], list[str]]:
        """What stands above an entry, and the entry."""
        head = f"{indent}-" if entry.key is None else f"{indent}{self.name(entry.key)}:"
        behind = f" {entry.behind}" if entry.behind else ""
        if entry.inner is None:
            first, *rest = self.value(entry, path, indent + INDENT)
            return entry.above, [f"{head}{' ' if first else ''}{first}{behind}", *rest]
        properties = self.properties(entry.value)
        head += f" {properties}" if properties else ""
        inner = self.block(entry.inner, path)
        below = [f"{indent}{INDENT}{each}" if each else "" for each in entry.below]
        if entry.key is not None:
            return entry.above, [head + behind, *inner, *below]
        return self.item(entry, head, [*inner, *below], indent)

    def item(self, entry: Entry, head: str, inner: list[str], indent: str) -> tuple[list[str], list[str]]:
        """A block in a list begins behind its dash; what is said above its first line goes above the dash."""
        above = [*entry.above, *([entry.behind] if entry.behind else [])]
        while inner[0].lstrip().startswith("#"):
            above.append(inner.pop(0).strip())
        if head.endswith("-"):
            return above, [f"{head} {inner[0].removeprefix(indent + INDENT)}", *inner[1:]]
        return above, [head, *inner]

    def value(self, entry: Entry, path: tuple[Part, ...], indent: str) -> list[str]:
        """A value that is no block: on one line, or a text of several."""
        node = entry.value
        flat = self.flat(node, path)
        if flat is not None:
            return [flat]
        properties, written = self.properties(node), self.written(node)
        begin = f"{properties} " if properties else ""
        first, *rest = written.split("\n")
        if node.style in ("|", ">"):
            header, body = self.literal(first, rest, entry.column)
            return [begin + header, *(f"{indent}{each}" if each else "" for each in body)]
        rest = [each.lstrip(" \t") if node.style == '"' else each.strip(" \t") for each in rest]
        return [begin + first, *(f"{indent}{each}" if each else "" for each in rest)]

    def literal(self, header: str, body: list[str], column: int) -> tuple[str, list[str]]:
        """The header and lines of a text after `|` or `>`, these without their indentation."""
        found = _HEADER.match(header)
        assert found is not None
        style, chomp, digit, later, rest = found.groups()
        chomp = chomp or later
        shown = [each for each in body if each.strip(" ")]
        deep = (
            column + int(digit) if digit else min((len(each) - len(each.lstrip(" ")) for each in shown[:1]), default=0)
        )
        lines = [each[deep:] for each in body]
        while lines and not lines[-1] and (chomp != "+" or len(lines) == len(body)):
            lines.pop()
        return f"{style}{'2' if digit else ''}{chomp}{rest.rstrip()}", lines

    def is_flat(self, node: Node, path: tuple[Part, ...]) -> bool:
        """Whether a value is no block: it is none, or stands in brackets, has no comment inside and fits on its line."""
        if not node.is_collection or not (node.members or node.items):
            return True
        if node.style != "flow" or any(node.start < at < node.end for at in self.commented):
            return False
        flat = self.flat(node, path)
        head = len(str(path[-1])) + len(": ") if isinstance(path[-1], str) else len("- ")
        return flat is not None and len(INDENT) * (len(path) - 1) + head + len(flat) <= WIDTH

    def flat(self, node: Node, path: tuple[Part, ...]) -> str | None:
        """A value on one line, none where it is a block, a text of several lines, or a list of steps."""
        properties = self.properties(node)
        shown = self.flat_members(node, path) if node.members else self.flat_items(node, path)
        if shown is None:
            return None
        return f"{properties} {shown}".strip()

    def flat_items(self, node: Node, path: tuple[Part, ...]) -> str | None:
        if not node.is_collection:
            written = self.written(node)
            return None if "\n" in written or node.style in ("|", ">") else written
        if not node.items:
            return "[]" if node.members is None else "{}"
        if node.style != "flow" or (len(node.items) > 1 and holds_steps(self.whole.at(path).kind)):
            return None
        parts = [self.flat(item, (*path, index)) for index, item in enumerate(node.items)]
        return None if None in parts else f"[{', '.join(part or 'null' for part in parts if part is not None)}]"

    def flat_members(self, node: Node, path: tuple[Part, ...]) -> str | None:
        if node.style != "flow":
            return None
        typed, parts = self.whole.at(path), []
        named = [(str((key.target or key).value), key, value) for key, value in node.members or ()]
        for part, key, value in named if self.keeps_order else sorted(named, key=lambda each: typed.order((each[0],))):
            shown = self.flat(value, (*path, part))
            if shown is None:
                return None
            parts.append(f"{self.name(key)}: {shown or 'null'}")
        return f"{{ {', '.join(parts)} }}"

    def name(self, key: Node) -> str:
        """A key as it is written; behind an alias there is a space before the colon."""
        written = self.text[key.start : key.end]
        if "\n" in written or key.style in ("|", ">"):
            raise ValueError("a key of several lines has no place")
        return f"{written} " if key.target is not None else written

    def properties(self, node: Node) -> str:
        """The anchor and tag of a value."""
        return " ".join(self.text[node.start : self.content(node)].split())

    def content(self, node: Node) -> int:
        """Where a value begins behind its anchor and tag."""
        found = _PROPERTIES.match(self.text, node.start)
        return min(found.end(), max(node.end, node.start)) if found else node.start

    def written(self, node: Node) -> str:
        """A scalar or alias as it stands in the text; nothing where it is not written."""
        written = self.text[self.content(node) : node.end]
        is_missing = node.value is None and node.target is None and plain(written) is not None
        return "" if is_missing and not node.style else written
