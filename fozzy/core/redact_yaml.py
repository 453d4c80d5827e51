"""Removes secrets from a scenario's text in YAML: only where values stand, so that what is left is still YAML.

A value may be written without quotes, over several lines, with escapes, or once for many aliases; so the text is read,
and what a redactor hides of its values is replaced at their places.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from fozzy.core.limits import DEPTH_MAX
from fozzy.core.redact import REDACTED
from fozzy.core.yaml.comments import comments
from fozzy.core.yaml.nodes import Node, sound, value_of

Edits = dict[tuple[int, int], str]


def without_secrets(text: str, clean: Callable[[Any], Any], hidden: Callable[[Any], Any]) -> str:
    """A text without what `clean` takes from its values and comments.

    `hidden` gives what stands for a value of which all is secret, the value itself where it is none.
    *Errors*: `YamlFault` for a text that is no YAML.
    """
    root = sound(text, DEPTH_MAX)
    edits: Edits = {}
    waiting = [(root, clean(value_of(root)), False)]
    while waiting:
        node, cleaned, is_secret = waiting.pop()
        node = node.target or node
        if node.is_collection:
            waiting += _inside(node, cleaned, is_secret or not isinstance(cleaned, dict | list), clean, edits)
            continue
        value = hidden(node.value) if is_secret or cleaned == REDACTED else cleaned
        if value != node.value and not isinstance(node.value, bool | None):
            edits[node.start, node.end] = _anchored(node, text, str(value))
    for comment in comments(text, root):
        cleaned = clean(comment.text)
        if cleaned != comment.text:
            edits[comment.start, comment.end] = "# " + cleaned.lstrip("# ").replace("\n", " ")
    return _edited(text, edits)


def _inside(
    node: Node, cleaned: Any, is_secret: bool, clean: Callable[[Any], Any], edits: Edits
) -> Iterable[tuple[Node, Any, bool]]:
    """The values in a collection, each with what is left of it."""
    if node.items is not None:
        for index, item in enumerate(node.items):
            yield (item, None if is_secret else cleaned[index], is_secret)
    for key, value in node.members or ():
        name = str((key.target or key).value)
        left = str(clean(name))
        if left != name and key.target is None:
            edits[key.start, key.end] = quoted(left)
        yield (value, None if is_secret else cleaned.get(left), is_secret)


def _anchored(node: Node, text: str, value: str) -> str:
    """What is written in a value's place, with its anchor; a text of several lines ends its last one."""
    anchor = f"&{node.anchor} " if node.anchor else ""
    written = text[node.start : node.end]
    return anchor + quoted(value) + ("\n" if written.endswith("\n") else "")


def _edited(text: str, edits: Edits) -> str:
    pieces, done = [], 0
    for (start, end), written in sorted(edits.items()):
        pieces += [text[done:start], written]
        done = end
    return "".join(pieces) + text[done:]


def quoted(text: str) -> str:
    """A text in double quotes, as YAML reads it back whatever is in it."""
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else _escape(each) for each in shown)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
