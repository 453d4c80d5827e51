"""Texts of flags: what is well written is read, what is not is refused with what it must be; nothing is clamped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.chaos.files import values
from fozzy.chaos.files.values import Address, Scoped
from fozzy.faults.http.plan import Bucket, Status, Timeout

GOOD: list[tuple[Callable[[str], Any], str, Any]] = [
    (values.share, "0", 0.0),
    (values.share, "1", 1.0),
    (values.share, "1.0", 1.0),
    (values.share, " 1 ", 1.0),
    (values.share, "0.25", 0.25),
    (values.share, ".5", 0.5),
    (values.share, "5%", 0.05),
    (values.share, "100%", 1.0),
    (values.share, "12.5%", 0.125),
    (values.percent, "5.0", 0.05),
    (values.duration, "250ms", "250ms"),
    (values.any_duration, "0ms", "0ms"),
    (values.milliseconds, "500", "500ms"),
    (values.duration_range, "100ms..1s", ("100ms", "1s")),
    (values.duration_range, "100ms..100ms", ("100ms", "100ms")),
    (values.millisecond_range, "100-500", ("100ms", "500ms")),
    (values.status, "500", Status(codes=[500])),
    (values.status, "500, 503@20%", Status(codes=[500, 503], probability=0.2)),
    (values.timeout, "5s@0.1", Timeout(after="5s", probability=0.1)),
    (values.timeout, "300ms", Timeout(after="300ms")),
    (values.rate_limit, "50/s:10", Scoped("global", Bucket(rate="50/s", burst=10))),
    (values.rate_limit, "global:50/s", Scoped("global", Bucket(rate="50/s"))),
    (values.rate_limit, "client:5/m:2", Scoped("client", Bucket(rate="5/m", burst=2))),
    (values.rate_limit, "route:1/h", Scoped("route", Bucket(rate="1/h"))),
    (values.per_second, "100", Scoped("global", Bucket(rate="100/s", burst=10))),
    (values.per_second, "1", Scoped("global", Bucket(rate="1/s", burst=1))),
    (values.bytes_rate, "100KB/s", "100KB/s"),
    (values.plain_bytes_rate, "1000000", "1000000B/s"),
    (values.whole(1, 5), "5", 5),
    (values.whole(0, 2**53 - 1), "9007199254740991", 2**53 - 1),
    (values.one_of("a", "b"), "b", "b"),
    (values.header_name, "x-real-ip", "x-real-ip"),
    (values.pace, "0", 0.0),
    (values.pace, "2.5", 2.5),
    (values.address, "127.0.0.1:8080", Address("127.0.0.1", 8080)),
    (values.address, ":8080", Address("127.0.0.1", 8080)),
    (values.address, "0", Address("127.0.0.1", 0)),
    (values.address, "[::1]:80", Address("::1", 80)),
    (values.address, "localhost:80", Address("localhost", 80)),
    (values.url, "http://127.0.0.1:9000", "http://127.0.0.1:9000"),
    (values.url, "https://example.org/v1", "https://example.org/v1"),
]
BAD: list[tuple[Callable[[str], Any], str, str]] = [
    *(
        (values.share, text, "from 0 to 1")
        for text in ("1.5", "abc", "-0.1", "0x1", "0.5abc", "", "1e-3", "101%", "nan", "inf", "+1", "1_0")
    ),
    (values.percent, "101", "from 0 to 100"),
    (values.percent, "5%", "from 0 to 100"),
    *((values.duration, text, "whole number and a unit") for text in ("1.5", "1.5s", "500", "-1s", "soon", "")),
    (values.duration, "0s", "more than nothing"),
    (values.milliseconds, "1.5", "whole number of milliseconds"),
    (values.duration_range, "500ms..100ms", "smaller duration first"),
    (values.duration_range, "100-500", "100ms..500ms"),
    (values.duration_range, "100..500", "whole number and a unit"),
    (values.millisecond_range, "500-100", "smaller duration first"),
    (values.millisecond_range, "a-b", "two whole numbers"),
    *(
        (values.status, text, "from 200 to 599")
        for text in ("99", "100", "199", "1000", "600", "abc", "500,", "", "5OO")
    ),
    (values.status, "500@1.5", "from 0 to 1"),
    (values.status, "500@", "from 0 to 1"),
    (values.timeout, "5@0.1", "whole number and a unit"),
    (values.timeout, "5s@2", "from 0 to 1"),
    *(
        (values.rate_limit, text, "RATE[:BURST]")
        for text in ("50", "0/s", "50/s:0", "50/s:", "peer:5/s", "client", "client:", "50/d", "5/s:1:2", "1.5/s")
    ),
    (values.per_second, "0", "of at least 1"),
    (values.per_second, "1.5", "of at least 1"),
    *((values.bytes_rate, text, "100KB/s") for text in ("100", "0B/s", "100kb/s", "1.5KB/s", "100KB")),
    (values.plain_bytes_rate, "0", "of at least 1"),
    (values.whole(1, 5), "6", "from 1 to 5"),
    (values.whole(1, 5), "1.0", "from 1 to 5"),
    (values.one_of("a", "b"), "c", "one of a, b"),
    (values.text(), "", "not be empty"),
    (values.text(8), "short", "at least 8"),
    (values.header_name, "a b", "name of a header"),
    (values.pace, "-1", "from 0"),
    (values.pace, "1001", "to 1000"),
    *(
        (values.address, text, "HOST:PORT")
        for text in ("localhost", "a:65536", "a:-1", "", "a b:80", "http://a:80", "::1:80")
    ),
    *(
        (values.url, text, "URL of an HTTP server")
        for text in (
            "127.0.0.1:9000",
            "ftp://a",
            "http://",
            "http://a:0",
            "http://a:99999",
            "http://a?b",
            "http://u:p@a",
        )
    ),
]


@pytest.mark.parametrize(("read", "text", "value"), GOOD)
def test_what_is_well_written_is_read(read: Callable[[str], Any], text: str, value: Any) -> None:
    """Each form is read as what it means."""
    assert read(text) == value


@pytest.mark.parametrize(("read", "text", "said"), BAD)
def test_what_is_not_is_refused_with_what_it_must_be(read: Callable[[str], Any], text: str, said: str) -> None:
    """The refusal names the allowed form or range, and nothing is taken in part."""
    with pytest.raises(ValueError, match="must") as caught:
        read(text)
    assert said in str(caught.value)


def test_an_address_is_written_as_it_is_read() -> None:
    """An address as a text is read as the same address, brackets and all."""
    for text in ("127.0.0.1:80", "[::1]:80"):
        assert str(values.address(text)) == text


@given(st.text(max_size=20))
def test_no_text_is_read_as_a_share_beyond_its_bounds(text: str) -> None:
    """Whatever is written, a share is from 0 to 1 or refused with a `ValueError`."""
    try:
        value = values.share(text)
    except ValueError:
        return
    assert 0 <= value <= 1
