"""Data as text of a page: bounded, without control characters, escaped. Nothing else puts data into a page."""

from __future__ import annotations

import re
from html import escape

from fozzy.report.text import safe

_BREAKS = re.compile("([/_.]+)(?=[^/_.])")


def text(data: object) -> str:
    """Data as text of the page: bounded, without control characters, escaped."""
    return escape(safe(str(data)), quote=True)


def path(data: str) -> str:
    """A path or name, which may go on in the next line after its separators."""
    return _BREAKS.sub(r"\1<wbr>", text(data))


def code(data: str) -> str:
    """A path or another word as code, nothing for none."""
    return f"<code>{path(data)}</code>" if data else ""


def time(instant: str) -> str:
    """`2026-01-31T12:00:00.000Z` for people."""
    return f'<time datetime="{text(instant)}">{text(instant[:19].replace("T", " "))} UTC</time>' if instant else ""
