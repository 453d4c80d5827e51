"""Values of flags and variables as people write them: `20%`, `500,503@0.2`, `client:50/s:10`.

Every function raises `ValueError` with what the value must be, so that whoever asks puts the flag's name before it.
Nothing is clamped and nothing guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from fozzy.core.duration import parse_ns
from fozzy.core.duration import parse_positive_ns as parse_positive
from fozzy.faults.http.plan import Bucket, Status, Timeout

PORT_MAX = 65535
CODE_MIN, CODE_MAX = 200, 599
MOCKFORGE_BURST = 10
_SHARE = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{1,17})?|\.[0-9]{1,17})(%?)")
_RATE = re.compile(r"[0-9]{1,9}/(ms|s|m|h)")
_BYTES_RATE = re.compile(r"[0-9]{1,12}(B|KB|MB|GB)/s")
_WHOLE = re.compile(r"[0-9]{1,15}")
_LONG = re.compile(r"[0-9]{1,18}")  # a seed has up to 16
_FRACTION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Scope = Literal["global", "client", "route"]
SCOPES: tuple[Scope, ...] = ("global", "client", "route")


class Address(NamedTuple):
    """Where to listen, or where somebody listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Scoped(NamedTuple):
    """A bucket and whom it is for."""

    scope: Scope
    bucket: Bucket


def share(text: str) -> float:
    """A probability: `0.2`, or `20%`."""
    found = _SHARE.fullmatch(text.strip())
    if found is not None:
        value = float(text.strip().rstrip("%")) / (100 if found[1] else 1)
        if value <= 1:
            return value
    raise ValueError(f'must be a probability from 0 to 1 such as 0.2, or from 0% to 100%, got "{text}"')


def percent(text: str) -> float:
    """A probability in percent, as MockForge takes it: `5.0`."""
    if _FRACTION.fullmatch(text) and float(text) <= 100:
        return float(text) / 100
    raise ValueError(f'must be a percentage from 0 to 100, got "{text}"')


def duration(text: str) -> str:
    """A duration as a plan has it: `250ms`; more than nothing."""
    parse_positive(text)
    return text


def any_duration(text: str) -> str:
    """A duration, which may be nothing: `0ms`."""
    parse_ns(text)
    return text


def milliseconds(text: str) -> str:
    """A duration in whole milliseconds, as MockForge takes it: `500`."""
    if _WHOLE.fullmatch(text):
        return f"{int(text)}ms"
    raise ValueError(f'must be a whole number of milliseconds such as 500, got "{text}"')


def duration_range(text: str) -> tuple[str, str]:
    """The least and the most: `100ms..500ms`."""
    low, dots, high = text.partition("..")
    if not dots:
        raise ValueError(f'must be two durations such as 100ms..500ms, got "{text}"')
    return _ordered(low, high, text)


def millisecond_range(text: str) -> tuple[str, str]:
    """The least and the most in milliseconds, as MockForge takes them: `100-500`."""
    low, dash, high = text.partition("-")
    if not (dash and _WHOLE.fullmatch(low) and _WHOLE.fullmatch(high)):
        raise ValueError(f'must be two whole numbers of milliseconds such as 100-500, got "{text}"')
    return _ordered(f"{int(low)}ms", f"{int(high)}ms", text)


def _ordered(low: str, high: str, text: str) -> tuple[str, str]:
    if parse_ns(low) > parse_ns(high):
        raise ValueError(f'must have the smaller duration first, got "{text}"')
    return low, high


def codes(text: str) -> list[int]:
    """Statuses: `500,503`."""
    made = [part.strip() for part in text.split(",")]
    for part in made:
        if not (_WHOLE.fullmatch(part) and CODE_MIN <= int(part) <= CODE_MAX):
            said = f'statuses from {CODE_MIN} to {CODE_MAX} such as 500,503, got "{part}"'
            raise ValueError(f"must be {said}")
    return [int(part) for part in made]


def status(text: str) -> Status:
    """Statuses and how likely they are: `500,503@0.2`; without a probability they strike always."""
    listed, at, probability = text.partition("@")
    return Status(codes=[*codes(listed)], probability=share(probability) if at else None)


def timeout(text: str) -> Timeout:
    """How long a request is held and how likely it is: `5s@0.1`; without a probability it strikes always."""
    after, at, probability = text.partition("@")
    return Timeout(after=duration(after), probability=share(probability) if at else None)


