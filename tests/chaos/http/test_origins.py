"""Whom a URL means."""

from __future__ import annotations

import pytest

from fozzy.chaos.http.origins import Origin, origin_of
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
