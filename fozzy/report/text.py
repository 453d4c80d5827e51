"""Text for people as lines of spans with roles. Who prints them decides on colour; without it not a word is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from fozzy.core.counts import count as count  # one of the words of this module, for all who show something
from fozzy.core.outcome import Status

Role = Literal["", "pass", "fail", "warn", "dim", "strong", "mark", "code"]

GUTTER = 9
WIDTH = 78
SPAN_CHARS_MAX = 4000


class Span(NamedTuple):
    """A piece of a line."""

    text: str
    role: Role = ""


Line = list[Span]

# Control characters and the marks that turn the direction of writing could make a screen say what it does not.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_ASCII = {"  ✗ ": "FAIL", "✓": "ok", "✗": "FAIL", "─": "-", "…": "...", "→": "->", "—": "-", "±": "+-"}


def line(*parts: str | Span) -> Line:
    """A line of texts and spans."""
    return [part if isinstance(part, Span) else Span(part) for part in parts]


def plain(line: Line) -> str:
    """A line as text."""
    return "".join(span.text for span in line)


def safe(text: str) -> str:
    """A text that cannot move the cursor, of bounded length; tabs become spaces."""
    if len(text) > SPAN_CHARS_MAX:
        text = f"{text[:SPAN_CHARS_MAX]}… ({len(text)} characters)"
    return _UNSAFE.sub(lambda match: f"\\x{ord(match[0]):02x}", text.replace("\t", "    "))


def one_line(text: str) -> str:
    """A text that is part of a line: safe, and without line ends, which would let it pass for a line of ours."""
    return safe(text).replace("\n", "\\n")


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters two, marks on the one before none."""
    if text.isascii():
        return len(text)
    import unicodedata  # few lines that are pointed at have such characters

    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(unicodedata.category(each) in ("Mn", "Me", "Cf") for each in text)


def ascii_only(text: str) -> str:
    """A text for a terminal or file whose encoding has no symbols."""
    for symbol, word in _ASCII.items():
        text = text.replace(symbol, word)
    return text.encode("ascii", "backslashreplace").decode("ascii")


def gutter(word: str, role: Role = "") -> Span:
    """A word in the gutter, right-aligned."""
    return Span(f"{word:>{GUTTER}}  ", role)


def packed(parts: Sequence[str | Span], gap: str = "  ") -> list[Line]:
    """Parts side by side, indented; what would be wider than the screen goes on in the next line."""
    lines: list[Line] = []
    used = WIDTH + 1
    for part in line(*parts):
        if used + len(gap) + len(part.text) > WIDTH:
            lines.append(line("  ", part))
            used = 2 + len(part.text)
        else:
            lines[-1] += [Span(gap), part]
            used += len(gap) + len(part.text)
    return lines


def quoted(word: str) -> str:
    """A word as a shell takes it; what a screen must not show is spelled as bash spells it."""
    import shlex  # only screens with commands to paste need it

    if word.isprintable():
        return shlex.quote(word)
    plain = word.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + "".join(each if each.isprintable() else _bytes_of(each) for each in plain) + "'"


def _bytes_of(character: str) -> str:
    errors = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"  # the first are raw bytes
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", errors))


def duration(nanoseconds: int) -> str:
    """`1.24s`, `812ms`; less than a millisecond is `0ms`."""
    if nanoseconds >= 60 * 10**9:
        minutes, seconds = divmod(nanoseconds // 10**9, 60)
        return f"{minutes}m{seconds:02d}s"
    if nanoseconds >= 10**9:
        return f"{nanoseconds / 10**9:.2f}s"
    return f"{nanoseconds // 10**6}ms"


def size(size_bytes: int) -> str:
    """`1.0 GB`, `4.1 MB`, `214 kB`, `12 bytes`, `1 byte`."""
    if size_bytes >= 10**9:
        return f"{size_bytes / 10**9:.1f} GB"
    if size_bytes >= 10**6:
        return f"{size_bytes / 10**6:.1f} MB"
    return f"{size_bytes / 1000:.1f} kB" if size_bytes >= 1000 else count(size_bytes, "byte")


def extent(steps: int, nodes: int) -> str:
    """How large a run is: its steps, and of a cluster its nodes."""
    said = [*([count(nodes, "node")] if nodes else []), *([count(steps, "step")] if steps or not nodes else [])]
    return ", ".join(said)


STATUS_WORDS: dict[Status, tuple[str, Role]] = {
    "pass": ("PASS", "pass"),
    "fail": ("FAIL", "fail"),
    "timeout": ("TIMEOUT", "fail"),
    "crash": ("CRASH", "fail"),
    "error": ("ERROR", "fail"),
}
