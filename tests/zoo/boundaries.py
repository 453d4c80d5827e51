"""Failures that begin at a value, a length or a time, and blocks whose counts matter."""

from __future__ import annotations

from typing import Any

from fozzy.core.duration import parse_ns
from tests.zoo.animal import (
    Animal,
    Json,
    Least,
    all_steps,
    block,
    got,
    grow,
    is_boring,
    isnt,
    kept,
    kv,
    never,
    noise,
    only,
)
from tests.zoo.animal import scenario as sc

MS = 10**6


def value(name: str, why: str, given: Any, bad: str, least: Any) -> Animal:
    """A value that is kept and too large; `least` is the smallest that still is."""
    end = never("v", bad)
    return Animal(
        name=name,
        why=why,
        scenario=sc([*noise(8), kv("v", given), *noise(8, "m"), end]),
        least=Least(2, holds=lambda raw: kept(raw, "v") == [least]),
        smallest=sc([kv("v", least), end]),
    )


def _two_items(raw: Json) -> bool:
    return [isinstance(v, list) and len(v) == 2 and all(map(is_boring, v)) for v in kept(raw, "v")] == [True]


def long_list() -> Animal:
    """A list of more than one item."""
    end = never("v", r"\[.*,.*\]")
    return Animal(
        name="list-length",
        why="The failure begins with the second item of a list of thirty; what the items are does not matter.",
        scenario=sc([*noise(6), kv("v", list(range(100, 130))), *noise(6, "m"), end]),
        least=Least(2, holds=_two_items),
        smallest=sc([kv("v", [0, 0]), end]),
    )


def one_field() -> Animal:
    """One of forty fields of an answer is wrong."""
    end = never("v", "[0-9]{3,}")
    body = {f"f{index}": 250 if index == 23 else {"name": f"n{index}", "at": [index, 1]} for index in range(40)}
    when: Json = {"type": "http_when", "method": "GET", "path": "/all", "status": 200}
    ask: Json = {"type": "http_request", "method": "GET", "path": "/all", "save": {"v": "$.f23"}}
    full = {**ask, "expect_status": 200, "expect": [{"at": "$.f3.name", "equals": "n3"}], "save_body_as": "body"}
    return Animal(
        name="one-field-of-forty",
        why="Of forty fields of an answer one is wrong; without it the request fails instead of the assertion.",
        scenario=sc([*noise(5), {**when, "headers": {"x-a": "b"}, "json": body}, full, *noise(5, "m"), end]),
        least=Least(3, holds=lambda raw: only(raw, "http_when").get("json") == {"f23": 100}),
        smallest=sc([{**when, "json": {"f23": 100}}, ask, end]),
        tempts=True,
    )


def slept_ns(raw: Json) -> int:
    """The nanoseconds of all sleeps of a scenario."""
    return sum(parse_ns(step["duration"]) for step in all_steps(raw) if step["type"] == "sleep")


def sleep(duration: str) -> Json:
    """Lets time pass."""
    return {"type": "sleep", "duration": duration}


def run_timeout() -> Animal:
    """The run takes longer than its timeout at the last of three long sleeps."""
    short = [sleep("5ms") for _ in range(8)]
    steps = [*short, sleep("400ms"), *noise(6), sleep("400ms"), *short, sleep("300ms"), got("never", 1)]
    return Animal(
        name="run-timeout",
        why="Three sleeps together are longer than the timeout of the run; shorter ones let an assertion fail instead.",
        scenario=sc(steps, timeout="1s"),
        least=Least(3, holds=lambda raw: slept_ns(raw) <= 1001 * MS),
        smallest=sc([sleep("400ms"), sleep("301ms"), sleep("300ms")], timeout="1s"),
        tempts=True,
    )


def within() -> Animal:
    """A block takes longer than its time by the sum of two sleeps."""
    body = [*noise(4), sleep("60ms"), sleep("2ms"), *noise(5, "m"), sleep("55ms"), got("never", 1)]
    return Animal(
        name="within",
        why="Two sleeps together are longer than the block's time; shorter ones let an assertion fail instead.",
        scenario=sc([*noise(5, "a"), block("within", body, timeout="100ms"), *noise(5, "e")]),
        least=Least(3, holds=lambda raw: 100 * MS < slept_ns(raw) <= 101 * MS),
        smallest=sc([block("within", [sleep("60ms"), sleep("41ms")], timeout="100ms")]),
        tempts=True,
    )


def three_rounds() -> Animal:
    """A text grows too long in the third round."""
    end = never("log", ".*xxx")
    body = [*noise(3), grow("log", "x"), *noise(2, "m")]
    return Animal(
        name="three-rounds",
        why="The failure needs three rounds of twenty, and the step that begins the text.",
        scenario=sc([*noise(4, "a"), kv("log", "begin"), block("repeat", body, times=20), *noise(4, "e"), end]),
        least=Least(4, holds=lambda raw: only(raw, "repeat").get("times") == 3 and is_boring(kept(raw, "log")[0])),
        smallest=sc([kv("log", ""), block("repeat", [grow("log", "x")], times=3), end]),
        tempts=True,
    )


def round_number() -> Animal:
    """The number of the round matters, from a block in a block."""
    end = isnt("last", "3")
    inner = block("group", [*noise(2), kv("last", "${i}"), *noise(2, "m")], name="inner")
    return Animal(
        name="round-number",
        why="The number of the last round is kept by a step two blocks deep; the inner block is not needed.",
        scenario=sc([*noise(5, "a"), block("repeat", [inner], times=4, **{"as": "i"}), *noise(5, "e"), end]),
        least=Least(3),
        smallest=sc([block("repeat", [kv("last", "${i}")], times=4, **{"as": "i"}), end]),
        tempts=True,
    )


def eventually() -> Animal:
    """What is polled for never comes."""
    body = [*noise(2), got("ready", True), *noise(2, "m")]
    polls = block("assert_eventually", body, within="2s", poll="100ms")
    return Animal(
        name="eventually",
        why="What is polled for never holds; one look is enough to see that.",
        scenario=sc([*noise(5, "a"), kv("ready", "not yet"), *noise(5, "e"), polls]),
        least=Least(2, holds=lambda raw: all(map(is_boring, kept(raw, "ready")))),
        smallest=sc([kv("ready", ""), got("ready", True)]),
        tempts=True,
    )


def never_kv() -> Animal:
    """Something that must never be comes late, from another branch."""
    watch: Json = {"type": "assert_never_kv", "key": "state", "equals": "broken", "within": "1s", "poll": "10ms"}
    late = [*noise(3), sleep("345ms"), kv("state", "broken"), *noise(2, "m")]
    branches = {"idle": noise(4, "i"), "late": late, "watch": [*noise(2, "w"), watch]}
    return Animal(
        name="never-kv",
        why="A branch spoils a value while another watches it; one after the other they fail as well.",
        scenario=sc([kv("state", "whole"), *noise(3, "a"), {"type": "parallel", "branches": branches}]),
        least=Least(2, holds=lambda raw: kept(raw, "state") == ["broken"]),
        smallest=sc([kv("state", "broken"), watch]),
    )


BOUNDARIES = [
    value("number", "The failure begins at 1000.", 8191, "[0-9]{4,}", 1000),
    value("text-length", "The failure begins with the tenth character.", "y" * 64, "y{10,}", "y" * 10),
    long_list(),
    one_field(),
    run_timeout(),
    within(),
    three_rounds(),
    round_number(),
    eventually(),
    never_kv(),
]
