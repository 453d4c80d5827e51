"""The screens of `fozzy map`: hotspots with why and by what they are covered, services, scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from fozzy.insight.map.model import Evidence, EvidenceKind, Hotspot, Page, Service, State
from fozzy.insight.map.topology import Topology
from fozzy.report.text import Line, Span, count, line, one_line, quoted
from fozzy.trace.store import Store

REASONS_SHOWN = 10  # of what could not be looked at; -v shows all
SCENARIOS_SHOWN = 10
PLACE_CHARS, WHY_CHARS = 34, 22
_LEGEND: dict[State, str] = {
    "touched": '"started", "URL": its file was run, or its URL requested; this very function may not have been.',
    "imported": '"imported": its module was imported for something else; it did not run itself.',
    "stale": '"stale": a recorded run reached it, but its file changed since.',
    "name_only": '"name only": a scenario mentions it but no recorded run reached it.',
}

_DID: dict[EvidenceKind, str] = {
    "lines": "lines",
    "call": "call",
    "import": "import",
    "process": "started",
    "url": "URL",
}


class Screen(NamedTuple):
    """What every screen needs: the map, which part of it, the store, how much to say, flags for pasted commands."""

    found: Topology
    page: Page
    store: Store
    verbose: int
    flags: str


def hotspot_lines(screen: Screen, rows: Sequence[Hotspot], quiet: bool) -> Iterator[Line]:
    """The riskiest functions."""
    yield _headline(screen.found)
    if not quiet:
        yield from _table(screen, rows)
        yield from _closing(screen, rows)


def suite_lines(screen: Screen, rows: Sequence[Hotspot], quiet: bool) -> Iterator[Line]:
    """The same, with what each scenario touches and where to begin."""
    yield _headline(screen.found)
    if quiet:
        return
    yield from _table(screen, rows)
    yield from _scenarios(screen)
    yield from _closing(screen, rows)
    yield from _start_here(screen, rows)


def service_lines(screen: Screen, rows: Sequence[Service], quiet: bool) -> Iterator[Line]:
    """The parts of the tree."""
    yield _headline(screen.found)
    if quiet:
        return
    if rows:
        yield []
        yield line(Span(f"  risk  {'service':<28}{'files':>6}{'hotspots':>10}{'uncovered':>11}   touches", "dim"))
    for row in rows:
        said = f"{row.files:>6}{row.hotspots:>10}{row.uncovered:>11}"
        yield line(_risk(row.risk), "  ", f"{_cut(one_line(row.name), 27):<28}", said, "   ", _touches(row))
        yield from _service_details(row, screen.verbose)
    yield from _more(screen.page)
    yield from _closing(screen, [])


def _headline(found: Topology) -> Line:
    totals = found.totals
    spots = f"{count(totals.hotspots, 'hotspot')} at risk >= {found.thresholds.hotspot}"
    return line(
        f"  {count(found.files.read, 'file')}, {spots}, ",
        Span(f"{totals.uncovered:,} without a recorded run that touched them", "warn" if totals.uncovered else ""),
    )


def _table(screen: Screen, rows: Sequence[Hotspot]) -> Iterator[Line]:
    if rows:
        yield []
        yield line(Span(f"  risk  {'hotspot':<{PLACE_CHARS}} {'why':<{WHY_CHARS}} covered by", "dim"))
    for row in rows:
        why = " + ".join(each.name for each in row.why[:3])
        yield line(
            _risk(row.risk),
            f"  {_place(row):<{PLACE_CHARS}} {_cut(why, WHY_CHARS):<{WHY_CHARS}} ",
            _covered_by(row, screen.store),
        )
        if screen.verbose:
            yield from _details(row, screen.store)
    yield from _more(screen.page)


def _risk(risk: int) -> Span:
    return Span(f"{risk:>6}", "fail" if risk >= 75 else "warn" if risk >= 40 else "")


def _place(row: Hotspot) -> str:
    """A place in its column; what is cut goes from the front, where it says least."""
    name = f"{one_line(row.name)}()" if row.name else "(file)"
    place = f"{one_line(row.path)}:{row.line}"
    room = PLACE_CHARS - min(len(name), PLACE_CHARS - 14) - 1
    place = place if len(place) <= room else f"…{place[len(place) - room + 1 :]}"
    return f"{place} {_cut(name, PLACE_CHARS - len(place) - 1)}"


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: chars - 1]}…"


def _covered_by(row: Hotspot, store: Store) -> Span:
    if row.is_evident:
        best = row.evidence[0]
        return Span(f"{_run(best, store)} {_DID[best.kind]}", "pass" if row.state == "covered" else "")
    words = {"imported": "imported (!)", "stale": "stale (!)", "name_only": "name only (!)"}
    return Span(words.get(row.state, "-"), "warn" if row.state in words else "dim")


def _run(evidence: Evidence, store: Store) -> str:
    return store.short(evidence.run_id) if evidence.run_id else "?"


def _details(row: Hotspot, store: Store) -> Iterator[Line]:
    """Why, in full, and everything that is known of its runs."""
    why = ", ".join(f"{each.name} {each.weight}% ({each.count})" for each in row.why)
    yield line("        ", Span(f"{one_line(row.path)}:{row.line}-{row.end_line} {one_line(row.name)}", "dim"))
    yield line("        ", Span(f"why  {why}", "dim"))
    for each in row.evidence:
        state = "stale" if each.stale else each.state
        said = f"{state}  {one_line(each.said)}  run {_run(each, store)}  {one_line(each.scenario)}"
        yield line("        ", Span(f"{said}  {one_line(each.trace_path)}", "dim"))
    if row.evidence_count > len(row.evidence):
        yield line("        ", Span(f"... {row.evidence_count - len(row.evidence)} more runs", "dim"))
    for name in row.mentions:
        yield line("        ", Span(f"named in {one_line(name)}", "dim"))


def _more(page: Page) -> Iterator[Line]:
    """What is not shown, before and after."""
    if page.total and page.offset:
        yield line(Span(f"        {min(page.offset, page.total):,} before these", "dim"))
    left = page.total - page.offset - page.shown
    if left > 0:
        yield line(Span(f"        ... {left:,} more".ljust(68) + "--all to list them", "dim"))


def _closing(screen: Screen, rows: Sequence[Hotspot]) -> Iterator[Line]:
    """What the words mean, what was left out, and what could not be looked at."""
    legend = [_LEGEND[state] for state in _LEGEND if any(row.state == state for row in rows)]
    left_out = [f"{number:,} {what}" for what, number in screen.found.files.left_out.items()]
    notes = [f"left out by rule: {', '.join(left_out)}"] if left_out else []
    notes += screen.found.notes
    if legend or notes:
        yield []
    for text in (*legend, *notes):
        yield line("  ", Span(one_line(text), "dim"))
    yield from _degraded(screen)


def _degraded(screen: Screen) -> Iterator[Line]:
    reasons = screen.found.degraded.reasons
    if not reasons:
        return
    yield []
    number = count(len(reasons), "thing")
    yield line("  ", Span(f"degraded: {number} could not be looked at, so this is a lower bound", "warn"))
    shown = reasons if screen.verbose else reasons[:REASONS_SHOWN]
    for each in shown:
        yield line(
            f"    {each.reason.replace('_', ' '):<20} {one_line(each.path)}  ", Span(one_line(each.message), "dim")
        )
    if len(shown) < len(reasons):
        yield line(Span(f"    ... {len(reasons) - len(shown):,} more".ljust(68) + "-v to list them", "dim"))


def _scenarios(screen: Screen) -> Iterator[Line]:
    """What each scenario touches, the most first."""
    suites = sorted(screen.found.suites, key=lambda each: (-len(each.touches), each.scenario))
    telling = [each for each in suites if each.touches or each.names_only or each.stale or not each.valid]
    if not telling:
        return
    yield []
    yield line(Span("  scenarios", "dim"))
    for each in telling if screen.verbose else telling[:SCENARIOS_SHOWN]:
        parts = [f"touches {len(each.touches)}"] if each.touches else []
        parts += [f"{each.stale} stale"] if each.stale else []
        parts += [f"only names {each.names_only}"] if each.names_only else []
        parts += [] if each.valid else ["invalid"]
        yield line(f"    {one_line(each.scenario)}  ", Span(", ".join(parts), "dim"))
    hidden = 0 if screen.verbose else len(telling) - SCENARIOS_SHOWN
    if hidden > 0:
        yield line(Span(f"    ... {hidden:,} more".ljust(68) + "-v to list them", "dim"))


def _start_here(screen: Screen, rows: Sequence[Hotspot]) -> Iterator[Line]:
    """The riskiest hotspot without evidence, and how to run it."""
    first = next((row for row in rows if not row.is_evident), None)
    if first is None:
        return
    yield []
    yield line("  start here")
    where = f"{one_line(first.path)}:{first.line} {one_line(first.name)}".rstrip()
    if first.language == "Python" and first.name and "<" not in first.name:
        module = first.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        place = PurePosixPath(module.replace(".", "/")).parent / first.name.replace(".", "_")
        words = f"fozzy init --scenario {quoted(f'scenarios/{place}')} --calls {quoted(f'{module}:{first.name}')}"
        yield line(f"    {where}   by a scenario to fill in")
        yield line("      ", Span(f"{one_line(words)}{screen.flags}", "code"))
        yield line("    run with --allow-code, and --coverage to see each line; all steps:")
    else:
        yield line(f"    {where}   by a scenario that starts its program")
        yield line("    or requests its URL, with --proc host --http host; all steps:")
    yield line("    ", Span(f"fozzy schema --steps{screen.flags}", "code"))


def _touches(row: Service) -> Span:
    busiest = sorted(row.signals.items(), key=lambda each: -each[1])[:3]
    return Span(", ".join(name for name, _ in busiest) or "-", "dim")


def _service_details(row: Service, verbose: int) -> Iterator[Line]:
    for entry in row.entry_points if verbose else row.entry_points[:2]:
        yield line("        ", Span(f"{entry.kind:<7}{one_line(entry.path)}:{entry.line}", "dim"))
    if row.routes:
        routes = ", ".join(row.routes if verbose else row.routes[:3])
        more = "" if verbose or len(row.routes) <= 3 else f" and {len(row.routes) - 3} more"
        yield line("        ", Span(f"routes {one_line(routes)}{more}", "dim"))
    if verbose:
        yield line("        ", Span(", ".join(f"{name} {number}" for name, number in row.signals.items()), "dim"))
