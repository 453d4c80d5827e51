"""A reply is cut after so many bytes of its body."""

from __future__ import annotations

import pytest

from tests.faults.tcp.kinds.speaking import (
    JSON,
    body_of,
    chunked,
    content_of,
    cuts,
    open_ended,
    records,
    sized,
    streams,
)
from tests.faults.tcp.wiring import Wire


def ended(talk: Wire) -> str:
    """How it ended."""
    return str(talk.got[-1][2])


@pytest.mark.parametrize("after", [0, 1, 5])
@pytest.mark.parametrize(
    "sent", [sized(JSON), chunked(JSON), chunked(JSON[:2], JSON[2:]), open_ended(JSON), *streams()]
)
def test_so_many_bytes_arrive(sent: bytes, after: int) -> None:
    """With the framing that was sent before them, and none that says that this is all."""
    talk = cuts("http_truncate", sent, bytes=after)
    got = talk.bytes_of("downstream")
    assert sent.startswith(got)
    assert ended(talk) == "cut fin fin"
    assert content_of(got) == content_of(sent)[:after]
    assert got.endswith(content_of(sent)[:after][-1:])
    assert talk.tally().applied == 1


def test_rst_is_a_reset_for_both() -> None:
    """The bytes before it come first."""
    talk = cuts("http_truncate", sized(JSON), bytes=3, end="rst")
    assert ended(talk) == "cut rst rst"
    assert talk.bytes_of("downstream").endswith(b"\r\n\r\n" + JSON[:3])


def test_in_chunks_only_the_content_is_counted() -> None:
    """The lines between come along."""
    talk = cuts("http_truncate", chunked(b"abc", b"def"), bytes=4)
    assert body_of(talk.bytes_of("downstream")) == b"3\r\nabc\r\n3\r\nd"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (sized(JSON), "body_is_shorter"),
        (chunked(JSON), "body_is_shorter"),
        (open_ended(JSON), "body_is_shorter"),
        (sized(b""), "no_body"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "no_body"),
    ],
)
def test_a_body_that_is_not_longer_arrives(reply: bytes, reason: str) -> None:
    """The strike is bypassed and says why."""
    talk = cuts("http_truncate", reply, bytes=len(JSON) + (b"Length" not in reply))
    assert talk.bytes_of("downstream") == reply
    assert [each["struck"][0]["reason"] for each in records(talk) if each["of"] == "reply"] == [reason]


def test_only_the_struck_reply_is_cut() -> None:
    """By its number, or by what was asked."""
    talk = cuts("http_truncate", sized(JSON), bytes=1, match="GET /b")
    assert talk.bytes_of("downstream") == sized(JSON)
    assert talk.tally().matched == 0


def test_a_struck_connection_is_cut_in_its_first_reply() -> None:
    """Where connections are counted."""
    talk = cuts("http_truncate", sized(JSON), bytes=1, on="connection", first=1)
    assert body_of(talk.bytes_of("downstream")) == JSON[:1]
