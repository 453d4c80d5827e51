"""What one section may not say although each of its values is well formed. `check` looks at whole plans with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from fozzy.core.duration import parse_ns
from fozzy.faults.http.kinds import latency as delays
from fozzy.faults.http.match import matcher
from fozzy.faults.http.plan import (
    Bandwidth,
    Bucket,
    Disconnect,
    Faults,
    Latency,
    Limits,
    Match,
    RateLimited,
    Scenario,
    Scope,
    Section,
    Status,
    When,
)
from fozzy.faults.http.resolve import CONNECTION_LIMITS
from fozzy.faults.http.values import bytes_per_s, rate_of

FINAL_MIN = 200  # an answer's status; those below it announce another

TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NAMES = {"one_of": "list", "global_": "global"}


class Wrong(NamedTuple):
    """Something that cannot be: where, what, and what to do. `is_conflict` where two things contradict each other."""

    place: str
    said: str
    hint: str = ""
    is_conflict: bool = False


def section_flaws(place: str, section: Section | Scope | Scenario, latency_max: str) -> Iterator[Wrong]:
    """The flaws of what one section says."""
    yield from parts_flaws(place, section.latency, section.faults, section.limits, latency_max)


def parts_flaws(
    place: str, latency: Latency | None, faults: Faults, limits: Limits, latency_max: str
) -> Iterator[Wrong]:
    """The flaws of a latency, faults and limits."""
    if latency is not None:
        yield from latency_flaws(joined(place, "latency"), latency, latency_max)
    for name in faults.__struct_fields__:
        value = getattr(faults, name)
        if isinstance(value, When):
            yield from fault_flaws(joined(place, f"faults.{name}"), value)
    if isinstance(limits.loss, When):
        yield from fault_flaws(joined(place, "limits.loss"), limits.loss)
    yield from limit_flaws(joined(place, "limits"), limits)


def joined(place: str, name: str) -> str:
    """A place below another."""
    return f"{place}.{name}" if place else name


def latency_flaws(place: str, latency: Latency, latency_max: str) -> Iterator[Wrong]:
    """Exactly one distribution, in order, and never longer than may be."""
    said = [name for name in delays.DISTRIBUTIONS if getattr(latency, name) is not None]
    names = [_NAMES.get(name, name) for name in said]
    if len(said) > 1:
        which = " or ".join(f"{place}.{name}" for name in names)
        yield Wrong(place, f"says {' and '.join(names)}, which exclude each other", f"remove {which}", True)
        return
    if not said and latency.probability != 0:
        yield Wrong(place, "says no delay", "give one of fixed, uniform, normal, exponential and list")
    if latency.one_of == []:
        yield Wrong(joined(place, "list"), "is empty: expected one delay or more")
    if latency.uniform is not None:
        yield from order_flaws(joined(place, "uniform"), latency.uniform)
    longest = delays.longest_ns(latency)
    if longest > parse_ns(latency_max):
        most = f"waits up to {longest / 1e6:g}ms, and latency_max is {latency_max}"
        yield Wrong(place, most, "wait less, or raise latency_max")
    yield from fault_flaws(place, latency)


def order_flaws(place: str, pair: tuple[str, str]) -> Iterator[Wrong]:
    """The first is not longer than the second."""
    low, high = pair
    if parse_ns(low) > parse_ns(high):
        yield Wrong(place, f'is reversed: "{low}" is longer than "{high}"', f'write ["{high}", "{low}"]')


def fault_flaws(place: str, fault: When) -> Iterator[Wrong]:
    """When a fault strikes, and what it does."""
    yield from _when_flaws(place, fault)
    if fault.match is not None:
        yield from match_flaws(joined(place, "match"), fault.match)
    if isinstance(fault, Disconnect):
        yield from _disconnect_flaws(place, fault)
    if isinstance(fault, Status):
        yield from _status_flaws(place, fault)
    if isinstance(fault, RateLimited) and parse_ns(fault.retry_after) == 0:
        yield Wrong(joined(place, "retry_after"), "must be more than nothing")


def _when_flaws(place: str, fault: When) -> Iterator[Wrong]:
    after = getattr(fault, "after", None)
    if fault.first is not None and isinstance(after, int) and after >= fault.first:
        yield Wrong(place, f"never strikes: first is {fault.first} and after is {after}", "let after be less", True)
    if fault.burst is not None and fault.burst.count > fault.burst.every:
        yield Wrong(
            joined(place, "burst"), f"has count {fault.burst.count}: expected at most every, {fault.burst.every}"
        )
    if fault.ramp is not None and isinstance(fault.ramp.over, str) and parse_ns(fault.ramp.over) == 0:
        yield Wrong(joined(place, "ramp.over"), "must be more than nothing")
    if fault.between is not None:
        low, high = fault.between
        if parse_ns(low) >= parse_ns(high):
            yield Wrong(joined(place, "between"), f'never comes: expected "{low}" to be before "{high}"')


def match_flaws(place: str, match: Match) -> Iterator[Wrong]:
    """Networks and JSONPaths that are none, sizes that nothing has."""
    low, high = match.body_bytes_min, match.body_bytes_max
    if low is not None and high is not None and low > high:
        yield Wrong(joined(place, "body_bytes_min"), f"is {low}, more than body_bytes_max, {high}")
    for name in match.headers:
        yield from _name_flaws(joined(place, "headers"), name)
    for field, alone in (("client", Match(client=match.client)), ("body", Match(body=match.body))):
        try:
            matcher(alone)
        except ValueError as error:
            yield Wrong(joined(place, field), str(error))


def _disconnect_flaws(place: str, fault: Disconnect) -> Iterator[Wrong]:
    limits = [name for name in ("after_bytes", "after_chunks", "after_time") if getattr(fault, name) is not None]
    if fault.at == "in-body" and not limits:
        yield Wrong(joined(place, "at"), "is in-body", "say where: after_bytes, after_chunks or after_time", True)
    if fault.at not in (None, "in-body") and limits:
        said = f"is {fault.at}, and {limits[0]} counts within the body"
        yield Wrong(joined(place, "at"), said, f"remove {limits[0]}, or let at be in-body", True)


def _status_flaws(place: str, fault: Status) -> Iterator[Wrong]:
    if bool(fault.codes) == bool(fault.sequence):
        said = "says codes and sequence" if fault.codes else "says neither codes nor sequence"
        yield Wrong(place, said, "give one of them", bool(fault.codes))
    for code in fault.sequence:
        if 0 < code < FINAL_MIN:
            yield Wrong(joined(place, "sequence"), _not_final(code))
    yield from header_flaws(joined(place, "headers"), fault.headers)


def _not_final(code: int) -> str:
    return f"has {code}, which is no final answer: expected 0 or a status, {FINAL_MIN} to 599"


def header_flaws(place: str, headers: dict[str, str]) -> Iterator[Wrong]:
    """Names that are no tokens, values with ends of lines in them, and what only a door may say."""
    for name, value in headers.items():
        yield from _name_flaws(place, name)
        if any(character in value for character in "\r\n\0"):
            yield Wrong(place, f'has a value of "{name}" with the end of a line in it')
        elif not value.isascii() and any(ord(character) > 255 for character in value):
            yield Wrong(place, f'has a value of "{name}" that is not latin-1')
        if name.lower() in ("content-length", "transfer-encoding"):
            yield Wrong(place, f'has "{name}", which follows from the body', f'remove "{name}"')


def _name_flaws(place: str, name: str) -> Iterator[Wrong]:
    if not name or not TOKEN.issuperset(name):
        yield Wrong(place, f"has {msgspec.json.encode(name).decode()}, which is no name of a header")


def limit_flaws(place: str, limits: Limits) -> Iterator[Wrong]:
    """Rates and bandwidths of nothing, times of nothing."""
    for name in ("global_", "client", "route"):
        bucket: Bucket | None = getattr(limits, name)
        if bucket is not None and rate_of(bucket.rate)[0] == 0:
            yield Wrong(joined(place, f"{_NAMES.get(name, name)}.rate"), f'is "{bucket.rate}": expected 1 or more')
    for field, rate in _rates(limits.bandwidth):
        if bytes_per_s(rate) == 0:
            yield Wrong(joined(place, field), f'is "{rate}": expected 1 or more')
    if limits.bandwidth == Bandwidth():
        yield Wrong(joined(place, "bandwidth"), "says neither up nor down")
    for name in ("idle_timeout", "connection_timeout"):
        text: str | None = getattr(limits, name)
        if text is not None and parse_ns(text) == 0:
            yield Wrong(joined(place, name), "must be more than nothing")


def _rates(bandwidth: Any) -> list[tuple[str, str]]:
    if isinstance(bandwidth, Bandwidth):
        both = (("bandwidth.up", bandwidth.up), ("bandwidth.down", bandwidth.down))
        return [(field, rate) for field, rate in both if rate is not None]
    return [] if bandwidth is None else [("bandwidth", bandwidth)]


def narrow_flaws(place: str, limits: Limits) -> Iterator[Wrong]:
    """What counts all connections or all requests in flight says nothing about a route or a test."""
    for name in (*CONNECTION_LIMITS, "concurrency"):
        if getattr(limits, name) is not None:
            said = "counts for the whole proxy" if name != "concurrency" else "counts all requests in flight"
            yield Wrong(joined(place, f"limits.{name}"), f"{said}, so neither a route nor a test has one of its own")
