"""A plan in a few words: every part of it has one, and they fit a line."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.cli.proxy_words import plan_words, section_words
from fozzy.faults.http.plan import (
    Bandwidth,
    Bucket,
    Burst,
    CutStream,
    Disconnect,
    Drop,
    Entry,
    Faults,
    Latency,
    Limits,
    Loss,
    Match,
    Plan,
    Ramp,
    Route,
    Scope,
    Section,
    Stall,
    Status,
    StatusOverride,
    Timeout,
    Weighted,
)


@pytest.mark.parametrize(
    ("latency", "said"),
    [
        (Latency(fixed="500ms", jitter=0.2, probability=0.8), "latency 500ms ±20% on 80%"),
        (Latency(uniform=("1s", "5s"), probability=1.0), "latency 1s..5s"),
        (Latency(normal=("1s", "5ms")), "latency 1s±5ms"),
        (Latency(exponential="1s"), "latency about 1s"),
        (Latency(one_of=["1s", "2s"], every=3), "latency 1s|2s every 3"),
    ],
)
def test_a_latency(latency: Latency, said: str) -> None:
    """The amount, how it varies, when."""
    assert section_words(Section(latency=latency)) == [said]


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"drop": 0.05}, "drop on 5%"),
        ({"drop": Drop(first=2, probability=0.5)}, "drop on 50% first 2"),
        ({"drop": Drop(after=3, times=2)}, "drop after 3 at most 2"),
        ({"drop": Drop(pattern="F.F")}, "drop as F.F"),
        ({"drop": Drop(pattern="F." * 20)}, "drop as F.F.F.F.F.F.F.F.F.F.…"),
        ({"drop": Drop(burst=Burst(count=2, every=10))}, "drop 2 of every 10"),
        ({"drop": Drop(ramp=Ramp(to=0.5, over="10s"))}, "drop from 0% to 50% over 10s"),
        ({"drop": Drop(between=("1s", "2s"))}, "drop between 1s and 2s"),
        ({"drop": Drop(match=Match(method="POST", path="/a/*"))}, "drop of POST /a/*"),
        ({"drop": Drop(match=Match(client="::1"))}, "drop of some requests"),
        ({"disconnect": Disconnect(how="rst", at="accept", probability=0.02)}, "disconnect rst accept on 2%"),
        ({"status": Status(codes=[500, Weighted(code=503)], probability=0.2)}, "status 500|503 on 20%"),
        ({"status": Status(sequence=[0, 500])}, "status -|500"),
        ({"timeout": Timeout(after="5s", probability=0.1)}, "timeout 5s on 10%"),
        ({"timeout": Timeout(hang=True)}, "timeout hang"),
        ({"status_override": StatusOverride(status=503)}, "status_override 503"),
        ({"cut_stream": CutStream(how="rst")}, "cut_stream rst"),
        ({"stall": Stall(for_="1s")}, "stall 1s"),
    ],
)
def test_a_fault(faults: dict[str, Any], said: str) -> None:
    """What it is, how, when."""
    assert section_words(Section(faults=Faults(**faults))) == [said]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"global_": Bucket(rate="5/s")}, "rate 5/s"),
        ({"client": Bucket(rate="5/s", burst=2)}, "rate per client 5/s burst 2"),
        ({"route": Bucket(rate="5/s", burst=2)}, "rate per route 5/s burst 2"),
        ({"bandwidth": "1KB/s"}, "bandwidth 1KB/s"),
        ({"bandwidth": Bandwidth(up="1KB/s", per="client")}, "bandwidth up 1KB/s per client"),
        ({"loss": 0.05}, "loss on 5%"),
        ({"loss": Loss(as_="hang", every=2)}, "loss hang every 2"),
        ({"concurrency": 5}, "in flight 5"),
        ({"max_connections": 5}, "connections 5"),
        ({"connection_timeout": "5s"}, "connections last 5s"),
    ],
)
def test_a_limit(limits: dict[str, Any], said: str) -> None:
    """What is limited, how far."""
    assert section_words(Section(limits=Limits(**limits))) == [said]


def test_a_plan_also_says_what_it_has_beside_its_section() -> None:
    """Routes, those with faults of their own, test scopes, the schedule; and the mode where there is something to it."""
    plan = Plan(
        mode="exclusive",
        routes=[Route(path="/a", faults=Faults(drop=1)), Route(path="/b")],
        tests={"t": Scope()},
        schedule=[Entry(start="a", at="1s")],
        faults=Faults(drop=0.5),
    )
    assert plan_words(plan, plan) == [
        "drop on 50%",
        "exclusive",
        "2 routes, 1 with faults of their own",
        "1 test scope",
        "1 scheduled start",
    ]
    assert plan_words(Plan(mode="exclusive"), Plan(mode="exclusive")) == []


def test_words_are_safe() -> None:
    """Text of a file cannot move the cursor."""
    assert "\x1b" not in "".join(section_words(Section(faults=Faults(drop=Drop(match=Match(path="\x1b[2J"))))))
