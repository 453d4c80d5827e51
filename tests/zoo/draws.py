"""Failures that need certain draws: numbers, choices, orders, and branches that take turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.zoo.animal import Animal, Json, Least, block, grow, isnt, kept, kv, never, noise, only, scenario


def draw(kind: str, key: str, **more: Any) -> Json:
    """Draws a value and keeps it."""
    return {"type": kind, "key": key, **more}


def number() -> Animal:
    """A drawn number must reach a bound."""
    end = {"type": "assert", "that": "${n}", "less": 700}
    return Animal(
        name="drawn-number",
        why="A drawn number must be 700 or more; the nearest to nothing is 700.",
        scenario=scenario([*noise(8), draw("rand_int", "n", min=0, max=1000), *noise(8, "m"), end]),
        least=Least(2, 1, holds=lambda raw: only(raw, "rand_int").get("max") == 700),
        smallest=scenario([draw("rand_int", "n", min=0, max=700), end]),
        tape={"rand.n": [700]},
    )


def negative() -> Animal:
    """A drawn number must be far enough below nothing."""
    end = {"type": "assert", "that": "${n}", "greater": -300}
    return Animal(
        name="drawn-negative",
        why="A drawn number must be -300 or less; the nearest to nothing is -300.",
        scenario=scenario([*noise(6), draw("rand_int", "n", min=-900, max=900), *noise(6, "m"), end]),
        seed=2,
        least=Least(2, 1, holds=lambda raw: only(raw, "rand_int").get("min") == -300),
        smallest=scenario([draw("rand_int", "n", min=-300, max=0), end]),
        tape={"rand.n": [-300]},
    )


def _sum_is_least(raw: Json) -> bool:
    return sum(step["max"] for step in raw["steps"] if step["type"] == "rand_int") == 101


def two_numbers() -> Animal:
    """The sum of two drawn numbers must exceed a bound that neither reaches."""
    rests = [{"type": "sleep", "duration": f"${{{key}}}s"} for key in ("a", "b")]

    def steps(a: int, b: int, around: Sequence[Json] = (), inside: Sequence[Json] = ()) -> list[Json]:
        drawn = [draw("rand_int", "a", min=0, max=a), *around, draw("rand_int", "b", min=0, max=b)]
        return [*drawn, block("within", [rests[0], *inside, rests[1]], timeout="100s")]

    return Animal(
        name="two-drawn-numbers",
        why="Two drawn numbers must together be 101 or more, and none of them can be.",
        scenario=scenario([*noise(5), *steps(80, 80, noise(5, "m"), noise(3, "i")), *noise(3, "e")]),
        seed=2,
        least=Least(5, 2, holds=_sum_is_least),
        smallest=scenario(steps(80, 21)),
        tape={"rand.a": [80], "rand.b": [21]},
    )


def choice() -> Animal:
    """One of twenty values must be chosen."""
    end = isnt("c", "v13")
    values = [f"v{index}" for index in range(20)]
    return Animal(
        name="one-choice-in-twenty",
        why="One value of twenty is bad; when it is the only one left, nothing needs to be chosen.",
        scenario=scenario([*noise(6), draw("rand_choice", "c", of=values), *noise(6, "m"), end]),
        seed=4,
        least=Least(2, holds=lambda raw: only(raw, "rand_choice").get("of") == ["v13"]),
        smallest=scenario([draw("rand_choice", "c", of=["v13"]), end]),
    )


def order() -> Animal:
    """A name must come before another that is declared earlier."""
    end = never("o", '.*"eve".*"bob".*')
    names = ["ann", "bob", "cyd", "dan", "eve", "fay", "gus", "hal"]
    return Animal(
        name="shuffled-order",
        why="Of eight shuffled names, the fifth must come before the second.",
        scenario=scenario([*noise(6), draw("shuffle", "o", of=names), *noise(6, "m"), end]),
        least=Least(2, 1, holds=lambda raw: only(raw, "shuffle").get("of") == ["bob", "eve"]),
        smallest=scenario([draw("shuffle", "o", of=["bob", "eve"]), end]),
        tape={"rand.o": [1]},
    )


def one_byte() -> Animal:
    """One of sixteen drawn bytes must be 255."""
    end = never("b", "(..)*ff.*")
    return Animal(
        name="one-byte",
        why="One byte of sixteen must be 255; one byte is enough for that.",
        scenario=scenario([*noise(6), draw("rand_bytes", "b", length=16), *noise(6, "m"), end]),
        seed=8,
        least=Least(2, 1, holds=lambda raw: only(raw, "rand_bytes").get("length") == 1),
        smallest=scenario([draw("rand_bytes", "b", length=1), end]),
        tape={"rand.b": [255]},
    )


def arm() -> Animal:
    """Which arm is taken follows from a draw, and the arm can do without."""
    end = isnt("mode", "fast")
    arms = {"then": [*noise(3), kv("mode", "fast")], "else": [*noise(2, "e"), kv("mode", "slow")]}
    pick: Json = {"type": "if", "that": "${n}", "greater": 50, **arms}
    return Animal(
        name="drawn-arm",
        why="A draw decides which arm is taken; the step in the arm needs neither the draw nor the arm.",
        scenario=scenario([*noise(5, "a"), draw("rand_int", "n", min=0, max=99), pick, *noise(5, "m"), end]),
        least=Least(2, holds=lambda raw: kept(raw, "mode") == ["fast"]),
        smallest=scenario([kv("mode", "fast"), end]),
        tempts=True,
    )


def turns(name: str, why: str, switches: int, seed: int, noisy: dict[str, list[Json]], *written: str) -> Animal:
    """Branches write letters into a text; their smallest order that fails needs so many switches."""
    whole = "pqrs"[: sum(map(len, written))]
    branches = {branch: [_write(letter) for letter in letters] for branch, letters in zip("ab", written, strict=True)}
    end = isnt("log", whole)
    quiet: Json = {"type": "parallel", "branches": branches}
    loud: Json = {"type": "parallel", "branches": {**noisy, **{key: _spread(held) for key, held in branches.items()}}}
    return Animal(
        name=name,
        why=why,
        scenario=scenario([*noise(4), kv("log", ""), loud, *noise(4, "e"), end]),
        seed=seed,
        least=Least(len(whole) + 2, switches),
        smallest=scenario([quiet, end]),
        tape={"parallel": [0, *[1] * switches]},
        tempts=True,
    )


def _write(letter: str) -> Json:
    return kv("log", "p") if letter == "p" else grow("log", letter)


def _spread(steps: list[Json]) -> list[Json]:
    """The steps with one of noise before each."""
    return [each for index, step in enumerate(steps) for each in (kv(f"s{index}", index), step)]


def six(count: int) -> dict[str, list[Json]]:
    """Branches that only take turns."""
    return {f"idle{index}": noise(3, f"i{index}x") for index in range(count)}


DRAWS = [
    number(),
    negative(),
    two_numbers(),
    choice(),
    order(),
    one_byte(),
    arm(),
    turns("one-switch", "A branch must write between the two writes of another.", 1, 6, {}, "pr", "q"),
    turns("two-switches", "Two branches must write in turns.", 2, 6, {}, "pr", "qs"),
    turns("one-of-six-branches", "One of six branches must write between two writes.", 1, 3, six(4), "pr", "q"),
]
