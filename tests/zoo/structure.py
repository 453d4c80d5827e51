"""Failures whose cause is hidden in the structure of the scenario: among many steps, in blocks, files and cases."""

from __future__ import annotations

import json

from tests.zoo.animal import Animal, Json, Least, block, got, grow, is_boring, isnt, kept, kv, never, noise, scenario


def needle(count: int) -> Animal:
    """One step of so many matters."""
    half = (count - 2) // 2
    steps = [*noise(half, "a"), kv("needle", 7), *noise(count - 2 - half, "b"), got("needle", 8)]
    return Animal(
        name=f"needle-{count}",
        why="One step among a thousand keeps a wrong value; without it the key has no value, which is another failure.",
        scenario=scenario(steps),
        least=Least(2, holds=lambda raw: all(map(is_boring, kept(raw, "needle")))),
        smallest=scenario([kv("needle", 0), got("needle", 8)]),
        tempts=True,
    )


def wrapped(steps: list[Json]) -> Json:
    """Steps inside blocks five deep, noise on every level."""
    inner = {"type": "if", "that": 1, "less": 2, "then": [*noise(4, "i"), *steps], "else": noise(2, "e")}
    inner = block("retry", [*noise(2, "r"), inner], attempts=4, backoff="1ms")
    inner = block("within", [inner, *noise(2, "w")], timeout="5s")
    inner = block("repeat", [*noise(3, "p"), inner], times=3)
    return block("group", [inner, *noise(3, "g")], name="outer")


def needle_in_blocks() -> Animal:
    """The cause is five blocks deep, the failure outside of them."""
    end = isnt("deep", "rotten")
    return Animal(
        name="needle-in-blocks",
        why="The step that matters is five blocks deep, and each of the blocks can be taken away around it.",
        scenario=scenario([*noise(10), wrapped([kv("deep", "fresh"), kv("deep", "rotten")]), *noise(10, "m"), end]),
        least=Least(2, holds=lambda raw: kept(raw, "deep") == ["rotten"]),
        smallest=scenario([kv("deep", "rotten"), end]),
    )


def failure_in_blocks() -> Animal:
    """The failing step itself is five blocks deep."""
    here: Json = {"type": "fail", "message": "here"}
    branches = {"one": noise(3, "o"), "two": [wrapped([here])], "three": noise(2, "t")}
    return Animal(
        name="failure-in-blocks",
        why="The failing step needs nothing, but it stands in a branch and five blocks deep.",
        scenario=scenario([*noise(6), {"type": "parallel", "branches": branches}]),
        least=Least(1),
        smallest=scenario([here]),
    )


def two_in_order() -> Animal:
    """A step must stay before another."""
    steps = [*noise(30), kv("door", "wide open"), *noise(40, "m"), grow("door", "+closed"), *noise(30, "e")]
    end = never("door", r".*open\+closed")
    return Animal(
        name="two-in-order",
        why="Two steps matter, and the second needs the first: without it, it fails itself.",
        scenario=scenario([*steps, end]),
        least=Least(3, holds=lambda raw: kept(raw, "door") == ["open", "${door}+closed"]),
        smallest=scenario([kv("door", "open"), grow("door", "+closed"), end]),
        tempts=True,
    )


def three_far_apart() -> Animal:
    """Three steps among three hundred that must all stay."""
    end = never("log", ".*abc")
    steps = [*noise(70), kv("log", "first a"), *noise(90, "m"), grow("log", "b"), *noise(80, "f"), grow("log", "c")]
    return Animal(
        name="three-far-apart",
        why="Three steps far apart matter together; without the first, the others fail for want of a name.",
        scenario=scenario([*steps, *noise(60, "e"), end]),
        least=Least(4, holds=lambda raw: kept(raw, "log") == ["a", "${log}b", "${log}c"]),
        smallest=scenario([kv("log", "a"), grow("log", "b"), grow("log", "c"), end]),
        tempts=True,
    )


