"""Mutations of bytes: small changes, dictionary words, pieces of other inputs, and changes of JSON as JSON.

The list is AFL's and libFuzzer's, as described in Zalewski, "Technical details for AFL" (2014), and the libFuzzer
manual; what suits text formats is added. Every mutator takes the input, a generator and what it may use, and returns
another input; one that cannot do anything returns it unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from fozzy.search.fuzz.rng import Rng

EDGES = (0, 1, 2, 7, 8, 9, 10, 15, 16, 31, 32, 63, 64, 99, 100, 127, 128, 255, 256, 999, 1000, 1023, 1024, 4095, 4096)
FAR_EDGES = (32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
NUMBERS = EDGES + FAR_EDGES
TOKENS = (b"{", b"}", b"[", b"]", b":", b",", b'"', b"'", b"\\", b"\n", b"\r\n", b"\0", b" ", b"=", b";", b"-", b"%s")
FIRST_INPUTS = (b"", b"0", b"\0", b"a", b"{}", b"[]", b'""', b"null", b"-1", b"1.5", b" \n")
STACK_MAX = 5  # mutations on top of each other
JSON_BYTES_MAX = 4096  # a longer text is not changed as JSON


_JSON_STARTS = (b"{", b"[")


class Means(NamedTuple):
    """What mutations may use: words of the target, other inputs, and how long an input may be."""

    words: Sequence[bytes]
    corpus: Sequence[bytes]
    bytes_max: int


Mutator = Callable[[bytearray, Rng, Means], None]


def mutate(data: bytes, rng: Rng, means: Means) -> bytes:
    """Another input, near this one."""
    if data[:1] in _JSON_STARTS and rng.below(4):
        changed = mutate_json(data, rng, means)
        if changed is not None:
            return changed[: means.bytes_max]
    made = bytearray(data)
    for _ in range(rng.small(STACK_MAX)):
        MUTATORS[rng.below(len(MUTATORS))](made, rng, means)
    del made[means.bytes_max :]
    return bytes(made)


def _flip(data: bytearray, rng: Rng, _means: Means) -> None:
    if data:
        data[rng.below(len(data))] ^= 1 << rng.below(8)


def _set(data: bytearray, rng: Rng, _means: Means) -> None:
    if data:
        data[rng.below(len(data))] = rng.below(256)


def _add(data: bytearray, rng: Rng, _means: Means) -> None:
    if data:
        place = rng.below(len(data))
        data[place] = (data[place] + 1 + rng.below(16) - 9 * rng.below(2) * 2) & 255


def _insert(data: bytearray, rng: Rng, _means: Means) -> None:
    place = rng.below(len(data) + 1)
    count = rng.small(8)
    data[place:place] = bytes(rng.below(256) for _ in range(count)) if rng.below(2) else bytes([rng.below(256)]) * count


def _delete(data: bytearray, rng: Rng, _means: Means) -> None:
    if data:
        place = rng.below(len(data))
        del data[place : place + rng.small(len(data) - place)]


def _repeat(data: bytearray, rng: Rng, _means: Means) -> None:
    if data:
        start = rng.below(len(data))
        piece = data[start : start + rng.small(min(32, len(data) - start))]
        place = rng.below(len(data) + 1)
        data[place:place] = piece


def _word(data: bytearray, rng: Rng, means: Means) -> None:
    """Put a word in, or over what is there."""
    word = rng.pick(means.words) if means.words and rng.below(4) else rng.pick(TOKENS)
    place = rng.below(len(data) + 1)
    data[place : place + (len(word) if rng.below(2) else 0)] = word


def _number(data: bytearray, rng: Rng, _means: Means) -> None:
    """Put a number that programs stumble on over what is there, as bytes in either order."""
    width = 1 << rng.below(4)
    value = (rng.pick(NUMBERS) * (1 - 2 * rng.below(2))) & ((1 << 8 * width) - 1)
    place = rng.below(len(data) + 1)
    data[place : place + width] = value.to_bytes(width, "little" if rng.below(2) else "big")


def _digits(data: bytearray, rng: Rng, _means: Means) -> None:
    """Change a number that is written in digits, or write one."""
    start = next((index for index in range(rng.below(len(data) + 1), len(data)) if 48 <= data[index] <= 57), None)
    if start is None:
        place = rng.below(len(data) + 1)
        data[place:place] = b"%d" % rng.pick(NUMBERS)
        return
    end = start
    while end < len(data) and end - start < 18 and 48 <= data[end] <= 57:
        end += 1
    data[start:end] = b"%d" % near(int(data[start:end]), rng)


def _splice(data: bytearray, rng: Rng, means: Means) -> None:
    """A piece of another input, put in or as the rest."""
    other = rng.pick(means.corpus) if means.corpus else b""
    if other:
        start = rng.below(len(other))
        place = rng.below(len(data) + 1)
        if rng.below(2):
            data[place:] = other[start:]
        else:
            data[place:place] = other[start : start + rng.small(len(other) - start)]


MUTATORS: tuple[Mutator, ...] = (
    _flip,
    _set,
    _add,
    _insert,
    _insert,
    _delete,
    _repeat,
    _word,
    _word,
    _word,
    _number,
    _digits,
    _splice,
)


def near(value: int, rng: Rng) -> int:
    """A number near another, or one that programs stumble on."""
    kind = rng.below(6)
    if kind == 0:
        return value + 1 + rng.below(16)
    if kind == 1:
        return value - 1 - rng.below(16)
    if kind == 2:
        return -value
    if kind == 3:
        return value * 2 if abs(value) < 1 << 62 else value // 2
    if kind == 4:
        return value ^ (1 << rng.below(32))
    return rng.pick(NUMBERS) * (1 - 2 * rng.below(2)) + rng.below(3) - 1


def mutate_json(data: bytes, rng: Rng, means: Means) -> bytes | None:
    """A change of a JSON text as JSON; none when it is none."""
    if len(data) > JSON_BYTES_MAX or not data:
        return None
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    for _ in range(rng.small(3)):
        value = mutate_value(value, rng, means)
    return msgspec.json.encode(value)


def mutate_value(value: Any, rng: Rng, means: Means) -> Any:
    """Another JSON value, near this one: somewhere inside it, or in its place."""
    if isinstance(value, dict):
        return _mutate_dict(value, rng, means)
    if isinstance(value, list):
        return _mutate_list(value, rng, means)
    if rng.one_in(4):
        return new_value(rng, means)
    if isinstance(value, bool) or value is None:
        return new_value(rng, means)
    if isinstance(value, int):
        return near(value, rng)
    if isinstance(value, float):
        return rng.pick((value + 1, -value, value * 2, 0.0, 0.5, float(near(0, rng))))
    return new_text(value, rng, means)


def new_value(rng: Rng, means: Means) -> Any:
    """A value out of nothing."""
    kind = rng.below(12)
    if kind < 6:
        return text_of(rng, means)
    if kind < 9:
        return number_of(rng, means)
    return (None, bool(rng.below(2)), [] if rng.below(2) else {})[kind - 9]


def number_of(rng: Rng, means: Means) -> int:
    """A number: one of the target's words, one that programs stumble on, or any."""
    if means.words and rng.below(2):
        word = rng.pick(means.words)
        digits = word.removeprefix(b"-")
        if digits.isdigit() and len(digits) < 19:
            return int(word) + rng.below(3) - 1
    return near(0, rng) if rng.below(2) else rng.below(1 << rng.below(33))


