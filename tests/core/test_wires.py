from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.events import Record
from fozzy.core.exchange import Roll
from fozzy.core.wires import Connected, Counted, Flowed, Framed, Spoken, Struck

decode = msgspec.json.Decoder(Record).decode
encode = msgspec.json.Encoder().encode
ROLL = Roll("late.rate", 0.5, 3, False, "kv/late")


@given(st.builds(Spoken, rolls=st.just([ROLL])) | st.builds(Connected, rolls=st.just([ROLL])))
def test_what_is_kept_comes_back(record: Spoken | Connected) -> None:
    """A record is told from others by its kind, and nothing of it is lost on the way to the disk."""
    assert decode(encode(record)) == record


def test_what_is_usual_takes_no_room() -> None:
    """A message nobody struck is a short line, since there are many."""
    record = Spoken(12345678, "kv", 3, 12345000, 1, "downstream", 2, "reply", 14, 8, "GET key", 2, digest="ab" * 8)
    assert len(encode(record)) < 220


@pytest.mark.parametrize("part", [Struck("a", "b"), Counted("a"), Flowed(), Framed("none")])
def test_parts_say_only_what_is_not_usual(part: msgspec.Struct) -> None:
    """Defaults are left out."""
    assert len(msgspec.to_builtins(part)) == sum(field.required for field in msgspec.structs.fields(type(part)))
