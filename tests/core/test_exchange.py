from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.blob import Blob
from fozzy.core.events import Record
from fozzy.core.exchange import Answered, Asked, Exchange, Roll, Sent, retry_after_s

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LATIN = st.text(st.characters(max_codepoint=255), max_size=8)
HEADERS = st.lists(st.tuples(LATIN, LATIN), max_size=4)
BODIES = st.one_of(st.binary(max_size=40), TEXT.map(str.encode))
TIMES = st.integers(0, 2**62)
ASKED = st.builds(
    Asked,
    method=TEXT,
    target=LATIN,
    headers=HEADERS,
    body=BODIES.map(Blob.of),
    bytes=TIMES,
    digest=TEXT,
    chunked=st.booleans(),
    trailers=HEADERS,
)
ANSWERED = st.builds(
    Answered,
    status=st.integers(100, 599),
    reason=LATIN,
    headers=HEADERS,
    body=BODIES.map(Blob.of),
    bytes=TIMES,
    chunks=st.lists(st.tuples(TIMES, TIMES), max_size=3),
    chunked=st.booleans(),
    trailers=HEADERS,
    head_ns=TIMES,
    ended=st.sampled_from(["whole", "short", "fin", "rst"]),
)
ROLLS = st.builds(
    Roll,
    draw=TEXT,
    probability=st.floats(0, 1),
    value=st.integers(0, 2**53 - 1),
    hit=st.booleans(),
    origin=TEXT,
)
SENT = st.builds(
    Sent,
    status=st.integers(0, 599),
    bytes=TIMES,
    ended=st.sampled_from(["whole", "rst"]),
    retry_after_s=st.none() | TIMES,
)
EXCHANGES = st.builds(
    Exchange,
    t=TIMES,
    at=TEXT,
    number=TIMES,
    arrived=TIMES,
    key=TEXT,
    occurrence=TIMES,
    source=st.sampled_from(["fixture", "proxy", "internal"]),
    request=ASKED,
    answer=st.none() | ANSWERED,
    sent=st.none() | SENT,
    rolls=st.lists(ROLLS, max_size=3),
    delay_ns=TIMES,
    test=TEXT,
    notes=st.lists(TEXT, max_size=2),
)


@settings(deadline=None)
@given(EXCHANGES)
def test_an_exchange_comes_back_byte_for_byte(exchange: Exchange) -> None:
    """Whatever the bodies and headers are, a record that is written and read is the same record."""
    line = msgspec.json.encode(exchange)
    again = msgspec.json.decode(line, type=Record)
    assert again == exchange
    assert msgspec.json.encode(again) == line
    assert b"\n" not in line


@given(BODIES)
def test_a_body_is_text_or_base64_and_never_both(body: bytes) -> None:
    """Its bytes come back as they were."""
    blob = Blob.of(body)
    assert blob.data() == body and not (blob.text and blob.base64)


DAY = ("Date", "Sat, 21 Nov 2026 10:00:00 GMT")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([("Retry-After", "7")], 7),
        ([("retry-after", " 0 ")], 0),
        ([DAY, ("RETRY-AFTER", "Sat, 21 Nov 2026 10:01:30 GMT")], 90),
        ([("Retry-After", "Sat, 21 Nov 2026 09:00:00 GMT"), DAY], 0),
        ([("Retry-After", "Sat, 21 Nov 2026 10:01:30 GMT")], None),
        ([DAY, ("Retry-After", "soon")], None),
        ([DAY, ("Retry-After", "-1")], None),
        ([("Retry-After", "9" * 30)], None),
        ([DAY], None),
        ([], None),
    ],
)
def test_how_long_an_answer_asks_to_wait(headers: list[tuple[str, str]], seconds: int | None) -> None:
    """Seconds, or a date measured from the answer's own; what says neither asks for nothing."""
    assert retry_after_s(headers) == seconds
