"""Records survive being written and read, and hold nothing they do not need."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.events import Ask, Draw, Event, Found, Record, Step

TEXT = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
TIME = st.integers(0, 10**28)
RECORDS = st.one_of(
    st.builds(Draw, TIME, TEXT, TEXT, st.integers(0, 5), st.integers(5, 2**53), st.integers(0, 2**53)),
    st.builds(Ask, TIME, TEXT, TEXT, JSON, JSON, TIME),
    st.builds(Step, TIME, TEXT, TEXT, TEXT, TIME, TEXT, TEXT),
    st.builds(Event, TIME, TEXT, TEXT, st.dictionaries(TEXT, JSON, max_size=3)),
    st.builds(Found, TIME, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, JSON),
)


@given(RECORDS)
def test_a_record_is_read_as_it_was_written(record: Any) -> None:
    """Every record is the same after a trip through JSON, and its kind is told by its tag."""
    line = msgspec.json.encode(record)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Record) == record
    assert msgspec.json.decode(line)["kind"] == {Found: "finding"}.get(type(record), type(record).__name__.lower())


def test_what_is_as_usual_is_left_out() -> None:
    """A step that took no time and had nothing to say is short."""
    assert msgspec.json.encode(Step(0, "steps[0]", "fail", "ab")) == (
        b'{"kind":"step","t":0,"at":"steps[0]","type":"fail","hash":"ab"}'
    )


@pytest.mark.parametrize("line", [b'{"kind":"nope","t":0}', b'{"t":0}', b'{"kind":"draw","t":"0"}', b"[]"])
def test_what_is_no_record_is_refused(line: bytes) -> None:
    """A line that is no record is an error, not a guess."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(line, type=Record)