def two_failures() -> Animal:
    """The teardown fails too, and a later step would."""
    first = never("price", "[0-9]{2,}")
    steps = [*noise(8), kv("price", 57), kv("stock", 3), *noise(9, "m"), first, *noise(5, "e"), got("stock", 4)]
    return Animal(
        name="two-failures",
        why="A later step and the teardown would fail as well, but only the first failure was recorded.",
        scenario=scenario(steps, teardown=[*noise(4, "t"), {"type": "fail", "message": "and this"}]),
        least=Least(2, holds=lambda raw: kept(raw, "price") == [10]),
        smallest=scenario([kv("price", 10), first]),
        tempts=True,
    )


def in_setup() -> Animal:
    """The cause is in the setup; teardown and most of the setup are noise."""
    end = got("mode", "safe")
    setup = [*noise(9, "s"), kv("mode", "fast"), *noise(9, "u")]
    return Animal(
        name="setup-and-teardown",
        why="One step of the setup matters, nothing of the teardown.",
        scenario=scenario([*noise(12), end, *noise(6, "e")], setup=setup, teardown=noise(20, "t")),
        least=Least(2, holds=lambda raw: not raw.get("teardown") and all(map(is_boring, kept(raw, "mode")))),
        smallest=scenario([end], setup=[kv("mode", "")]),
        tempts=True,
    )


def in_teardown() -> Animal:
    """The teardown fails after steps that hold."""
    end = never("left", ".*lock")
    steps = [kv("guard", 1), *noise(20), kv("left", "a lock"), *noise(8, "m"), got("guard", 1)]
    return Animal(
        name="failure-in-teardown",
        why="The teardown fails over what a step left behind; if the steps fail first, that is another failure.",
        scenario=scenario(steps, setup=noise(5, "s"), teardown=[*noise(6, "t"), end, *noise(3, "u")]),
        least=Least(2, holds=lambda raw: kept(raw, "left") == ["lock"]),
        smallest=scenario([kv("left", "lock")], teardown=[end]),
        tempts=True,
    )


def beside_throws() -> Animal:
    """Blocks that want their steps to fail stand around the cause."""
    throws = [block("assert_throws", [kv("k", 2), got("k", 3), *noise(2, "x")]) for _ in range(4)]
    rejects = block("assert_rejects", [{"type": "fs_restore", "name": "none"}])
    end = isnt("k", "1")
    return Animal(
        name="beside-throws",
        why="Blocks that want a failure fail themselves when what is in them is dropped, or shown when unwrapped.",
        scenario=scenario([*throws[:2], kv("k", 1), *noise(6), *throws[2:], rejects, *noise(4, "e"), end]),
        least=Least(2, holds=lambda raw: kept(raw, "k") == [1]),
        smallest=scenario([kv("k", 1), end]),
        tempts=True,
    )


def included(inside: bool) -> Animal:
    """A file of thirty steps is included; one of them matters, or one of them fails."""
    end = isnt("flag", "on")
    held = [*noise(17, "l"), kv("flag", "on"), *noise(12, "k"), *([end] if inside else [])]
    steps = [*noise(5), {"type": "include", "file": "lib.fozzy.json"}, *noise(5, "m"), *([] if inside else [end])]
    return Animal(
        name="failure-in-include" if inside else "needle-in-include",
        why="One of thirty steps of an included file matters"
        + (", and the failing step is there too." if inside else "."),
        scenario=scenario(steps),
        files={"lib.fozzy.json": json.dumps(scenario(held))},
        least=Least(2, holds=lambda raw: kept(raw, "flag") == ["on"]),
        smallest=scenario([kv("flag", "on"), end]),
    )


def _sized(raw: Json) -> bool:
    return {**raw.get("vars", {}), **raw.get("matrix", {})} in ({"size": 3}, {"size": [3]})


def one_of_the_matrix() -> Animal:
    """One value of twelve combinations matters."""
    matrix = {"size": [1, 2, 3], "color": ["red", "green", "blue", "grey"]}
    end = never("size", "3")
    return Animal(
        name="matrix",
        why="Of three sizes and four colors, one size matters and no color.",
        scenario=scenario([*noise(8), kv("c", "${color}"), never("c", "pink"), end], matrix=matrix),
        case={"size": 3, "color": "blue"},
        least=Least(1, holds=_sized),
        smallest=scenario([end], vars={"size": 3}),
    )


