"""Finds the line and column of every value and key in the text of a scenario.

The parsers that load scenarios are fast and give no positions. Only when there is a problem to point at does
`locate` read the text a second time and map every path of the data to its place.

Rules: no text makes it raise; it never recurses; its time and memory are linear in the text. Only "\\n" ends a line
(a "\\r" before it belongs to the end), and columns count characters, not bytes and not cells of a terminal.
A new form is one more `locate_<form>.py` with one function `scan_<form>(text, depth_max) -> Places`.
"""

from __future__ import annotations

from fozzy.core.forms import Form
from fozzy.dsl.locate_json import scan_json
from fozzy.dsl.locate_toml import scan_toml
from fozzy.dsl.locate_yaml import scan_yaml
from fozzy.dsl.places import START, Places, Syntax

DEPTH_MAX = 128  # deeper than any scenario a person writes, and far below what exhausts the loaders' recursion


def locate(text: str, form: Form, depth_max: int = DEPTH_MAX) -> Places:
    """The place of everything in `text`, up to its first syntax error.

    *Limits*: `depth_max` containers, the document itself among them, may be open at once; one more is a syntax error.
    """
    if text.startswith("\ufeff"):
        places = Places()
        places.syntax = Syntax("the file begins with a byte order mark (BOM): save it as UTF-8 without one", START)
        return places
    if form == "json":
        return scan_json(text, depth_max)
    return scan_toml(text, depth_max) if form == "toml" else scan_yaml(text, depth_max)


def line_at(text: str, line: int) -> str:
    """The text of that line, from 1, without its end; empty if there is no such line."""
    lines = [*text.split("\n", max(0, line)), ""]
    if not 1 <= line < len(lines):
        return ""
    return lines[line - 1].removesuffix("\r" if line < len(lines) - 1 else "")
