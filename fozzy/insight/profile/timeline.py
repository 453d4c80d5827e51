"""A run as one page: lanes of spans that can be moved, zoomed and searched, opened from a file without a network.

Rule 1: the page loads nothing: its policy names its own style and script by their hashes and forbids the rest.
Rule 2: what a run says goes into the page as data and onto the canvas as text, never as markup.
Rule 3: same run, same bytes.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from fozzy.insight.profile.load import Profile
from fozzy.insight.profile.spans import PHASES, Span, branch_of
from fozzy.report.text import safe
from fozzy.version import VERSION

KINDS = ("run", "phase", "step", "ask", "function")
NOTE_CHARS_MAX = 300
BACKGROUND = ("proc.start", "proc.stop")


def timeline(profile: Profile) -> str:
    """The page."""
    data = msgspec.json.encode(_Columns(profile).told()).decode()
    style, script = _own("timeline.css"), _own("timeline.js")
    loads = f"style-src {_hash(style)}; script-src {_hash(script)}; img-src data:"
    return _PAGE.format(
        policy=f"default-src 'none'; {loads}; base-uri 'none'; form-action 'none'",
        title=_text(profile.name),
        told=_text(f"run {profile.run_id}   seed {profile.header.seed}   {profile.why or 'virtual and real time'}"),
        style=style,
        clocks=_clocks(profile.is_timed),
        data=data.replace("<", "\\u003c"),
        script=script,
        version=VERSION,
    )


def _clocks(timed: bool) -> str:
    real = '<option value="real">real time</option>' if timed else ""
    return f'{real}<option value="virtual">virtual time</option>'


def _own(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def _text(text: str) -> str:
    return escape(safe(text).replace("\n", " "))


class _Columns:
    """The spans as columns of numbers; texts are told once and referred to by number."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._texts: dict[str, int] = {}
        self._capabilities: dict[str, int] = {}
        self._lanes: dict[str, int] = {name: index for index, name in enumerate(PHASES)}
        self._rows: list[tuple[int, ...]] = []
        self._living: dict[str, Span] = {}

    def told(self) -> dict[str, Any]:
        """Everything the page needs."""
        root = self._profile.root
        for phase in root.inside:
            for span in phase.inside:
                self._add(span, phase.name, 0)
        for name, started in self._living.items():
            self._background(name, started, root.virtual_ns, root.real_ns)
        names = ("lane", "depth", "kind", "name", "at", "note", "capability", "start", "virtual", "realStart", "real")
        columns = list(zip(*self._rows, strict=True)) or [()] * 13
        lanes = sorted(self._lanes, key=_place_of)
        order = {self._lanes[name]: index for index, name in enumerate(lanes)}
        columns[0] = tuple(order[lane] for lane in columns[0])
        return {
            **dict(zip((*names, "calls", "failed"), columns, strict=True)),
            "texts": [*self._texts],
            "lanes": lanes,
            "capabilities": [*self._capabilities],
            "timed": self._profile.is_timed,
            "virtualTotal": root.virtual_ns,
            "realTotal": root.real_ns,
        }

    def _add(self, span: Span, lane: str, depth: int) -> None:
        """A span and what stands inside it, which always begins after it. A branch has a lane of its own."""
        waiting = [(span, lane, depth)]
        while waiting:
            each, lane, depth = waiting.pop()
            branch = branch_of(each.at) if each.kind == "step" else ""
            if branch:
                lane, depth = f"{lane.partition(' ')[0]} branch {safe(branch)}", 0
            self._row(each, lane, depth)
            if each.kind == "ask":
                self._note_background(each)
                self._row(each, f"asked: {each.capability}", 0)
            waiting += [(inner, lane, depth + 1) for inner in reversed(each.inside)]

    def _row(self, span: Span, lane: str, depth: int, took: tuple[int, int] | None = None) -> None:
        virtual_ns, real_ns = took or (span.virtual_ns, span.real_ns)
        at = -1 if span.kind == "ask" or not span.at else self._text(span.at)
        self._rows.append(
            (
                self._lanes.setdefault(lane, len(self._lanes)),
                depth,
                KINDS.index(span.kind),
                self._text(span.label if span.kind != "step" else f"{span.name} {_short(span)}".rstrip()),
                at,
                self._text(span.note[:NOTE_CHARS_MAX]) if span.note else -1,
                self._capabilities.setdefault(span.capability, len(self._capabilities)),
                span.start_ns,
                virtual_ns,
                span.real_start_ns,
                real_ns,
                span.calls,
                int(span.failed),
            )
        )

    def _text(self, text: str) -> int:
        return self._texts.setdefault(safe(text), len(self._texts))

    def _note_background(self, span: Span) -> None:
        """A background process lives from its start to its stop, or to the end of the run."""
        if span.name == BACKGROUND[0]:
            self._living[span.note] = span
        elif span.name == BACKGROUND[1] and span.note in self._living:
            end_ns, real_end_ns = span.start_ns + span.virtual_ns, span.real_start_ns + span.real_ns
            self._background(span.note, self._living.pop(span.note), end_ns, real_end_ns)

    def _background(self, name: str, started: Span, end_ns: int, real_end_ns: int) -> None:
        living = Span("ask", name, "")
        living.name = f"proc.{name}"
        living.start_ns, living.real_start_ns = started.start_ns, started.real_start_ns
        took = (max(0, end_ns - started.start_ns), max(0, real_end_ns - started.real_start_ns))
        self._row(living, "background processes", 0, took)


def _place_of(lane: str) -> tuple[int, str]:
    """Phases with their branches first, as they run; then what was asked; then what ran in the background."""
    first = lane.partition(" ")[0]
    return (PHASES.index(first) if first in PHASES else 10 if first == "asked:" else 11, lane)


def _short(span: Span) -> str:
    """What a step did, in a few words."""
    return span.note.partition("\n")[0][:80]


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="fozzy {version}">
<link rel="icon" href="data:,">
<title>{title} · timeline</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{told}</p>
<div class="tools">
<label class="soft" for="clock">Clock</label> <select id="clock">{clocks}</select>
<input id="find" type="search" placeholder="Find" aria-label="Find spans" autocomplete="off" spellcheck="false">
<span id="hits" class="soft" role="status"></span>
<button id="in" type="button" aria-label="Zoom in">+</button>
<button id="out" type="button" aria-label="Zoom out">−</button>
<button id="all" type="button">All</button>
</div>
</header>
<div id="view"><canvas id="canvas" tabindex="0" role="img" aria-label="The spans of the run; N and P walk through them" aria-describedby="told"></canvas></div>
<div id="told" role="status" aria-live="polite"></div>
<noscript><p>The timeline is drawn by the script in this page. fozzy profile top shows the same as tables.</p></noscript>
<script id="data" type="application/json">{data}</script>
<script>{script}</script>
</body>
</html>
"""
