"""The network of a cluster."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.dsl.cluster.network import Bandwidth, Link, Network, bytes_per_second, link_setting
from fozzy.sim.settings import LATENCY, LinkSetting, Spread


@pytest.mark.parametrize(
    ("written", "bytes_s"),
    [
        (1, 1),
        ("1B/s", 1),
        ("12kB/s", 12_000),
        ("1MB/s", 10**6),
        ("3GB/s", 3 * 10**9),
        ("2KiB/s", 2048),
        ("1MiB/s", 2**20),
    ],
)
def test_a_bandwidth_is_bytes_a_second(written: Any, bytes_s: int) -> None:
    """A number is bytes a second, a text a size a second in units of 1000 or 1024."""
    assert bytes_per_second(msgspec.convert(written, Bandwidth)) == bytes_s


@pytest.mark.parametrize("written", [0, -1, "0MB/s", "1MB", "1mb/s", "1 MB/s", "1.5MB/s", "", 1.5])
def test_what_is_no_bandwidth(written: Any) -> None:
    """Nothing a second, units without a time and fractions are refused."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, Bandwidth)


def test_links_join_two_nodes_once() -> None:
    """A link from a node to itself, and the same direction twice, are told; both directions are two links."""
    assert [issue.path for issue in Link(from_="a", to="a").check()] == [("to",)]
    there, back = Link(from_="a", to="b"), Link(from_="b", to="a")
    assert [issue.path for issue in Network(links=[there, back, there]).check()] == [("links", 2)]


def test_a_link_that_says_less_is_as_the_rest() -> None:
    """What a link leaves out it has from the network, and the network from the usual; nothing given is not zero."""
    usual = link_setting(Network(), LinkSetting())
    assert usual == LinkSetting() and usual.latency == LATENCY
    rest = link_setting(Network(latency="5ms", loss=0.5, bandwidth="1MB/s", reorder=True), usual)
    own = link_setting(Link(from_="a", to="b", loss=0.0, duplicate=0.25), rest)
    assert own == LinkSetting(
        latency=Spread(kind="fixed", low_ns=5_000_000, high_ns=5_000_000, mean_ns=5_000_000),
        bandwidth_bytes_s=10**6,
        loss=0.0,
        duplicate=0.25,
        reorder=True,
    )


@pytest.mark.parametrize("field", ["loss", "duplicate"])
@pytest.mark.parametrize("rate", [-0.1, 1.1, "1", True])
def test_rates_are_from_0_to_1(field: str, rate: Any) -> None:
    """A rate is a number from 0 to 1, both included."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({field: rate}, Network)
    assert msgspec.convert({field: 1}, Network) == msgspec.convert({field: 1.0}, Network)
