"""What a stand-in says and was asked is in two files that outlive it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.services.standins.state import ASKED, BROKEN, WHOLE, State


def test_requests_and_their_ends(tmp_path: Path) -> None:
    """Each has a number that goes on in another life, its body as a document where it is one, and its end."""
    first = State(tmp_path)
    first.end(first.begin(1, "POST", "/a", {"host": "x", "x-api-key": "k"}, b'{"a": 1}'), WHOLE)
    second = State(tmp_path)
    begun = second.begin(1, "POST", "/b", {}, b"\xff{")
    second.end(begun, WHOLE)
    second.end(begun, BROKEN)
    assert second.begin(2, "GET", "/c", {}, b"").number == 3
    seen = [(each.number, each.body, each.ended) for each in State(tmp_path).asked()]
    assert seen == [(1, {"a": 1}, WHOLE), (2, "\ufffd{", BROKEN), (3, None, "")]
    assert first.asked()[0].headers == {"host": "x", "x-api-key": "<redacted>"}


def test_what_it_says_is_added_to_and_cleared(tmp_path: Path) -> None:
    """What was said before stays; a line that is half written is no request."""
    state = State(tmp_path)
    state.say(text="a")
    state.say(crlf=True)
    assert State(tmp_path).said() == {"text": "a", "crlf": True}
    state.begin(1, "GET", "/", {}, b"")
    with (tmp_path / ASKED).open("ab") as file:
        file.write(b'{"number":1,"ended')
    assert len(state.asked()) == 1
    state.clear()
    assert (state.said(), state.asked(), state.begin(1, "GET", "/", {}, b"").number) == ({}, [], 1)


@pytest.mark.parametrize("again", [False, True])
def test_what_ends_after_it_was_cleared_is_forgotten(tmp_path: Path, again: bool) -> None:
    """It is taken for no other request, which may have its number, and the file can be read."""
    state, outside = State(tmp_path), State(tmp_path)
    old = [state.begin(1, "GET", "/old", {}, b"") for _ in range(2)]
    outside.clear()
    if again:
        state.begin(1, "GET", "/new", {}, b"")
    for each in old:
        state.end(each, BROKEN)
    assert [(each.number, each.target, each.ended) for each in outside.asked()] == ([(1, "/new", "")] if again else [])
    assert state.begin(1, "GET", "/next", {}, b"").number == 1 + again
