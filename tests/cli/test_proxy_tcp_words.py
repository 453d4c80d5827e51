"""A toxic in a few words: what it does, where, when; nothing for what is as usual."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.cli.proxy_tcp_words import toxic_words
from fozzy.faults.tcp.plan import Toxic


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"type": "reset_peer"}, "reset_peer"),
        ({"type": "latency", "attributes": {"latency": 100, "jitter": 20}}, "latency 100 jitter 20"),
        ({"type": "latency", "name": "slow", "stream": "upstream"}, "latency as slow upstream"),
        ({"type": "latency", "name": "latency_downstream"}, "latency"),
        ({"type": "reset_peer", "match": "INCR", "first": 1}, "reset_peer of INCR first 1"),
        ({"type": "down", "stream": "upstream", "after": 3}, "down after 3"),
        (
            {"type": "latency", "pattern": "F" * 50, "rate": 0.5, "window": ("1s", "2s"), "times": 4, "every": 2},
            f"latency every 2 at most 4 as {'F' * 40}… on 50% between 1s and 2s",
        ),
        ({"type": "latency", "on": "byte", "toxicity": 0.1}, "latency by byte in 10% of connections"),
        ({"type": "resp_match", "attributes": {"reply": [None, 1, "a"]}}, 'resp_match reply [null,1,"a"]'),
        (
            {"type": "unheard_of", "stream": "upstream", "attributes": {"a": "\x1b[2J"}},
            "unheard_of a \\x1b[2J upstream",
        ),
    ],
)
def test_a_toxic_in_words(said: dict[str, Any], words: str) -> None:
    """Also one that is none, as a recording of a later version may hold."""
    assert toxic_words(Toxic(**said)) == words
