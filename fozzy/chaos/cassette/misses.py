"""Why nothing recorded answers a request: the nearest recorded one, and what differs."""

from __future__ import annotations

import difflib
from itertools import islice, zip_longest
from typing import Any

import msgspec

from fozzy.chaos.cassette.entries import Entries, Group
from fozzy.chaos.cassette.serving import Miss
from fozzy.core.brief import brief
from fozzy.core.exchange import Exchange
from fozzy.core.outcome import Camel
from fozzy.faults.http.decision import Give
from fozzy.trace.diff import differences

STATUS = 503
CODE = "cassette_miss"
SHOWN_MAX = 5  # differences of one request
LOOKED_AT_MAX = 50  # recorded requests whose bodies are compared
PATHS_MAX = 2000  # among which the most similar path is looked for

Head = tuple[str, ...]


class Differs(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """One thing in which two requests differ; null is what is not there."""

    what: str  # `method`, `path`, `query page`, `header accept`, `body.messages[0]`, `test`
    recorded: Any
    asked: Any


class Nearest(Camel, frozen=True, kw_only=True):
    """A recorded request."""

    number: int
    method: str
    target: str
    test: str = ""


class Said(Camel, frozen=True, kw_only=True):
    """An error as all our own answers say it."""

    code: str
    message: str
    type: str = "cassette"


class Explained(Camel, frozen=True, kw_only=True):
    """The body of a miss."""

    error: Said
    nearest: Nearest | None = None
    differs: list[Differs] = []


def miss_of(asked: Exchange, why: str, nearest: Exchange | None = None, differs: list[Differs] | None = None) -> Miss:
    """The answer that says so."""
    request = asked.request
    of_test = f" of test {asked.test}" if asked.test else ""
    message = f"nothing recorded answers {request.method} {request.target}{of_test}: {why}"
    explained = Explained(
        error=Said(code=CODE, message=message),
        nearest=None if nearest is None else _named(nearest),
        differs=differs or [],
    )
    headers = [("content-type", "application/json")]
    return Miss(Give(STATUS, headers, msgspec.json.encode(explained)), message)


def unknown(entries: Entries, asked: Exchange, head: Head) -> Miss:
    """The miss of a request that was never recorded."""
    found = nearest(entries, asked, head)
    if found is None:
        return miss_of(asked, "the recording is empty")
    group, recorded = found
    differs = list(islice(_differing(entries, (group, recorded), asked, head), SHOWN_MAX))
    first = f"; {_line(differs[0])}" if differs else ""
    request = recorded.request
    return miss_of(
        asked, f"the nearest is #{recorded.number} {request.method} {request.target}{first}", recorded, differs
    )


def nearest(entries: Entries, asked: Exchange, head: Head) -> tuple[Group, Exchange] | None:
    """The recorded request that is most like this one, the earliest of several."""
    groups = list(entries.groups.values())
    if not groups:
        return None
    ranked = sorted(((_distance(group, asked.test, head), group) for group in _candidates(groups, head)), key=_rank)
    near = [group for _, group in ranked[:LOOKED_AT_MAX]]
    if _is_exact_head(near[0], asked.test, head):
        near = [group for group in near if _is_exact_head(group, asked.test, head)]
        pairs = [(group, entries.exchange(group.entries[0])) for group in near]
        body = asked.request.body.data()
        return min(pairs, key=lambda pair: _unlike(pair[1].request.body.data(), body))
    return near[0], entries.exchange(near[0].entries[0])


def _candidates(groups: list[Group], head: Head) -> list[Group]:
    same = [group for group in groups if group.head[1] == head[1]]
    if same:
        return same
    alike = [group for group in groups if group.head[0] == head[0]] or groups  # another method is no near miss
    paths = list(islice(dict.fromkeys(group.head[1] for group in alike), PATHS_MAX))
    close = difflib.get_close_matches(head[1], paths, 1, 0.0)
    return [group for group in alike if group.head[1] == close[0]]


def _distance(group: Group, test: str, head: Head) -> tuple[bool, int, bool]:
    """What differs, the weightiest first; the path is the same of all."""
    others = sum(ours != theirs for ours, theirs in zip(group.head[2:], head[2:], strict=True))
    return group.head[0] != head[0], others, group.test != test


def _rank(pair: tuple[tuple[bool, int, bool], Group]) -> tuple[tuple[bool, int, bool], int]:
    return pair[0], pair[1].entries[0].number


def _is_exact_head(group: Group, test: str, head: Head) -> bool:
    return group.head == head and group.test == test


def _unlike(recorded: bytes, asked: bytes) -> int:
    """How much two bodies differ."""
    ours, theirs = _decoded(recorded), _decoded(asked)
    if isinstance(ours, dict | list) and type(ours) is type(theirs):
        return sum(1 for _ in islice(differences(ours, theirs, ""), 1000))
    return 1000 + abs(len(recorded) - len(asked))


def _differing(entries: Entries, found: tuple[Group, Exchange], asked: Exchange, head: Head) -> Any:
    group, recorded = found
    names = ("method", "path", "query", *(f"header {name}" for name in entries.matching.headers))
    for name, ours, theirs in zip(names, group.head, head, strict=True):
        if ours != theirs and name == "query":
            yield from _query(ours, theirs)
        elif ours != theirs:
            yield Differs(what=name, recorded=ours, asked=theirs)
    if group.test != asked.test:
        yield Differs(what="test", recorded=group.test, asked=asked.test)
    yield from _bodies(recorded.request.body.data(), asked.request.body.data())


def _query(recorded: str, asked: str) -> Any:
    """The parameters that differ, by their names."""
    sides = [_by_name(recorded), _by_name(asked)]
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        ours, theirs = (side.get(name) for side in sides)
        if ours != theirs:
            yield Differs(what=f"query {name}", recorded=ours, asked=theirs)


def _by_name(query: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for each in filter(None, query.split("&")):
        name, _, value = each.partition("=")
        found.setdefault(name, []).append(value)
    return {name: ", ".join(said) for name, said in found.items()}


def _bodies(recorded: bytes, asked: bytes) -> Any:
    ours, theirs = _decoded(recorded), _decoded(asked)
    if isinstance(ours, dict | list) and isinstance(theirs, dict | list):
        for each in differences(ours, theirs, ""):
            what = f"body.{each.field}" if each.field[:1] not in ("", "[") else f"body{each.field}"
            yield Differs(what=what, recorded=_short(each.a), asked=_short(each.b))
    elif recorded != asked:
        at = next(index for index, (a, b) in enumerate(zip_longest(recorded, asked)) if a != b)
        start = max(0, at - 20)
        pair = (data[start : at + 100].decode("utf-8", "replace") for data in (recorded, asked))
        yield Differs(what=f"body from byte {at}", recorded=next(pair), asked=next(pair))


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _short(value: Any) -> Any:
    """A value as it is, or, where it is large, the beginning of its JSON."""
    text = msgspec.json.encode(value).decode()
    return value if len(text) <= 200 else brief(text)


def _line(each: Differs) -> str:
    recorded, asked = (brief(msgspec.json.encode(side).decode()) for side in (each.recorded, each.asked))
    return f"its {each.what} is {recorded}, here it is {asked}"


def _named(exchange: Exchange) -> Nearest:
    request = exchange.request
    return Nearest(number=exchange.number, method=request.method, target=request.target, test=exchange.test)
