"""An answer of ours is a whole HTTP message that fits to its request."""

from __future__ import annotations

import pytest

from fozzy.faults.tcp.kinds.http_answer import answer, error_body, with_type
from fozzy.faults.tcp.message import Message
from tests.faults.tcp.kinds.speaking import GET, Reply


def test_a_status_without_a_name_is_an_answer_too() -> None:
    """529 has no words."""
    made = answer(Message("upstream", "request", "GET /a", 1, 0), GET, 529, {}, b"x")
    assert made.data.startswith(b"HTTP/1.1 529 \r\n")
    assert (Reply(made.data).body, made.ends, made.said) == (b"x", False, "answered 529")


@pytest.mark.parametrize(("body", "kind"), [("[1]", "application/json"), ("[1", "text/plain; charset=utf-8")])
def test_the_type_of_a_body_follows_from_it(body: str, kind: str) -> None:
    """Unless a header says it, in any case."""
    assert with_type({}, body) == {"Content-Type": kind}
    assert with_type({"content-TYPE": "x"}, body) == {"content-TYPE": "x"}


def test_an_error_says_that_a_fault_made_it() -> None:
    """In the words of the other doors."""
    assert error_body("c", "m") == b'{"error":{"code":"c","message":"m","type":"chaos"},"detail":"m"}'
