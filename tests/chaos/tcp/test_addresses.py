"""A server is named by its address or by its URL; a proxy's URL is the server's with another address."""

from __future__ import annotations

import pytest

from fozzy.chaos.tcp.addresses import Target, target_of, url_at
from fozzy.errors import UsageError
from fozzy.faults.tcp.plan import Protocol


@pytest.mark.parametrize(
    ("upstream", "address", "protocol"),
    [
        ("127.0.0.1:6379", "127.0.0.1:6379", "raw"),
        ("[::1]:6379", "[::1]:6379", "raw"),
        ("redis://127.0.0.1/3", "127.0.0.1:6379", "redis"),
        ("rediss://127.0.0.1", "127.0.0.1:6379", "raw"),
        ("postgresql+psycopg://u:p@db/x", "db:5432", "postgres"),
        ("http://[::1]:8000/a", "[::1]:8000", "http"),
        ("tcp://a:1", "a:1", "raw"),
    ],
)
def test_a_server_is_an_address_or_a_url(upstream: str, address: str, protocol: Protocol) -> None:
    """A URL also says what is spoken, unless the call does."""
    assert target_of(upstream) == Target(address, protocol, upstream if "://" in upstream else "")
    assert target_of(upstream, "http").protocol == "http"


@pytest.mark.parametrize(
    "upstream", ["", "a", "a:0", "a:b", "tcp://a", "smtp://a:1", "redis://", "redis://:pw@/0", "redis://a:99999"]
)
def test_what_is_no_server_is_refused(upstream: str) -> None:
    """A port must be known; nothing of a URL is shown, since it may hold a password."""
    with pytest.raises(UsageError) as caught:
        target_of(upstream)
    assert caught.value.code == "usage.bad_value" and "pw" not in caught.value.message


@pytest.mark.parametrize(
    ("like", "protocol", "url"),
    [
        ("", "raw", "tcp://127.0.0.1:7"),
        ("", "redis", "redis://127.0.0.1:7"),
        ("redis://u:p%40@h:1/3?x=1", "redis", "redis://u:p%40@127.0.0.1:7/3?x=1"),
        ("postgresql://h/x", "postgres", "postgresql://127.0.0.1:7/x"),
    ],
)
def test_a_proxys_url_is_the_servers_with_its_own_address(like: str, protocol: Protocol, url: str) -> None:
    """User, path and query stay."""
    assert url_at("127.0.0.1", 7, protocol, like) == url


def test_an_address_of_ipv6_has_its_brackets() -> None:
    """As URLs want it."""
    assert url_at("::1", 7, "http") == "http://[::1]:7"
