"""Whom a URL means."""

from __future__ import annotations

import pytest

from fozzy.chaos.http.origins import Origin, is_own, origin_of
from fozzy.errors import InputError


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://a", Origin("a", 80, False, "a", "")),
        ("https://a.test/", Origin("a.test", 443, True, "a.test", "")),
        ("http://127.0.0.1:9000/base/", Origin("127.0.0.1", 9000, False, "127.0.0.1:9000", "/base")),
        ("http://[::1]:80/v1", Origin("::1", 80, False, "[::1]:80", "/v1")),
    ],
)
def test_what_a_url_means(url: str, origin: Origin) -> None:
    """Host, port, authority and path."""
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url", ["", "a:80", "ftp://a", "http://", "http://a:x", "http://a:99999", "http://a?b", "http://a#b", "http://u@a"]
)
def test_urls_that_cannot_be_asked(url: str) -> None:
    """Each is an error that names it."""
    with pytest.raises(InputError) as caught:
        origin_of(url)
    assert caught.value.code == "chaos.upstream" and f'"{url}"' in caught.value.message


@pytest.mark.parametrize(
    ("url", "host", "port", "own"),
    [
        ("http://127.0.0.1:80", "127.0.0.1", 80, True),
        ("http://127.0.0.1", "127.0.0.1", 80, True),
        ("https://127.0.0.1", "127.0.0.1", 443, True),
        ("http://localhost:81", "127.0.0.1", 81, True),
        ("http://LOCALHOST:81", "::1", 81, True),
        ("http://127.0.0.1:81", "localhost", 81, True),
        ("http://[::1]:81", "localhost", 81, True),
        ("http://127.0.0.1:81", "0.0.0.0", 81, True),
        ("http://127.0.0.9:81", "0.0.0.0", 81, True),
        ("http://0.0.0.0:81", "127.0.0.1", 81, True),
        ("http://[::1]:81", "::", 81, True),
        ("http://a.test:81", "A.test", 81, True),
        ("http://127.0.0.1:82", "127.0.0.1", 81, False),
        ("http://127.0.0.1:81", "127.0.0.1", 0, False),
        ("http://127.0.0.2:81", "127.0.0.1", 81, False),
        ("http://[::1]:81", "127.0.0.1", 81, False),
        ("http://127.0.0.1:81", "::", 81, False),
        ("http://a.test:81", "127.0.0.1", 81, False),
    ],
)
def test_who_would_ask_itself(url: str, host: str, port: int, own: bool) -> None:
    """The same port, and a host that surely is the same; two addresses of this machine may be two services."""
    assert is_own(origin_of(url), host, port) is own
