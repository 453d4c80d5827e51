"""HTTP as questions and answers: header names have no case, upgrades are told apart."""

from __future__ import annotations

import msgspec
import pytest

from fozzy.core.blob import Blob
from fozzy.world.failure import Failure
from fozzy.world.http.base import HttpAnswer, HttpRequest


def test_headers_are_found_without_case_and_joined() -> None:
    """A header is found whatever its case; several of a name are joined in order; none is none."""
    answer = HttpAnswer(headers=[("Set-A", "1"), ("other", "x"), ("SET-a", "2"), ("Empty", "")])
    assert answer.header("set-a") == "1, 2" and answer.header("EMPTY") == "" and answer.header("no") is None


@pytest.mark.parametrize(
    ("url", "headers", "upgrade"),
    [
        ("/a", [], False),
        ("/a", [("Upgrade", "websocket")], True),
        ("/a", [("upgrade", "WebSocket")], True),
        ("/a", [("Upgrade", "h2c")], False),
        ("/a", [("X-Upgrade", "websocket")], False),
        ("ws://h/a", [], True),
        ("wss://h/a", [], True),
        ("http://h/ws://", [], False),
    ],
)
def test_an_upgrade_is_told_apart(url: str, headers: list[tuple[str, str]], upgrade: bool) -> None:
    """A websocket is asked for by its scheme or by the upgrade header, in any case."""
    assert HttpRequest(method="GET", url=url, headers=headers).is_upgrade() is upgrade


def test_an_answer_survives_a_trace() -> None:
    """An answer is the same after a trip through JSON, also one that failed on the way."""
    answer = HttpAnswer(status=200, headers=[("a", "b")], body=Blob.of(b"\xff\x00"), failure=Failure("limit", "m"))
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(answer)), HttpAnswer) == answer