def one_of_the_vars() -> Animal:
    """One of twenty variables matters."""
    end = never("v7", "bad")
    given = {f"v{index}": "bad" if index == 7 else f"fine{index}" for index in range(20)}
    used = [never(f"v{index}", "bad") for index in range(20) if index != 7]
    return Animal(
        name="vars",
        why="One of twenty variables matters; all are used.",
        scenario=scenario([*used, end], vars=given),
        least=Least(1, holds=lambda raw: raw.get("vars") == {"v7": "bad"}),
        smallest=scenario([end], vars={"v7": "bad"}),
    )


def chain() -> Animal:
    """A value is kept, put into another, and that into a third."""
    when: Json = {"type": "http_when", "method": "GET", "path": "/a", "status": 200}
    ask: Json = {"type": "http_request", "method": "GET", "path": "/a", "save": {"a": "$.id"}}
    body = {"id": 41, "name": "ann", "tags": ["x", "y"], "address": {"town": "here", "zip": 12345}}
    full = {**ask, "save": {"n": "$.name", "a": "$.id", "zip": "$.address.zip"}, "expect_status": 200}
    rest = [kv("b", "${a}-b"), kv("c", "${b}-c"), never("c", ".*41-b-c")]
    steps = [*noise(5), {**when, "json": body}, full, *noise(5, "m"), rest[0], *noise(5, "e"), *rest[1:]]
    return Animal(
        name="chain-of-values",
        why="An answer is saved under a, b is made of a and c of b; c is wrong.",
        scenario=scenario(steps),
        least=Least(5, holds=lambda raw: [s["json"] for s in raw["steps"] if "json" in s] == [{"id": 41}]),
        smallest=scenario([{**when, "json": {"id": 41}}, ask, *rest]),
        tempts=True,
    )


def earlier_assertion() -> Animal:
    """An assertion that holds stands before the one that does not."""
    end = never("total", ".*wrong.*")
    guarded = [step for index in range(10) for step in (kv(f"g{index}", index), got(f"g{index}", index))]
    steps = [*noise(4), *guarded[:11], kv("total", "all wrong here"), *guarded[11:], *noise(4, "e"), end]
    return Animal(
        name="earlier-assertion",
        why="Ten assertions before the failing one hold only while their own steps are there.",
        scenario=scenario(steps),
        least=Least(2, holds=lambda raw: kept(raw, "total") == ["wrong"]),
        smallest=scenario([kv("total", "wrong"), end]),
        tempts=True,
    )


def same_step_elsewhere() -> Animal:
    """Assertions of the same type and key; the last one fails."""
    steps = [kv("k", 3), got("k", 3), *noise(7), got("k", 3), kv("k", 4), *noise(5, "m"), got("k", 5)]
    return Animal(
        name="same-step-elsewhere",
        why="Two assertions on the same key stand before the failing one, and fail under the same title once 3 is lowered.",
        scenario=scenario(steps),
        least=Least(2, holds=lambda raw: all(map(is_boring, kept(raw, "k")))),
        smallest=scenario([kv("k", 0), got("k", 5)]),
        tempts=True,
    )


def beside_a_panic() -> Animal:
    """A panic waits for the step before it to go."""
    guard: Json = {
        "type": "if",
        "that": "${mode}",
        "not_equals": "calm",
        "then": [{"type": "panic", "message": "boom"}],
    }
    end = never("load", "[0-9]{3,}")
    steps = [*noise(5), kv("mode", "calm"), guard, *noise(5, "m"), kv("load", 640), guard, *noise(5, "e"), end]
    return Animal(
        name="beside-a-panic",
        why="A panic is kept away by a step that the failure does not need.",
        scenario=scenario(steps),
        least=Least(2, holds=lambda raw: kept(raw, "load") == [100]),
        smallest=scenario([kv("load", 100), end]),
        tempts=True,
    )


STRUCTURE = [
    needle(1000),
    needle_in_blocks(),
    failure_in_blocks(),
    two_in_order(),
    three_far_apart(),
    two_failures(),
    in_setup(),
    in_teardown(),
    beside_throws(),
    included(inside=False),
    included(inside=True),
    one_of_the_matrix(),
    one_of_the_vars(),
    chain(),
    earlier_assertion(),
    same_step_elsewhere(),
    beside_a_panic(),
]
