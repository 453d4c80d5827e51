"""The comments of a YAML text: what stands behind a `#` between its values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fozzy.core.yaml.nodes import Node

_COMMENT = re.compile(r"(?:^|(?<=[ \t\r\n]))#[^\r\n]*")


class Comment(NamedTuple):
    """A comment with its `#`, without spaces at its end. `is_own_line` tells that nothing stands before it."""

    start: int
    end: int
    text: str
    is_own_line: bool


def comments(text: str, root: Node) -> Iterator[Comment]:
    """Every comment, first to last; not the one behind the `|` or `>` of a text, which belongs to it."""
    done = 0
    for start, end in [*_scalars(root), (len(text), len(text))]:
        for found in _COMMENT.finditer(text, done, start):
            line = text.rfind("\n", 0, found.start()) + 1
            words = found[0].rstrip()
            yield Comment(found.start(), found.start() + len(words), words, not text[line : found.start()].strip())
        done = max(done, end)


def _scalars(root: Node) -> Iterator[tuple[int, int]]:
    """Where what is written stands, in order: all that a `#` may be part of."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.members is not None:
            waiting += [each for pair in reversed(node.members) for each in reversed(pair)]
        elif node.items is not None:
            waiting += reversed(node.items)
        else:
            yield node.start, node.end