def text_of(rng: Rng, means: Means) -> str:
    """A text: one of the target's words, or a few characters."""
    if means.words and rng.below(8):
        return rng.pick(means.words).decode("utf-8", "replace")
    return "".join(chr(32 + rng.below(95)) for _ in range(rng.below(5)))


def new_text(value: str, rng: Rng, means: Means) -> str:
    """Another text, near this one."""
    if rng.one_in(3):
        return text_of(rng, means)
    place = rng.below(len(value) + 1)
    kind = rng.below(4)
    if kind == 0:
        return value[:place] + text_of(rng, means) + value[place:]
    if kind == 1:
        return value[:place] + value[place + rng.small(len(value) + 1) :]
    if kind == 2:
        return value[:place] + chr(rng.pick((0, 9, 10, 32, 34, 39, 92, 127, 233, 0x20AC, 0x1F600))) + value[place:]
    return value * 2 if len(value) < 1024 else value[: len(value) // 2]


def _mutate_dict(value: dict[str, Any], rng: Rng, means: Means) -> dict[str, Any]:
    made = dict(value)
    kind = rng.below(6)
    if not made or kind < 3:
        name, value_ = _member(rng, means)
        made[name] = value_
    elif kind == 3:
        del made[rng.pick(list(made))]
    else:
        name = rng.pick(list(made))
        made[name] = mutate_value(made[name], rng, means)
    return made


def _member(rng: Rng, means: Means) -> tuple[str, Any]:
    """A name and a value. In a program a name and what its value is compared with often stand side by side."""
    if len(means.words) < 2 or rng.below(2):
        return text_of(rng, means), new_value(rng, means)
    place = rng.below(len(means.words) - 1)
    name, value = means.words[place], means.words[place + 1]
    number = value.removeprefix(b"-")
    if number.isdigit() and len(number) < 19:
        return name.decode("utf-8", "replace"), near(int(value), rng) if rng.below(2) else int(value)
    return name.decode("utf-8", "replace"), value.decode("utf-8", "replace")


def _mutate_list(value: list[Any], rng: Rng, means: Means) -> list[Any]:
    made = list(value)
    kind = rng.below(5)
    if not made or kind == 0:
        made.insert(rng.below(len(made) + 1), new_value(rng, means))
    elif kind == 1:
        del made[rng.below(len(made))]
    elif kind == 2:
        made.append(rng.pick(made))
    else:
        place = rng.below(len(made))
        made[place] = mutate_value(made[place], rng, means)
    return made
