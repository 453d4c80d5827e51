"""Flames: the tree with equal siblings put together, as folded stacks and as a picture of its own.

Rule 1: a width is time: own time of a span, and what stands inside it.
Rule 2: the picture loads nothing; all that a run says in it is escaped. Without JavaScript it is still readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from fozzy.insight.profile.spans import Span
from fozzy.insight.profile.top import By
from fozzy.report.text import safe

WIDTH, ROW, PAD, HEAD = 1200, 18, 10, 58
CHAR = 6.6  # a character of the monospaced font at 11 pixels
WIDTH_MIN = 0.2  # of a pixel; narrower boxes are left out, and the picture says how many
LABEL_CHARS_MAX = 300
_FOLDED = re.compile(r"[;\s]+")
_COLOURS = {
    "engine": "#d5dbe3",
    "time": "#c9d8f0",
    "http": "#f6c28b",
    "proc": "#f2a7a0",
    "fs": "#bfe0b4",
    "net": "#d9c2ee",
    "code": "#f7d774",
    "memory": "#b9e3e0",
    "fault": "#f0b6cf",
}


class Flame:
    """A box: spans of one name that stand in the same place, together. *Units*: nanoseconds."""

    __slots__ = ("label", "capability", "at", "own_ns", "total_ns", "times", "inside")

    def __init__(self, label: str, capability: str, at: str = "") -> None:
        self.label = label
        self.capability = capability
        self.at = at
        self.own_ns = self.total_ns = self.times = 0
        self.inside: dict[str, Flame] = {}


def flame(root: Span, by: By) -> Flame:
    """The boxes of a run."""
    whole = Flame(root.label, root.capability)
    waiting = [(root, whole)]
    order = [whole]
    while waiting:
        span, box = waiting.pop()
        box.own_ns += span.own_real_ns if by == "real" else span.own_virtual_ns
        box.times += span.calls
        for each in reversed(span.inside):
            label = each.label
            inner = box.inside.get(label)
            if inner is None:
                inner = box.inside[label] = Flame(label, each.capability, each.at if each.kind == "function" else "")
                order.append(inner)
            waiting.append((each, inner))
    for box in reversed(order):  # what stands inside was made later
        box.total_ns = box.own_ns + sum(each.total_ns for each in box.inside.values())
    return whole


def stacks(whole: Flame) -> Iterator[tuple[tuple[Flame, ...], int]]:
    """Every stack that has own time, from the outermost box on, with that time."""
    waiting: list[tuple[Flame, ...]] = [(whole,)]
    while waiting:
        stack = waiting.pop()
        if stack[-1].own_ns:
            yield stack, stack[-1].own_ns
        waiting += [(*stack, each) for each in _ordered(stack[-1])[::-1]]


def folded(root: Span, by: By) -> str:
    """A line for each stack: names with `;` between, a space, nanoseconds. What flamegraph tools read."""
    lines = [(";".join(_word(box.label) for box in stack), own) for stack, own in stacks(flame(root, by))]
    return "".join(f"{names} {own}\n" for names, own in lines)


def _word(label: str) -> str:
    """A name that cannot be taken for two: `;` and the last space mean something in the format."""
    return _FOLDED.sub("_", safe(label).strip()) or "_"


def _ordered(box: Flame) -> list[Flame]:
    return sorted(box.inside.values(), key=lambda each: (-each.total_ns, each.label))


def svg(root: Span, by: By, title: str) -> str:
    """The picture."""
    whole = flame(root, by)
    boxes, depth, left_out = _boxes(whole)
    height = HEAD + depth * ROW + 30
    note = f"{left_out:,} boxes are too narrow to be shown" if left_out else ""
    said = f"{title} - {by} time, {_time(whole.total_ns)} in all"
    script = Path(__file__).with_name("flame.js").read_text(encoding="utf-8")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="11" role="img">\n'
        f"<title>{_text(said)}</title>\n"
        "<style>rect{stroke:#fff;stroke-width:.5}g.b{cursor:pointer}g.b:hover rect,g.b:focus rect{stroke:#000}"
        "g.off{opacity:.35}g.hit rect{stroke:#b3261e;stroke-width:2}text{fill:#1a1f26}</style>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
        f'<text x="{PAD}" y="22" font-size="15" font-weight="bold">{_text(said)}</text>\n'
        f'<text id="said" x="{PAD}" y="42" fill="#57606c">Click or Enter: zoom. Escape: all. /: find. {_text(note)}</text>\n'
        f'<g id="boxes">\n{"".join(boxes)}</g>\n'
        f"<script><![CDATA[\n{script}]]></script>\n</svg>\n"
    )


def _boxes(whole: Flame) -> tuple[list[str], int, int]:
    """The boxes as elements, how many rows they take, and how many are too narrow."""
    room, total_ns = WIDTH - 2 * PAD, max(1, whole.total_ns)
    made: list[str] = []
    depth, left_out = 1, 0
    waiting = [(whole, 0, 0)]
    while waiting:
        box, start_ns, row = waiting.pop()
        width = room * box.total_ns / total_ns
        if width < WIDTH_MIN and row:
            left_out += 1
            continue
        depth = max(depth, row + 1)
        made.append(_box(box, (PAD + room * start_ns / total_ns, width), row, total_ns))
        for each in _ordered(box):
            waiting.append((each, start_ns, row + 1))
            start_ns += each.total_ns
    return made, depth, left_out


def _box(box: Flame, place: tuple[float, float], row: int, total_ns: int) -> str:
    x, width = place
    y = HEAD + row * ROW
    label = safe(box.label)[:LABEL_CHARS_MAX]
    at = f" ({box.at})" if box.at else ""
    told = f"{label}{at}: {_time(box.total_ns)}, {100 * box.total_ns / total_ns:.1f}%, own {_time(box.own_ns)}, {box.times:,}x"
    letters = int((width - 6) / CHAR)
    shown = label if len(label) <= letters else f"{label[: letters - 1]}…" if letters > 2 else ""
    return (
        f'<g class="b" tabindex="0" data-x="{x:.3f}" data-w="{width:.3f}" data-r="{row}" data-n="{_text(label)}">'
        f"<title>{_text(told)}</title>"
        f'<rect x="{x:.3f}" y="{y}" width="{width:.3f}" height="{ROW - 1}" fill="{_COLOURS.get(box.capability, "#ddd")}"/>'
        f'<text x="{x + 3:.3f}" y="{y + 12}">{_text(shown)}</text></g>\n'
    )


def _text(text: str) -> str:
    return escape(safe(text).replace("\n", " "))


def _time(nanoseconds: int) -> str:
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.4g}{unit}"
    return f"{nanoseconds}ns"
