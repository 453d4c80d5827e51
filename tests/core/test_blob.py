from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.blob import EMPTY, Blob


@given(st.binary(max_size=200))
def test_bytes_survive_the_way_through_json(data: bytes) -> None:
    """Any bytes come back unchanged from their readable form, also after that went through a trace."""
    blob = Blob.of(data)
    assert blob.data() == data
    assert msgspec.json.decode(msgspec.json.encode(blob), type=Blob).data() == data


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_text_stays_text(text: str) -> None:
    """What is UTF-8 is kept as text, so that a trace can be searched for it."""
    assert Blob.of(text.encode()) == Blob(text=text)
    assert Blob(text=text).shown() == text


def test_no_bytes_are_an_empty_object() -> None:
    """No bytes at all set neither field."""
    assert Blob.of(b"") == EMPTY
    assert msgspec.json.encode(EMPTY) == b"{}"
    assert EMPTY.data() == b""


def test_other_bytes_are_base64() -> None:
    """Bytes that are not UTF-8 set `base64` alone and are shown with a mark."""
    blob = Blob.of(b"a\xff\xfeb")
    assert blob.text == ""
    assert blob.base64 == "Yf/+Yg=="
    assert blob.shown() == "a\ufffd\ufffdb"


@pytest.mark.parametrize("text", ["A", "a b c d", "Yf/+Yg=", "<redacted>", "ünicode"])
def test_base64_that_is_none_is_refused_where_it_enters(text: str) -> None:
    """A decoder says that a value makes no sense, instead of a failure later on."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"base64": text}, Blob)