def rate_limit(text: str) -> Scoped:
    """A token bucket: `50/s:10`, `client:5/s`; for everybody unless it says for whom."""
    scope, colon, rest = text.partition(":")
    if scope not in SCOPES:
        scope, rest = "global", text
    elif not colon:
        rest = ""
    rate, colon, burst = rest.partition(":")
    good_burst = not colon or (_WHOLE.fullmatch(burst) and int(burst) >= 1)
    if not (_RATE.fullmatch(rate) and int(rate.partition("/")[0]) >= 1 and good_burst):
        form = "[global:|client:|route:]RATE[:BURST], a rate such as 50/s and a burst of at least 1"
        raise ValueError(f'must be {form}, got "{text}"')
    return Scoped(_scope(scope), Bucket(rate=rate, burst=int(burst) if colon else 1))


def _scope(word: str) -> Scope:
    return next(each for each in SCOPES if each == word)


def per_second(text: str) -> Scoped:
    """A limit of requests per second for everybody, as MockForge takes it: `100`.

    Its burst is 10, as there, but no more than the rate, so that a low limit is felt at once.
    """
    if not (_WHOLE.fullmatch(text) and 1 <= int(text) < 10**9):
        raise ValueError(f'must be a whole number of requests per second of at least 1, got "{text}"')
    return Scoped("global", Bucket(rate=f"{int(text)}/s", burst=min(int(text), MOCKFORGE_BURST)))


def bytes_rate(text: str) -> str:
    """Bytes per second: `100KB/s`; 1 KB is 1,000 B."""
    if _BYTES_RATE.fullmatch(text) and int(text.rstrip("/sBKMG")) >= 1:
        return text
    raise ValueError(f'must be bytes per second of at least 1B/s such as 100KB/s, got "{text}"')


def plain_bytes_rate(text: str) -> str:
    """Bytes per second as a number, as MockForge takes them: `100000`."""
    if _WHOLE.fullmatch(text) and 1 <= int(text) < 10**12:
        return f"{int(text)}B/s"
    raise ValueError(f'must be a whole number of bytes per second of at least 1, got "{text}"')


def whole(least: int, most: int) -> Callable[[str], int]:
    """What reads a whole number within bounds."""

    def read(text: str) -> int:
        if _LONG.fullmatch(text) and least <= int(text) <= most:
            return int(text)
        raise ValueError(f'must be a whole number from {least} to {most}, got "{text}"')

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """What reads one of some words."""

    def read(text: str) -> str:
        if text in words:
            return text
        raise ValueError(f'must be one of {", ".join(words)}, got "{text}"')

    return read


def text(least: int = 1) -> Callable[[str], str]:
    """What reads a text of so many characters at least."""

    def read(value: str) -> str:
        if len(value) >= least:
            return value
        raise ValueError("must not be empty" if least == 1 else f"must have at least {least} characters")

    return read


def header_name(value: str) -> str:
    """A header's name."""
    if _TOKEN.fullmatch(value):
        return value
    raise ValueError(f'must be the name of a header, got "{value}"')


def pace(value: str) -> float:
    """How a replay paces its answers, in recorded times: 0 is at once, 1 as recorded, 2 twice as long."""
    if _FRACTION.fullmatch(value) and float(value) <= 1000:
        return float(value)
    raise ValueError(f'must be a number from 0 (at once) to 1000, 1 being the recorded times, got "{value}"')


def address(value: str) -> Address:
    """Where to listen: `127.0.0.1:8080`, `[::1]:8080`; `:8080` and `8080` are this machine alone."""
    host, colon, port = value.rpartition(":")
    if not colon:
        host, port = "", value
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = "/"  # no IPv6 address without brackets: which colon is the port's
    if not (_WHOLE.fullmatch(port) and int(port) <= PORT_MAX) or re.search(r"[\s/@]", host):
        form = f"HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, the port from 0 to {PORT_MAX}"
        raise ValueError(f'must be {form}, got "{value}"')
    return Address(host or "127.0.0.1", int(port))


def url(value: str) -> str:
    """The address of an HTTP server, without query and fragment: `http://127.0.0.1:9000`."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username is not None or re.search(r"\s", value):
        raise ValueError(f'must be the URL of an HTTP server such as http://127.0.0.1:9000, got "{value}"')
    return value
