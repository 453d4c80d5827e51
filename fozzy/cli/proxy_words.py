"""A plan in a few words: what may go wrong, how and when, for the line a proxy begins with and for lists."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.faults.http.plan import Bandwidth, Bucket, Fault, Latency, Limits, Match, Plan, Section, Timeout, Weighted
from fozzy.report.text import count, one_line

_BUCKETS = {"global_": "rate", "client": "rate per client", "route": "rate per route"}
_PLAIN_LIMITS = {
    "concurrency": "in flight",
    "max_connections": "connections",
    "idle_timeout": "idle",
    "connection_timeout": "connections last",
}


def plan_words(plan: Plan, section: Section) -> list[str]:
    """All that may go wrong, this section in the place of the plan's own; one text each."""
    words = section_words(section)
    with_faults = [route for route in plan.routes if section_words(_section_of(route))]
    if plan.routes:
        said = f", {len(with_faults)} with faults of their own" if with_faults else ""
        words.append(f"{count(len(plan.routes), 'route')}{said}")
    if plan.tests:
        words.append(count(len(plan.tests), "test scope"))
    if plan.schedule:
        words.append(f"{count(len(plan.schedule), 'scheduled start')}")
    return words


def section_words(section: Section) -> list[str]:
    """What a section lets go wrong, one text each."""
    words = [_latency(section.latency)] if section.latency is not None else []
    faults = [(name, getattr(section.faults, name)) for name in section.faults.__struct_fields__]
    words += [_fault(name, fault) for name, fault in faults if fault is not None]
    words += _limits(section.limits)
    if section.mode == "exclusive" and words:
        words.append("exclusive")
    return [one_line(word) for word in words]


def _section_of(route: Any) -> Section:
    return Section(latency=route.latency, faults=route.faults, limits=route.limits)


def _latency(latency: Latency) -> str:
    spread = {
        latency.fixed: latency.fixed,
        latency.uniform: "..".join(latency.uniform or ()),
        latency.normal: "±".join(latency.normal or ()),
        latency.exponential: f"about {latency.exponential}",
    }
    amount = next((said for given, said in spread.items() if given is not None), "|".join(latency.one_of or ()))
    jitter = f" ±{percent(latency.jitter)}" if latency.jitter else ""
    return f"latency {amount}{jitter}{_when(latency)}"


def _fault(name: str, fault: Any) -> str:
    if not isinstance(fault, msgspec.Struct):
        return f"{name} on {percent(fault)}"
    return " ".join([name, *_particulars(name, fault)]) + _when(fault)


def _particulars(name: str, fault: Any) -> list[str]:
    """What of a fault is worth a word: codes, times, how it ends."""
    if name == "status":
        codes = [each.code if isinstance(each, Weighted) else each for each in fault.codes]
        return ["|".join(map(str, codes or ["-" if each == 0 else each for each in fault.sequence]))]
    if name == "status_override":
        return [str(fault.status)]
    if isinstance(fault, Timeout):
        return ["hang" if fault.hang else fault.after]
    said = [getattr(fault, field) for field in ("how", "at", "for_") if getattr(fault, field, None)]
    usual = type(fault)()
    return [each for each in said if each != getattr(usual, "how", None)]


def _limits(limits: Limits) -> list[str]:
    words = [
        f"{said} {_bucket(getattr(limits, name))}"
        for name, said in _BUCKETS.items()
        if getattr(limits, name) is not None
    ]
    if limits.bandwidth is not None:
        words.append(f"bandwidth {_bandwidth(limits.bandwidth)}")
    if limits.loss is not None:
        kind = "" if isinstance(limits.loss, int | float) else f" {limits.loss.as_}"
        words.append(f"loss{kind} on {percent(limits.loss)}" if not kind else f"loss{kind}{_when(limits.loss)}")
    words += [
        f"{said} {getattr(limits, name)}" for name, said in _PLAIN_LIMITS.items() if getattr(limits, name) is not None
    ]
    return words


def _bucket(bucket: Bucket) -> str:
    return bucket.rate if bucket.burst == 1 else f"{bucket.rate} burst {bucket.burst}"


def _bandwidth(bandwidth: str | Bandwidth) -> str:
    if isinstance(bandwidth, str):
        return bandwidth
    said = [f"{way} {rate}" for way, rate in (("up", bandwidth.up), ("down", bandwidth.down)) if rate]
    return " ".join([*said, *([] if bandwidth.per == "global" else [f"per {bandwidth.per}"])])


def _when(fault: Any) -> str:
    """When it strikes, behind what it is; nothing where it always does."""
    said: list[str] = []
    if fault.probability is not None and fault.probability != 1:
        said.append(f"on {percent(fault.probability)}")
    for name, form in (("first", "first {}"), ("after", "after {}"), ("every", "every {}"), ("times", "at most {}")):
        value = getattr(fault, name, None) if name != "after" or isinstance(fault, Fault) else None
        if value is not None:
            said.append(form.format(value))
    if fault.pattern is not None:
        said.append(f"as {fault.pattern[:20]}{'…' if len(fault.pattern) > 20 else ''}")
    if fault.burst is not None:
        said.append(f"{fault.burst.count} of every {fault.burst.every}")
    if fault.ramp is not None:
        said.append(f"from {percent(fault.ramp.from_)} to {percent(fault.ramp.to)} over {fault.ramp.over}")
    if fault.between is not None:
        said.append(f"between {fault.between[0]} and {fault.between[1]}")
    if fault.match is not None:
        said.append(_match(fault.match))
    return "".join(f" {each}" for each in said)


def _match(match: Match) -> str:
    said = [word for word in (match.method, match.path) if word]
    return f"of {' '.join(said)}" if said else "of some requests"


def percent(share: Any) -> str:
    """`5%`, `0.1%`."""
    return f"{share * 100:.6g}%"
