"""MockForge's flags are ours by other names and units."""

from __future__ import annotations

import pytest

from fozzy.chaos.files.flags import FLAGS
from fozzy.chaos.files.older import OLDER


@pytest.mark.parametrize("name", OLDER)
def test_each_sets_a_flag_of_ours(name: str) -> None:
    """What it sets is a flag of ours, and so is what it adds."""
    older = OLDER[name]
    assert older.flag == "--" + name.replace("_", "-")
    assert older.field in FLAGS
    assert {field for field, _ in older.adds} <= set(FLAGS)


@pytest.mark.parametrize(
    ("name", "theirs", "ours"),
    [
        ("chaos_scenario", "slow_backend", "slow_backend"),
        ("chaos_latency_ms", "500", "500ms"),
        ("chaos_latency_range", "100-500", "100ms..500ms"),
        ("chaos_latency_probability", "0.8", "0.8"),
        ("chaos_http_errors", "500,502", "500,502"),
        ("chaos_http_error_probability", "0.2", "0.2"),
        ("chaos_rate_limit", "100", "100/s:10"),
        ("chaos_bandwidth_limit", "1000000", "1000000B/s"),
        ("chaos_packet_loss", "5.0", "5%"),
    ],
)
def test_each_is_written_as_ours(name: str, theirs: str, ours: str) -> None:
    """Its text becomes one that our flag reads."""
    assert OLDER[name].ours(theirs) == ours
    FLAGS[OLDER[name].field].read(ours)
