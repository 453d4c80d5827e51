"""What `fozzy test --watch` says besides what its runs say: what changed, how everything stands, which keys there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fozzy.report.text import Line, Role, Span, count, line, one_line

NAMES_MAX = 3
KEYS = "[enter] all  [f] failed  [q] quit  [?] help"
HELP = (
    ("enter", "run everything"),
    ("f", "run what failed when it ran last"),
    ("q", "quit; the exit status says how everything stands (Ctrl-C: 130)"),
    ("?", "show this"),
)


class Standings(NamedTuple):
    """How everything stands: scenarios by how they ran last, and files that are not valid now."""

    passed: int
    failed: int
    waiting: int  # not run yet
    invalid: int
    is_broken: bool = False  # nothing can run until what was said is mended


def changed_lines(what: str, names: Sequence[str]) -> list[Line]:
    """Why the next run begins: `changed  a.fozzy.json, b.py and 2 more`; nothing where there are no names."""
    if not names:
        return []
    shown = ", ".join(one_line(name) for name in names[:NAMES_MAX])
    more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
    return [line(Span(f"  {what:<8} ", "dim"), f"{shown}{more}")]


def said_line(text: str) -> Line:
    """A word about what does not happen."""
    return line(Span(f"  {text}", "dim"))


def standings_lines(at: Standings, *, has_keys: bool) -> list[Line]:
    """How everything stands, and which keys there are where somebody can press them."""
    keys = [line(Span(f"  {KEYS}", "dim"))] if has_keys else []
    if at.is_broken:
        return [[], line(Span("  watching ", "dim"), "and nothing runs ", Span("until this is mended", "fail")), *keys]
    said = [f"{at.passed} passed"]
    said += [f"{at.failed} failed"] if at.failed else []
    said += [f"{at.waiting} not run yet"] if at.waiting else []
    said += [f"{count(at.invalid, 'file')} invalid"] if at.invalid else []
    role: Role = "fail" if at.failed or at.invalid else "pass"
    total = count(at.passed + at.failed + at.waiting, "scenario")
    return [[], line(Span("  watching ", "dim"), f"{total}: ", Span(", ".join(said), role)), *keys]


def help_of_keys(files: int) -> list[Line]:
    """What each key does, and what is looked at."""
    return [
        [],
        *(line("  ", Span(f"{key:<8}", "code"), said) for key, said in HELP),
        [],
        line(f"  {count(files, 'path')} are watched: scenarios, the files they include and name,"),
        line("  the files that their Python code reads, the configuration."),
    ]
