"""Toxics and proxies in a few words mean what a file would say; what means nothing is refused by name."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fozzy.chaos.tcp.words import proxy_said, toxic_of, toxic_said
from fozzy.errors import InputError
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import Toxic

SAID: dict[str, tuple[str, Toxic]] = {
    "reset_peer": ("", Toxic(type="reset_peer")),
    "latency:latency=100,jitter=20,stream=upstream,first=3": (
        "",
        Toxic(type="latency", stream="upstream", first=3, attributes={"latency": 100, "jitter": 20}),
    ),
    "redis/latency:latency=5,match=INCR orders,window=1s..5s,toxicity=.5": (
        "redis",
        Toxic(type="latency", match="INCR orders", window=("1s", "5s"), toxicity=0.5, attributes={"latency": 5}),
    ),
    'latency:match="SET a,b=1",rate=5%,pattern=F.F': (
        "",
        Toxic(type="latency", match="SET a,b=1", rate=0.05, pattern="F.F"),
    ),
    "latency:match=123,name=slow": ("", Toxic(type="latency", match="123", name="slow")),
}


@pytest.mark.parametrize("text", SAID)
def test_what_is_said_is_what_a_file_would_say(text: str) -> None:
    """Attributes and schedule side by side, values as their fields take them."""
    assert toxic_said(text) == SAID[text]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a toxic such as latency:latency=100"),
        ("laten", 'did you mean "latency"?'),
        ("latency:latncy=1", 'latency has no "latncy"; did you mean "latency"?'),
        ("latency:latency", "latency.latency needs a value"),
        ("latency:latency=", "latency.latency must be a whole number"),
        ("latency:latency=100ms", 'latency.latency must be a whole number from 0 to 1000000000000, got "100ms"'),
        ("latency:toxicity=2", "latency.toxicity must be a number from 0 to 1"),
        ("latency:first=1,first=2", "latency.first is said twice"),
        ('latency:match="a', "JSON that does not end"),
        ('latency:match="a"b', "a comma behind"),
        ("latency:stream=sideways", "latency.stream must be"),
        ("latency:window=5s", "latency.window must be"),
        ("latency:,", 'latency has no ""'),
    ],
)
def test_what_means_nothing_is_refused_by_name(text: str, said: str) -> None:
    """With what it must be, or what it has."""
    with pytest.raises(ValueError, match=re.escape(said)):
        toxic_said(text)


def test_an_attribute_stands_before_a_part_of_the_schedule() -> None:
    """A type with a `rate` of its own means that by it; `attributes` leaves no doubt."""
    taken = [kind for kind in KINDS.values() if "rate" in kind.__struct_fields__]
    for kind in taken:
        assert toxic_of(kind.type, {"rate": 100}).attributes == {"rate": 100}
        both = toxic_of(kind.type, {"attributes": {"rate": 100}, "rate": 0.5})
        assert (both.attributes, both.rate) == ({"rate": 100}, 0.5)
    assert toxic_of("latency", {"rate": 0.5}).rate == 0.5


@pytest.mark.parametrize(
    ("kind", "words", "code"),
    [
        ("laten", {}, "chaos.bad_value"),
        ("latency", {"latncy": 5}, "chaos.unknown_key"),
        ("latency", {"first": 0}, "chaos.bad_value"),
        ("latency", {"attributes": {}, "latncy": 5}, "chaos.unknown_key"),
    ],
)
def test_words_of_a_call_are_checked_likewise(kind: str, words: dict[str, Any], code: str) -> None:
    """What no toxic has is an error of fozzy's, and no `TypeError`."""
    with pytest.raises(InputError) as caught:
        toxic_of(kind, words)
    assert caught.value.code == code


def test_a_proxy_in_a_few_words() -> None:
    """Its name, then its fields; a port of an address is no end of a name."""
    assert proxy_said("redis:listen=:26379,upstream=127.0.0.1:6379,protocol=redis,enabled=false") == (
        "redis",
        {"listen": ":26379", "upstream": "127.0.0.1:6379", "protocol": "redis", "enabled": False},
    )
    for text in ("redis", ":upstream=a:1", "a:protocol=smtp", "a:toxics=[]", "a:upstrem=b:1"):
        with pytest.raises(ValueError, match="a|b"):
            proxy_said(text)
