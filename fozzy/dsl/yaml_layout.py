"""A YAML text as entries in the order they stand in, each with the comments that are about it.

Rule 1: a comment behind a value is about that value, one above an entry about the entry; what stands below the last
entry of a block and is indented like it stays there.
Rule 2: of the comments at the top those before an empty line are the file's, and so is what tells an editor the schema.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from fozzy.core.yaml.comments import Comment, comments
from fozzy.core.yaml.nodes import Node

Part = str | int

_KEEPING = re.compile(r"(?:[&!]\S*\s+)*[|>][1-9]?\+")  # a text to which the empty lines after it belong
_FOR_EDITORS = re.compile(r"#\s*yaml-language-server\s*:")


class Entry(NamedTuple):
    """A member or an item. `inner` are the entries of what is written as a block, `below` the comments at its end."""

    part: Part
    key: Node | None
    value: Node
    above: list[str]  # comments, and empty lines before them
    behind: str
    inner: list[Entry] | None
    below: list[str]
    column: int  # how far the block it stands in is indented in the text


class Layout:
    """Reads a document once, first to last. `is_flat` tells which values stay on one line."""

    def __init__(self, text: str, root: Node, is_flat: Callable[[Node, tuple[Part, ...]], bool]) -> None:
        self.text = text
        self.waiting = deque(comments(text, root))
        self.is_flat = is_flat
        self.kept = [(node.start, node.end) for node in nodes(root) if _KEEPING.match(text, node.start)]
        self.of_file: list[str] = []
        self.marker: int | None = None  # where `---` stands

    def document(self, root: Node) -> tuple[list[Entry], list[str]]:
        """The entries of the document, and the comments at its end."""
        first = _first(root)
        self._take_top(len(self.text) if first is None else first.start)
        entries = self.entries(root, (), len(self.text))
        return entries, [*self._below(root, -1, len(self.text)), *self._lines(self._take(len(self.text)))]

    def entries(self, node: Node, path: tuple[Part, ...], limit: int) -> list[Entry]:
        """The entries of a collection that is written as a block, with all comments up to `limit`."""
        pairs: Sequence[tuple[Node | None, Node]] = node.members or [(None, item) for item in node.items or ()]
        column = self.column_of(node)
        found: list[Entry] = []
        for index, (key, value) in enumerate(pairs):
            part = index if key is None else str((key.target or key).value)
            after = pairs[index + 1] if index + 1 < len(pairs) else None
            following = limit if after is None else (after[0] or after[1]).start
            found.append(self._entry(part, key, value, (*path, part), (column, following, not index)))
        return found

    def column_of(self, node: Node) -> int:
        """How far a block is indented: where its first key or dash stands."""
        first = _first(node)
        at = node.start if first is None else first.start
        if node.items and not node.style:
            at = self.text.rfind("-", 0, at) if node.anchor or self.text[node.start] == "!" else node.start
        return at - self.text.rfind("\n", 0, at) - 1

    def _entry(
        self, part: Part, key: Node | None, value: Node, path: tuple[Part, ...], place: tuple[int, int, bool]
    ) -> Entry:
        column, following, is_first = place
        start = (key or value).start
        above = self._lines(self._take(start))
        if not is_first and not above and self._is_after_blank(start):
            above = [""]
        if self.is_flat(value, path):
            above += [each.text for each in self._take(value.start)]
            behind = self._behind(value.end) if not value.style or value.style not in "|>" else ""
            return Entry(part, key, value, above, behind, None, [], column)
        inside = _first(value)
        behind = self._behind(value.start if key is None else key.end, value.end if inside is None else inside.start)
        inner = self.entries(value, path, following if value.style != "flow" else value.end)
        below = self._below(value, column, following)
        behind = behind or (self._behind(value.end) if value.style == "flow" else "")
        return Entry(part, key, value, above, behind, inner, below, column)

    def _take(self, before: int) -> list[Comment]:
        taken = []
        while self.waiting and self.waiting[0].start < before:
            taken.append(self.waiting.popleft())
        return taken

    def _behind(self, at: int, limit: int | None = None) -> str:
        """The comment that stands on the same line, before `limit`."""
        found = self.waiting[0] if self.waiting else None
        if found is None or found.is_own_line or "\n" in self.text[at : found.start]:
            return ""
        if limit is not None and found.start >= limit:
            return ""
        return self.waiting.popleft().text

    def _below(self, node: Node, column: int, limit: int) -> list[str]:
        """The comments after the last entry of a block: inside brackets all, else those that are indented deeper than
        the block around it."""
        if node.style == "flow":
            return self._lines(self._take(node.end))
        mine = max(self.column_of(node), column + 1)
        taken = []
        while self.waiting and self.waiting[0].start < limit and self._column(self.waiting[0]) >= mine:
            taken.append(self.waiting.popleft())
        return self._lines(taken)

    def _column(self, comment: Comment) -> int:
        return comment.start - self.text.rfind("\n", 0, comment.start) - 1

    def _lines(self, taken: list[Comment]) -> list[str]:
        """Comments as lines, with an empty one wherever there was one before a comment."""
        lines: list[str] = []
        for comment in taken:
            lines += ["", comment.text] if self._is_after_blank(comment.start) else [comment.text]
        return lines

    def _is_after_blank(self, at: int) -> bool:
        begin = self.text.rfind("\n", 0, at) + 1
        above = self.text.rfind("\n", 0, max(0, begin - 1)) + 1
        if any(start < above < end for start, end in self.kept):
            return False
        return begin > 0 and not self.text[above:begin].strip()

    def _take_top(self, first: int) -> None:
        """What stands above the first entry and is the file's."""
        marker = re.search(r"(?m)^---(?=\s|$)", self.text[:first])
        self.marker = marker.start() if marker else None
        top = [each for each in self.waiting if each.start < first]
        apart = [index for index, each in enumerate(top) if index and self._is_after_blank(each.start)]
        cut = max(apart, default=0)
        if top and self._is_after_blank(first):
            cut = len(top)
        for index, each in enumerate(top):
            if _FOR_EDITORS.match(each.text) or (self.marker is not None and each.start < self.marker):
                cut = max(cut, index + 1)
        lines = self._lines([self.waiting.popleft() for _ in range(cut)])
        self.of_file = lines[1:] if lines[:1] == [""] else lines


def nodes(root: Node) -> list[Node]:
    """Every node of a document."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += [each for pair in node.members or () for each in pair] + (node.items or [])
    return found


def _first(node: Node) -> Node | None:
    if node.members:
        return node.members[0][0]
    return node.items[0] if node.items else None
