"""Limits are positive, and every one of them has a default."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.core.limits import DEPTH_MAX, RECORD_BYTES_MAX, SCENARIO_BYTES_MAX, Limits


def test_the_defaults_are_valid() -> None:
    """The defaults keep the rules they are the defaults of, and are written out: a replay needs them."""
    assert msgspec.convert(msgspec.structs.asdict(Limits()), Limits) == Limits()
    assert msgspec.json.decode(msgspec.json.encode(Limits())) == msgspec.structs.asdict(Limits())


@pytest.mark.parametrize(
    "changed", [{"call_ms_max": 0}, {"body_bytes_max": -1}, {"stop_grace_ms": -1}, {"nope": 1}, {"call_ms_max": True}]
)
def test_a_bound_is_a_bound(changed: dict[str, Any]) -> None:
    """A bound of nothing, a negative one and an unknown one are refused."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(changed, Limits)


def test_a_record_holds_what_the_limits_allow() -> None:
    """Two bodies at their limits fit into a record even as base64, and a scenario into a trace's header."""
    assert 2 * 4 * Limits().body_bytes_max // 3 < RECORD_BYTES_MAX and RECORD_BYTES_MAX > SCENARIO_BYTES_MAX
    assert 50 <= DEPTH_MAX <= 200  # what people write fits, and the stack does not end
