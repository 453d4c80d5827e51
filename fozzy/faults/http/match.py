"""Which requests a route or a fault means. All that a `Match` says must hold; one that says nothing means every request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from fozzy.faults.http.decision import Seen
from fozzy.faults.http.plan import Match

QUERY_FIELDS_MAX = 1024

Test = Callable[[str], bool]


class Facts:
    """A request and what is asked about it, each found out once."""

    __slots__ = ("seen", "test", "client", "_path", "_headers", "_query", "_json")

    def __init__(self, seen: Seen, test: str, client: str) -> None:
        self.seen = seen
        self.test = test
        self.client = client
        self._path: str | None = None
        self._headers: dict[str, list[str]] | None = None
        self._query: dict[str, list[str]] | None = None
        self._json: Any = msgspec.UNSET

    @property
    def path(self) -> str:
        """The path, without query."""
        if self._path is None:
            self._path = path_of(self.seen.target)
        return self._path

    def headers(self) -> dict[str, list[str]]:
        """The values by name in small letters."""
        if self._headers is None:
            self._headers = {}
            for name, value in self.seen.headers:
                self._headers.setdefault(name.lower(), []).append(value.strip())
        return self._headers

    def query(self) -> dict[str, list[str]]:
        """The decoded values by name; of a query that cannot be read, none."""
        if self._query is None:
            self._query = {}
            text = self.seen.target.partition("#")[0].partition("?")[2]
            try:
                pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
            except ValueError:
                pairs = []
            for name, value in pairs:
                self._query.setdefault(name, []).append(value)
        return self._query

    def json(self) -> Any:
        """The body's meaning, or `msgspec.UNSET` where it is no JSON or not all of it is known."""
        if self._json is msgspec.UNSET and self.seen.body and len(self.seen.body) == self.seen.body_bytes:
            try:
                self._json = msgspec.json.decode(self.seen.body)
            except (msgspec.MsgspecError, RecursionError, ValueError):
                self._json = msgspec.NODEFAULT
        return msgspec.UNSET if self._json is msgspec.NODEFAULT else self._json


def path_of(target: str) -> str:
    """The path of a target, without query; of `http://host/a` too."""
    if target[:1] != "/" and "://" in target:
        rest = target.partition("://")[2]
        target = rest[rest.find("/") :] if "/" in rest else "/"
    return target.partition("?")[0].partition("#")[0]


def glob(pattern: str) -> Test:
    """Whether a text is like a pattern: `*` is any text, also none. It takes time in the text's length."""
    pieces = pattern.split("*")
    if len(pieces) == 1:
        return lambda text: text == pattern
    first, *middle, last = pieces
    if not last and not any(middle):
        return lambda text: text.startswith(first)
    return lambda text: _fits(text, first, middle, last)


def _fits(text: str, first: str, middle: list[str], last: str) -> bool:
    if not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return at <= end


def matcher(match: Match) -> Callable[[Facts], bool] | None:
    """Whether a request is meant; none where every request is. *Errors*: `ValueError` for a network or JSONPath."""
    tests = [*_simple(match), *_sized(match), *_named(match), *_inside(match)]
    if len(tests) <= 1:
        return tests[0] if tests else None
    return lambda facts: all(test(facts) for test in tests)


def _simple(match: Match) -> list[Callable[[Facts], bool]]:
    tests: list[Callable[[Facts], bool]] = []
    if match.method is not None:
        method = glob(match.method.upper())
        tests.append(lambda facts: method(facts.seen.method))
    if match.path is not None:
        path = glob(match.path)
        tests.append(lambda facts: path(facts.path))
    if match.test is not None:
        of = glob(match.test)
        tests.append(lambda facts: of(facts.test))
    if match.chunked is not None:
        chunked = match.chunked
        tests.append(lambda facts: facts.seen.chunked is chunked)
    return tests


def _sized(match: Match) -> list[Callable[[Facts], bool]]:
    low, high = match.body_bytes_min, match.body_bytes_max
    if low is None and high is None:
        return []
    return [lambda facts: _within(facts.seen, low or 0, high)]


def _within(seen: Seen, low: int, high: int | None) -> bool:
    """What is not known yet is longer than what has come, and nothing more is said of it."""
    if seen.body_bytes is None:
        return high is None and len(seen.body) >= low
    return seen.body_bytes >= low and (high is None or seen.body_bytes <= high)


def _named(match: Match) -> list[Callable[[Facts], bool]]:
    tests: list[Callable[[Facts], bool]] = []
    for name, value in match.headers.items():
        tests.append(_among(Facts.headers, name.lower(), glob(value)))
    for name, value in match.query.items():
        tests.append(_among(Facts.query, name, glob(value)))
    if match.client is not None:
        tests.append(_client(match.client))
    return tests


def _among(values: Callable[[Facts], dict[str, list[str]]], name: str, test: Test) -> Callable[[Facts], bool]:
    return lambda facts: any(test(value) for value in values(facts).get(name, ()))


def _client(said: str) -> Callable[[Facts], bool]:
    from ipaddress import ip_address, ip_network

    network = ip_network(said, strict=False)

    def inside(facts: Facts) -> bool:
        try:
            address = ip_address(facts.client)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address) in network

    return inside


def _inside(match: Match) -> list[Callable[[Facts], bool]]:
    return [_finds(path, value) for path, value in match.body.items()]


def _finds(path: str, value: Any) -> Callable[[Facts], bool]:
    from jsonpath_rfc9535 import JSONPathError
    from jsonpath_rfc9535 import compile as compile_path

    try:
        query = compile_path(path)
    except JSONPathError as error:
        raise ValueError(f"{path} is no JSONPath: {error}") from None

    def finds(facts: Facts) -> bool:
        document = facts.json()
        if document is msgspec.UNSET:
            return False
        try:
            return any(_same(found.value, value) for found in query.find(document))
        except (JSONPathError, RecursionError):
            return False

    return finds


def _same(found: Any, value: Any) -> bool:
    return isinstance(found, bool) == isinstance(value, bool) and bool(found == value)
