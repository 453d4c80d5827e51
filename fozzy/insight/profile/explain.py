"""A profile in three to six sentences: where the time went, and what to look at."""

from __future__ import annotations

from collections.abc import Callable

from fozzy.insight.profile.load import Profile
from fozzy.insight.profile.top import By, Row, Top, top

MOST = 0.5  # a share above it is most of it
WORTH = 0.1  # a share below it is not worth a sentence
_WHO = {
    "time": "waiting that the scenario asks for",
    "http": "HTTP",
    "proc": "programs",
    "fs": "files",
    "net": "the modelled network",
    "code": "your code",
    "memory": "the modelled heap",
    "engine": "fozzy itself",
}


def explain(profile: Profile, show: Callable[[int], str]) -> list[str]:
    """The sentences; `show` writes a time for people."""
    root = profile.root
    virtual, real = top(root, "virtual"), top(root, "real")
    said = [_opening(profile, show), *_where(virtual, root.virtual_ns, "virtual", show)]
    if profile.is_timed:
        said += [*_where(real, root.real_ns, "real", show), *_calls(profile, show), *_functions(real, show)]
    return [*said[:5], _advice(profile, real if profile.is_timed else virtual)]


def _opening(profile: Profile, show: Callable[[int], str]) -> str:
    root = profile.root
    steps = sum(span.kind == "step" for span in root.walk())
    real = f" and {show(root.real_ns)} of real time" if profile.is_timed else ""
    ran = f"{steps:,} step{'' if steps == 1 else 's'}"
    return f"{profile.name} ran {ran} in {show(root.virtual_ns)} of virtual time{real}."


def _where(tables: Top, total_ns: int, by: By, show: Callable[[int], str]) -> list[str]:
    """Who most of one kind of time was spent with, and in which step."""
    if not total_ns:
        return ["No virtual time passed: nothing waited."] if by == "virtual" else []
    first = tables.capabilities[0] if tables.capabilities else None
    step = tables.steps[0] if tables.steps else None
    if first is None or step is None:
        return []
    share = min(1.0, first.by(by) / total_ns)
    who = _WHO.get(first.name, first.name)
    often = f", {step.times:,} times" if step.times > 1 else ""
    part = f"{share:.0%} of {by} time is {who}" if share >= WORTH else f"{by} time is spread widely"
    part = part[0].upper() + part[1:]
    return [f"{part}; the step with the most is {step.name} with {show(step.by(by))}{often}."]


def _calls(profile: Profile, show: Callable[[int], str]) -> list[str]:
    """Time of calls that the functions did not take: their interpreter starts, imports, is watched."""
    calls = [span for span in profile.root.walk() if span.kind == "step" and span.name == "call"]
    whole = sum(span.real_ns for span in calls)
    around = whole - sum(each.real_ns for span in calls for each in span.inside)
    if not whole or around < MOST * whole:
        return []
    said = "starting its interpreter, importing, and watching" if len(calls) == 1 else "interpreters and watching"
    return [f"{show(around)} of the {show(whole)} of calls is not in your functions: it goes into {said}."]


def _functions(tables: Top, show: Callable[[int], str]) -> list[str]:
    if not tables.functions:
        return []
    total_ns = sum(row.own_real_ns for row in tables.functions)
    first = tables.functions[0]
    return [f"Inside your code {_called(first)} takes the most: {show(first.own_real_ns)} of {show(total_ns)}."]


def _called(row: Row) -> str:
    often = "once" if row.times == 1 else f"{row.times:,} times"
    return f"{row.name}{f' ({row.at})' if row.at else ''}, called {often},"


def _advice(profile: Profile, tables: Top) -> str:
    """What to do next."""
    if not profile.is_timed:
        return "Real time was not measured: run it again with --profile to see what the machine did."
    worst = tables.steps[0] if tables.steps else None
    if worst is None or not profile.root.real_ns or worst.own_real_ns < WORTH * profile.root.real_ns:
        return "No single step stands out: look at the capabilities, or at the flame graph."
    own = [row for row in tables.functions if row.at]
    if worst.name.partition(" ")[2].startswith("call ") and own:
        return f"Look at {worst.name} first, and in it at {max(own, key=lambda row: row.real_ns).name}."
    return f"Look at {worst.name} first: nothing else can win as much."
