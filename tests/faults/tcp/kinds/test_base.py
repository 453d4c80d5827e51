"""What every type of toxic has: words for each attribute, limits, units that its schedule counts."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import inspect

from fozzy.faults.tcp.armed import unit_of
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.plan import SCHEDULE_FIELDS, Toxic
from tests.faults.tcp.wiring import toxic

TABLE = [
    "latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data", "down", "refuse",
    "limit_time", "corrupt", "packet_loss", "half_close", "partition",
]  # fmt: skip


def test_all_are_there() -> None:
    """Every toxic without a protocol is known by its name, Toxiproxy's own first."""
    assert [name for name in KINDS if name in TABLE] == TABLE
    assert all(kind.type == name for name, kind in KINDS.items())


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_says_what_it_is(kind: type[Kind]) -> None:
    """Its docstring and the notes of its attributes are what reference pages and editors show."""
    assert kind.__doc__ and kind.units
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        assert isinstance(field.type, inspect.Metadata), field.name
        assert (field.type.extra_json_schema or {}).get("description", "").endswith((".", "?")), field.name


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_attributes_have_types(kind: type[Kind]) -> None:
    """Negative numbers, texts for numbers and unknown attributes are refused by every type."""
    for name in kind.__struct_encode_fields__:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({name: -1.5}, kind)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"no_such": 1}, kind)


def unit(type_: str, **said: object) -> str:
    """What its schedule counts."""
    return unit_of(KINDS[type_], msgspec.convert(toxic(type_, **said), Toxic))


def test_what_is_counted() -> None:
    """Whole connections without a schedule, messages with one, the bytes of a span of time, else what `on` says."""
    assert [unit("reset_peer"), unit("reset_peer", toxicity=0.5)] == ["connection"] * 2
    assert [unit("reset_peer", first=1), unit("reset_peer", struck=0.2), unit("latency")] == ["message"] * 3
    assert [unit("bandwidth", window=("1s", "2s")), unit("latency", on="byte")] == ["byte"] * 2
    assert unit("latency", window=("1s", "2s")) == "message"
    assert [unit("down", first=1), unit("slow_close", first=1)] == ["connection"] * 2
    assert unit("down", match="INCR") == "message"


def test_attributes_hide_no_schedule() -> None:
    """Only bandwidth has an attribute that is spelled as a part of a schedule."""
    found = {name for name, kind in KINDS.items() if set(kind.__struct_encode_fields__) & set(SCHEDULE_FIELDS)}
    assert found == {"bandwidth"}
