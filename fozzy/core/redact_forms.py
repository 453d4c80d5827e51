"""The forms of a secret: how its name may be spelled, how its value may be written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

# `tokens` holds secrets, `max_tokens` counts what a language model reads.
COUNTING = {"max", "min", "num", "total", "n", "prompt", "completion", "input", "output", "used", "remaining", "cached"}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_URL_PLAIN = re.compile(r"[\w.~-]*", re.ASCII)


def writings(value: str) -> Iterator[str]:
    """A value as it stands in a text, in JSON, and in a URL or form."""
    yield value
    with suppress(ValueError):
        yield json.loads(f'"{value}"')
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    if not _URL_PLAIN.fullmatch(value):
        from urllib.parse import quote, quote_plus, unquote_plus

        yield quote(value, safe="", errors="replace")
        yield quote_plus(value, errors="replace")
        yield unquote_plus(value)


def in_escapes(value: str) -> str:
    """A pattern for `value` in the text of a JSON or TOML file that may write any character as an escape."""
    return "".join(f"(?:{re.escape(each)}|{_escape(each)})" for each in value)


def _escape(char: str) -> str:
    """A pattern for the ways to escape a character: `\\u002f` in any case, `\\/`."""
    written = json.dumps(char)[1:-1] if ord(char) > 0x7E else f"\\u{ord(char):04x}"
    return f"(?i:{re.escape(written)})" + (r"|\\/" if char == "/" else "")


def longest_first(values: Iterable[str]) -> list[str]:
    return sorted(values, key=lambda value: (-len(value), value))


class ManyValues:
    """Replaces values; as quick for thousands as for a few, also when they begin alike, as tokens do."""

    def __init__(self, values: Iterable[str], chars_min: int) -> None:
        self._values = set(values)
        self._chars_min = chars_min
        lengths: dict[str, set[int]] = {}
        for value in self._values:
            lengths.setdefault(value[:chars_min], set()).add(len(value))
        self._lengths = {beginning: sorted(found, reverse=True) for beginning, found in lengths.items()}

    def sub(self, stand_in: str, text: str) -> str:
        """`text` with every value replaced, the leftmost and longest first."""
        values, lengths, chars_min = self._values, self._lengths, self._chars_min
        pieces, done, at = [], 0, 0
        while at <= len(text) - chars_min:
            found = lengths.get(text[at : at + chars_min])
            length = 1 if found is None else next((each for each in found if text[at : at + each] in values), 1)
            if length > 1:
                pieces += [text[done:at], stand_in]
                done = at + length
            at += length
        return "".join(pieces) + text[done:] if pieces else text


def spellings(name: str) -> Iterator[str]:
    """A name and what it may be a form of: numbered (`PASSWORD2`), several (`tokens`), with an X (`XAPIKey`)."""
    plain = plain_name(name)
    yield plain
    if plain[:1] == "x":
        yield plain[1:]
    single = plain.rstrip("0123456789").rstrip("_")
    yield single
    if single[-1:] == "s" and COUNTING.isdisjoint(single.split("_")):
        yield single[:-1]


def plain_name(name: str) -> str:
    plain = _HUMP.sub("_", name).lower().replace("-", "_").replace(".", "_")
    return plain.removeprefix("x_")
