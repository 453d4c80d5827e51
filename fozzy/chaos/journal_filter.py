"""Which exchanges fit a selection: one predicate, made once for a query."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from fozzy.core.duration import parse_ns
from fozzy.core.exchange import Exchange

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


def path_of(target: str) -> str:
    """The path of a request's target, without its query."""
    return target.partition("?")[0]


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
    pattern = re.compile(".*".join(map(re.escape, said.split("*"))), re.DOTALL)
    return lambda exchange: pattern.fullmatch(path_of(exchange.request.target)) is not None


def _route(said: str) -> Fits:
    wanted = "" if said == "none" else said
    return lambda exchange: exchange.at == wanted


def _is_called(action: str, said: str) -> bool:
    return bool(action) if said == "any" else action == ("" if said == "none" else said)


def _action(said: str) -> Fits:
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
    "since": _since,
    "until": _until,
    "took_min": _took_min,
    "took_max": _took_max,
}
