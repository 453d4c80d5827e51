"""MockForge's block means the same in our names, comes back as it went, and nothing in it is dropped in silence."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.errors import InputError
from fozzy.faults.http import plan
from fozzy.faults.http.mockforge import (
    Block,
    FaultBlock,
    LatencyBlock,
    RateBlock,
    TrafficBlock,
    block_of,
    section_of,
)

# The block of MockForge's own documentation.
DOCUMENTED = {
    "enabled": True,
    "scenario": "network_degradation",
    "latency": {"enabled": True, "fixed_delay_ms": 500, "jitter_percent": 10.0, "probability": 0.8},
    "fault_injection": {
        "enabled": True,
        "http_errors": [500, 502, 503, 504],
        "http_error_probability": 0.1,
        "connection_errors": True,
        "connection_error_probability": 0.05,
        "timeout_errors": True,
        "timeout_ms": 5000,
        "timeout_probability": 0.05,
    },
    "rate_limit": {
        "enabled": True,
        "requests_per_second": 100,
        "burst_size": 10,
        "per_ip": True,
        "per_endpoint": False,
    },
    "traffic_shaping": {
        "enabled": True,
        "bandwidth_limit_bps": 1000000,
        "packet_loss_percent": 2.0,
        "max_connections": 100,
    },
}


def read(tree: Any) -> Block:
    return msgspec.convert(tree, Block)


def ours(tree: Any) -> Any:
    """The section a block is, as builtin types."""
    return msgspec.json.decode(msgspec.json.encode(section_of(read(tree))))


def test_the_documented_block_means_what_it_says() -> None:
    """Each value of MockForge's documented block is there, in our names and units."""
    assert ours(DOCUMENTED) == {
        "latency": {"fixed": "500ms", "jitter": 0.1, "probability": 0.8},
        "faults": {
            "status": {"codes": [500, 502, 503, 504], "probability": 0.1},
            "timeout": {"after": "5000ms", "probability": 0.05},
            "connection_error": 0.05,
        },
        "limits": {
            "global": {"rate": "100/s", "burst": 10},
            "client": {"rate": "100/s", "burst": 10},
            "bandwidth": "1000000B/s",
            "loss": {"probability": 0.02, "as": "408"},
            "max_connections": 100,
        },
    }


def test_what_is_not_enabled_is_nothing() -> None:
    """A block whose parts are all off, or missing, is an empty section."""
    off = {name: {**part, "enabled": False} for name, part in DOCUMENTED.items() if isinstance(part, dict)}
    assert section_of(read(off)) == plan.Section() == section_of(read({}))


def test_a_range_and_corruption_are_translated() -> None:
    """The parts the documented block does not use are translated too."""
    assert ours(
        {
            "latency": {"random_delay_range_ms": [100, 500]},
            "fault_injection": {
                "partial_responses": True,
                "payload_corruption": True,
                "payload_corruption_probability": 0.25,
                "corruption_type": "bit_flip",
            },
            "rate_limit": {"requests_per_second": 5, "burst_size": 3, "per_endpoint": True},
            "traffic_shaping": {"connection_timeout_ms": 300},
        }
    ) == {
        "latency": {"uniform": ["100ms", "500ms"], "probability": 1.0},
        "faults": {"malformed": {"probability": 0.25, "how": "bit-flip"}, "partial": 0.05},
        "limits": {
            "global": {"rate": "5/s", "burst": 3},
            "route": {"rate": "5/s", "burst": 3},
            "connection_timeout": "300ms",
        },
    }


