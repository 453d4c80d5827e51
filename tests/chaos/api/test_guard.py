"""Who may use the controls: programs of this machine, pages of their own address, and beyond it who has the token."""

from __future__ import annotations

import pytest

from fozzy.chaos.api.call import Call, Rejected
from fozzy.chaos.api.guard import Guard, fresh_token, is_loopback


def status(guard: Guard, **headers: str) -> int:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        guard.check(Call("POST", "/fozzy/enable", "", said))
    except Rejected as error:
        return error.status
    return 200


def test_browsers_are_refused_where_they_are_not_taken() -> None:
    """Toxiproxy's API takes no browser at all, ours those of its own address."""
    page = "Mozilla/5.0 (X11; Linux x86_64)"
    assert status(Guard(), host="localhost", user_agent=page) == 200
    strict = Guard(takes_browsers=False)
    assert status(strict, host="localhost", user_agent=page) == 403
    assert status(strict, host="localhost", user_agent="curl/8.5 Mozilla/5.0") == 200
    assert status(strict, host="localhost") == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:9001", 200),
        ("127.0.0.1", 200),
        ("localhost:9001", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:9001", 200),
        ("127.9.9.9", 200),
        ("evil.example", 403),
        ("evil.example:9001", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("10.0.0.1:9001", 403),
        ("0.0.0.0:9001", 403),
        ("user@127.0.0.1", 403),
        ("127.0.0.1/x", 403),
        ("127.0.0.1:x", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_on_this_machine_only_its_own_names_are_taken(host: str, expected: int) -> None:
    """A name that somebody else made to point here is refused."""
    assert status(Guard(), host=host) == expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://127.0.0.1:9001", 200),
        ("http://localhost:9001", 403),
        ("http://127.0.0.1:3000", 403),
        ("http://127.0.0.1", 403),
        ("https://127.0.0.1:9001", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_pages_of_another_origin_are_refused(origin: str, expected: int) -> None:
    """Only a page that was loaded from the controls' own address may ask."""
    assert status(Guard(), host="127.0.0.1:9001", origin=origin) == expected
    assert status(Guard(token="t" * 8, is_local=False), host="127.0.0.1:9001", origin=origin) in (expected, 401)


@pytest.mark.parametrize(
    ("site", "expected"), [("none", 200), ("same-origin", 200), ("same-site", 403), ("cross-site", 403)]
)
def test_what_a_browser_sends_for_another_site_is_refused(site: str, expected: int) -> None:
    """A browser that tells where a request comes from is believed, also for requests without an origin."""
    assert status(Guard(), host="localhost", sec_fetch_site=site) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bearer secret-token", 200),
        ("bearer secret-token", 200),
        ("Bearer  secret-token ", 200),
        ("Bearer secret-toke", 401),
        ("Bearer secret-token2", 401),
        ("Bearer", 401),
        ("Basic secret-token", 401),
        ("secret-token", 401),
        ("Bearer s\udce9cret", 401),
        (None, 401),
    ],
)
@pytest.mark.parametrize("is_local", [True, False])
def test_a_token_is_asked_for_where_there_is_one(header: str | None, expected: int, is_local: bool) -> None:
    """Without the right token nobody gets in, from wherever."""
    guard = Guard(token="secret-token", is_local=is_local)
    said = {} if header is None else {"authorization": header}
    assert status(guard, host="localhost", **said) == expected


def test_beyond_this_machine_any_name_will_do() -> None:
    """Under which name others reach it is not known here; a page that guesses it lacks the token."""
    guard = Guard(token="secret-token", is_local=False)
    assert status(guard, host="proxy:9001", authorization="Bearer secret-token") == 200
    assert status(guard, host="proxy:9001") == 401


def test_addresses_of_this_machine_alone() -> None:
    """Loopback is known as an address and as a name."""
    assert [
        host for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "10.1.1.1", "x") if is_loopback(host)
    ] == [
        "127.0.0.1",
        "::1",
        "localhost",
    ]


def test_tokens_are_long_and_differ() -> None:
    """A token that is made up cannot be guessed."""
    tokens = {fresh_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {48}
