"""Which exchanges fit a selection: one predicate, made once for a query."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fozzy.core.duration import parse_ns
from fozzy.core.exchange import Exchange, Headers
from fozzy.faults.http.engine import CROWDED, LIMITED
from fozzy.faults.http.match import glob, path_of
from fozzy.faults.http.plan import Faults

LATENCY = "latency"  # never planned as the others are; what was delayed has it
ACTIONS = (*(field.encode_name for field in msgspec.structs.fields(Faults)), "loss", LIMITED, CROWDED)
Fits = Callable[[Exchange], bool]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange must be; none is anything. Times are durations, as `250ms`."""

    status: str | None = None
    method: str | None = None
    path: str | None = None
    route: str | None = None
    action: str | None = None
    planned: str | None = None
    applied: str | None = None
    source: str | None = None
    test: str | None = None
    trace: str | None = None
    since: str | None = None
    until: str | None = None
    took_min: str | None = None
    took_max: str | None = None


def filter_of(selection: Selection) -> Fits:
    """A predicate for all that a selection says. *Errors*: `ValueError` for a duration that is none."""
    made: list[Fits] = []
    for field in msgspec.structs.fields(Selection):
        said = getattr(selection, field.name)
        if said is not None:
            made.append(_FILTERS[field.name](said))
    return lambda exchange: all(fits(exchange) for fits in made)


def trace_of(headers: Headers) -> str:
    """The trace id that a request's `traceparent` says; empty where it says none."""
    said = next((value for name, value in headers if name.lower() == "traceparent"), "")
    parts = said.split("-")
    return parts[1].lower() if len(parts) >= 4 else ""


def took_ns(exchange: Exchange) -> int:
    """From a request's arrival to the last byte of its answer."""
    return exchange.t - exchange.arrived


def _status(said: str) -> Fits:
    words = said.split(",")
    codes = {int(word) for word in words if word.isdigit()}
    classes = {int(word[0]) for word in words if not word.isdigit()}

    def fits(exchange: Exchange) -> bool:
        status = exchange.sent.status if exchange.sent is not None else 0
        return status in codes or status // 100 in classes

    return fits


def _method(said: str) -> Fits:
    wanted = said.upper()
    return lambda exchange: exchange.request.method.upper() == wanted


def _path(said: str) -> Fits:
    is_like = glob(said)
    return lambda exchange: is_like(path_of(exchange.request.target))


def _route(said: str) -> Fits:
    if said == "none":
        return lambda exchange: not exchange.at
    return lambda exchange: said in (exchange.at, exchange.route)


def _is_called(action: str, said: str) -> bool:
    return bool(action) if said == "any" else action == ("" if said == "none" else said)


def _action(said: str) -> Fits:
    if said == LATENCY:
        return lambda exchange: bool(exchange.delay_ns and exchange.waited_ns)
    both = all if said == "none" else any
    return lambda exchange: both(_is_called(name, said) for name in (exchange.planned, exchange.applied))


def _since(said: str) -> Fits:
    start = parse_ns(said)
    return lambda exchange: exchange.t >= start


def _until(said: str) -> Fits:
    end = parse_ns(said)
    return lambda exchange: exchange.t <= end


def _took_min(said: str) -> Fits:
    least = parse_ns(said)
    return lambda exchange: took_ns(exchange) >= least


def _took_max(said: str) -> Fits:
    most = parse_ns(said)
    return lambda exchange: took_ns(exchange) <= most


_FILTERS: dict[str, Callable[[str], Fits]] = {
    "status": _status,
    "method": _method,
    "path": _path,
    "route": _route,
    "action": _action,
    "planned": lambda said: lambda exchange: _is_called(exchange.planned, said),
    "applied": lambda said: lambda exchange: _is_called(exchange.applied, said),
    "source": lambda said: lambda exchange: exchange.source == said,
    "test": lambda said: lambda exchange: exchange.test == said,
    "trace": lambda said: lambda exchange: trace_of(exchange.request.headers) == said,
    "since": _since,
    "until": _until,
    "took_min": _took_min,
    "took_max": _took_max,
}
