"""The headers by which a request says its own chaos: `X-Fozzy-Chaos-Drop: 0.5`, in aimock's spelling too.

Rule 1: what cannot be understood changes nothing silently: it is told, and a strict engine refuses the request.
Rule 2: none of them is passed on to upstream.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fozzy.core.duration import parse_ns
from fozzy.core.exchange import Headers

TEST = "x-test-id"
PREFIXES = ("x-fozzy-chaos-", "x-aimock-chaos-")
FIELDS = {
    "drop": "drop",
    "malformed": "malformed",
    "disconnect": "disconnect",
    "ratelimit": "rate_limit",
    "rate-limit": "rate_limit",
    "latency": "latency",
}
TEST_LENGTH_MAX = 256

_THIRD = "fFaAtT"  # the third letters of our headers, since most others are told apart by them
_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18}")
_MILLISECONDS = re.compile(r"[0-9]{1,12}")


class Said(NamedTuple):
    """What the headers of a request say: probabilities and a latency by field, and what is wrong with them."""

    test: str
    fields: tuple[tuple[str, float], ...]  # latency in nanoseconds
    wrong: tuple[str, ...]


NOTHING = Said("", (), ())


def is_control(name: str) -> bool:
    """Whether a header is for us and not for upstream."""
    lower = name.lower()
    return lower == TEST or lower.startswith(PREFIXES)


def said(headers: Headers, latency_max_ns: int) -> Said:
    """What the headers say."""
    ours = [pair for pair in headers if pair[0][0] in "xX" and pair[0][2:3] in _THIRD]
    if not ours:
        return NOTHING
    tests: dict[str, None] = {}
    fields: dict[str, float] = {}
    wrong: list[str] = []
    for name, value in ours:
        lower = name.lower()
        if lower == TEST:
            tests[value.strip()] = None
        elif lower.startswith(PREFIXES):
            error = _read(fields, name, value.strip(), latency_max_ns)
            if error:
                wrong.append(error)
    test = next(iter(tests), "")
    if len(tests) > 1:
        wrong.append(f"{TEST} is given twice, with different values")
    if not (test or fields or wrong):
        return NOTHING
    if len(test) > TEST_LENGTH_MAX:
        wrong.append(f"{TEST} is longer than {TEST_LENGTH_MAX} characters")
        test = ""
    return Said(test, tuple(sorted(fields.items())), tuple(wrong))


def _read(fields: dict[str, float], name: str, value: str, latency_max_ns: int) -> str:
    """Read one header. Returns what is wrong with it."""
    field = FIELDS.get(name.lower().partition("-chaos-")[2])
    if field is None:
        return f"{name}: there is no such header; there are {', '.join(FIELDS)}"
    read, wrong = _latency(value, latency_max_ns) if field == "latency" else _share(value)
    if wrong:
        return f'{name} is "{value[:40]}": expected {wrong}'
    if fields.get(field, read) != read:
        return f"{name} is given twice, with different values"
    fields[field] = read
    return ""


def _share(value: str) -> tuple[float, str]:
    read = float(value) if _NUMBER.fullmatch(value) else 2.0
    return (read, "") if read <= 1 else (0.0, "a number from 0 to 1")


def _latency(value: str, latency_max_ns: int) -> tuple[float, str]:
    words = f"milliseconds or a duration, up to {latency_max_ns // 10**6}ms"
    try:
        read = parse_ns(f"{value}ms" if _MILLISECONDS.fullmatch(value) else value)
    except ValueError:
        return 0.0, words
    return (read, "") if read <= latency_max_ns else (0.0, words)
