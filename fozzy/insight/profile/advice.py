"""What a run lacks to be profiled well, each with the flag or the way that mends it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from fozzy.core.words import count
from fozzy.insight.profile.load import Profile

SHORT_NS = 5_000_000  # below it starting and writing take as long as what is measured


class Advice(NamedTuple):
    """One thing that was looked at. `flag` makes it better when the run is made again."""

    state: Literal["ok", "missing", "note"]
    name: str
    said: str
    flag: str = ""


def advise(profile: Profile) -> list[Advice]:
    """Everything that matters for a profile of this run."""
    found = [_real(profile), *_code(profile), *_memory(profile), *_host(profile)]
    if profile.is_timed and profile.root.real_ns < SHORT_NS:
        found.append(Advice("note", "length", "so short that starting and writing weigh as much"))
    found.append(Advice("note", "runs", "one says little: profile diff compares several"))
    return found


def _real(profile: Profile) -> Advice:
    if profile.is_timed:
        return Advice("ok", "real time", "measured for every record")
    return Advice("missing", "real time", profile.why, "--profile")


def _code(profile: Profile) -> list[Advice]:
    """Functions of user code, when there are calls at all."""
    if not profile.calls:
        return [Advice("note", "functions", "the run calls no code of yours")]
    if profile.side is None:
        return [
            Advice("missing", "functions", f"{count(profile.calls, 'call')} of your code, not watched", "--profile")
        ]
    seen = sum(bool(call.functions) for call in profile.side.calls)
    if seen < profile.calls:
        said = f"{seen} of {count(profile.calls, 'call')} watched; one that hangs or dies is not"
        return [Advice("note", "functions", said)]
    return [Advice("ok", "functions", f"{count(seen, 'call')} watched; that makes a call slower")]


def _memory(profile: Profile) -> list[Advice]:
    if not profile.calls:
        return []
    if profile.side is not None and profile.side.memory:
        return [Advice("ok", "allocations", "watched, so calls were slower: time wants another run")]
    return [Advice("missing", "allocations", "what your code allocates was not watched", "--profile-memory")]


def _host(profile: Profile) -> list[Advice]:
    """What only another tool can see."""
    backends = profile.header.backends
    found: list[Advice] = []
    if backends.proc == "host":
        found.append(Advice("note", "programs", "timed as a whole; the inside is for their own profiler"))
    if "host" in (backends.proc, backends.fs, backends.http):
        found.append(Advice("note", "virtual time", "has host time in it: it differs from run to run"))
    else:
        found.append(Advice("ok", "virtual time", "exact: the same in every run of this seed"))
    return found