@pytest.mark.parametrize(
    ("tree", "field"),
    [
        ({"latency": {"fixed_delay_ms": 1, "random_delay_range_ms": [1, 2]}}, "latency.fixed_delay_ms"),
        ({"latency": {"jitter_percent": 5.0}}, "latency.fixed_delay_ms"),
        ({"latency": {"random_delay_range_ms": [500, 100]}}, "latency.random_delay_range_ms"),
        ({"fault_injection": {"payload_corruption": True}}, "fault_injection.corruption_type"),
        ({"circuit_breaker": {"enabled": True, "failure_threshold": 5}}, "circuit_breaker"),
        ({"bulkhead": {"enabled": True}}, "bulkhead"),
        ({"not_shown": ["faults.drop"]}, "not_shown"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tree: Any, field: str) -> None:
    """A block that contradicts itself, or asks for what we do not have, is refused, and the error names the field."""
    with pytest.raises(InputError) as caught:
        section_of(read(tree))
    assert caught.value.code == "chaos.mockforge"
    assert caught.value.message.startswith(field)


@pytest.mark.parametrize(
    "tree",
    [
        {"latency": {"fixed_delay_ms": -1}},
        {"latency": {"fixed_delay_ms": 1.5}},
        {"latency": {"probability": 1.5}},
        {"latency": {"delay": 5}},
        {"fault_injection": {"http_errors": [99]}},
        {"fault_injection": {"error_pattern": {"type": "burst"}}},
        {"rate_limit": {"requests_per_second": 0}},
        {"traffic_shaping": {"packet_loss_percent": 101}},
        {"chaos": True},
        [],
        None,
    ],
)
def test_what_is_out_of_range_is_refused(tree: Any) -> None:
    """Nothing is clamped, and no unknown name is passed over."""
    with pytest.raises(msgspec.ValidationError):
        read(tree)


def test_callers_blocks_may_be_there_while_off() -> None:
    """MockForge always writes its circuit breaker and bulkhead; switched off they ask for nothing."""
    off = {"circuit_breaker": {"enabled": False, "failure_threshold": 5}, "bulkhead": None}
    assert section_of(read(off)) == plan.Section()


def test_what_has_no_name_there_is_listed() -> None:
    """A section that says more than the block can is shown with the places that are missing."""
    section = msgspec.convert(
        {
            "latency": {"exponential": "20ms", "first": 3},
            "faults": {"drop": 0.5, "malformed": 1.0, "status": {"codes": [{"code": 500, "weight": 3}]}},
            "limits": {"client": {"rate": "1/m"}, "concurrency": 4, "bandwidth": {"up": "1KB/s"}},
        },
        plan.Section,
    )
    assert block_of(section).not_shown == [
        "latency.first",
        "latency.exponential",
        "faults.drop",
        "faults.status.codes.weight",
        "faults.malformed.how",
        "limits.client",
        "limits.concurrency",
        "limits.bandwidth",
    ]


_ms = st.integers(0, 100_000)
_share = st.sampled_from([0.0, 0.05, 0.07, 0.3, 1.0])
_latency = st.one_of(
    st.builds(LatencyBlock, fixed_delay_ms=_ms, jitter_percent=st.integers(0, 100).map(float), probability=_share),
    st.builds(
        LatencyBlock,
        random_delay_range_ms=st.tuples(_ms, _ms).map(lambda two: (min(two), max(two))),
        probability=_share,
    ),
)
_faults = st.builds(
    FaultBlock,
    http_errors=st.lists(st.integers(200, 599), min_size=1, max_size=4),
    http_error_probability=_share,
    timeout_errors=st.just(True),
    timeout_ms=_ms,
    timeout_probability=_share,
    partial_responses=st.just(True),
    partial_response_probability=_share,
)
_rates = st.builds(
    RateBlock,
    requests_per_second=st.integers(1, 999),
    burst_size=st.integers(1, 99),
    per_ip=st.booleans(),
    per_endpoint=st.booleans(),
)
_traffic = st.builds(
    TrafficBlock,
    bandwidth_limit_bps=st.integers(1, 10**9),
    packet_loss_percent=st.integers(1, 100).map(float),
    max_connections=st.integers(0, 10),
    connection_timeout_ms=st.none() | _ms,
)
_blocks = st.builds(Block, latency=_latency, fault_injection=_faults, rate_limit=_rates, traffic_shaping=_traffic)


@settings(max_examples=60, deadline=None)
@given(_blocks)
def test_a_block_comes_back_as_it_went(block: Block) -> None:
    """What is put under `/api/chaos/config` is what is got from there, field by field."""
    again = block_of(section_of(block), block.enabled)
    assert again == block
    assert section_of(again) == section_of(block)
