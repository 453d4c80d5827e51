"""What heads mean: what goes on, what stays, what is refused; and that what is remembered is what is meant."""

from __future__ import annotations

import pytest

from fozzy.chaos.http.heads import KNOWN_BYTES_MAX, KNOWN_MAX, Facts, Head, Known, Raw, request_head, rows_of
from fozzy.chaos.http.refusals import Refusal


def facts(*pairs: tuple[str, str], is_request: bool = True) -> Facts:
    """The facts of headers."""
    return Facts([(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs], is_request)


def head(
    target: str = "/", version: str = "1.1", method: str = "GET", headers: list[tuple[bytes, bytes]] | None = None
) -> Head:
    """The head of a request."""
    raw = Raw()
    raw.method, raw.target, raw.version = method, target.encode(), version
    raw.head = headers if headers is not None else [(b"Host", b"a")]
    return Head(raw, Known(is_request=True))


def test_order_and_spelling_stay() -> None:
    """What goes on does so as it was spelled, twice where it came twice, latin-1 included."""
    said = [("X-B", "1"), ("x-a", "\xff"), ("X-B", "2"), ("Content-Length", "3")]
    assert facts(*said).passed == said and facts(*said).text == rows_of(said)
    assert facts(*said).length == 3


def test_spaces_behind_a_value_are_no_part_of_it() -> None:
    """They are cut."""
    assert facts(("A", "b \t ")).headers == [("A", "b")]


def test_connection_names_headers_of_the_hop() -> None:
    """What Connection names stays; what frames the message is never taken away by it."""
    found = facts(
        ("Connection", "close, X-One ,content-length"), ("x-one", "1"), ("X-Two", "2"), ("Content-Length", "1")
    )
    assert found.passed == [("X-Two", "2"), ("Content-Length", "1")]


def test_what_steers_us_stays_here() -> None:
    """Control headers of a request are not passed on, and are noticed; those of an answer go on."""
    pairs = [("X-Fozzy-Chaos-Drop", "1"), ("x-aimock-chaos-drop", "1"), ("X-TEST-ID", " t ")]
    found = facts(*pairs)
    assert found.passed == [] and found.steers and found.test == "t" and len(found.headers) == 3
    assert facts(("X-Fozzy-Chaos", "x"), is_request=False).passed == [("X-Fozzy-Chaos", "x")]


@pytest.mark.parametrize("target", ["x", "*/", "http:/x", "ftp://a/b", "http://", "http://[::1/x"])
def test_targets_that_are_none(target: str) -> None:
    """A target is a path, a star or a URL of HTTP."""
    with pytest.raises(Refusal) as caught:
        head(target)
    assert caught.value.status == 400


def test_absolute_targets() -> None:
    """Path and query of a URL; a URL without a path means the root, and needs no Host."""
    assert head("http://u:p@h:1/a?b=c#d").target == "/a?b=c"
    assert head("HTTPS://h", headers=[]).target == "/"


@pytest.mark.parametrize(
    ("version", "method", "headers", "status"),
    [
        ("1.1", "GET", [], 400),
        ("1.1", "GET", [(b"Host", b"a"), (b"host", b"a")], 400),
        ("2.0", "GET", [(b"Host", b"a")], 505),
        ("0.9", "GET", [], 505),
        ("1.1", "CONNECT", [(b"Host", b"a")], 405),
        ("1.0", "POST", [(b"Transfer-Encoding", b"chunked")], 400),
        ("1.1", "POST", [(b"Host", b"a"), (b"Transfer-Encoding", b"gzip, chunked")], 501),
    ],
)
def test_what_is_refused(version: str, method: str, headers: list[tuple[bytes, bytes]], status: int) -> None:
    """Each with its status."""
    with pytest.raises(Refusal) as caught:
        head("/", version, method, headers)
    assert caught.value.status == status


def test_a_request_s_head() -> None:
    """Upstream's own host, its path before the target, the coding named once."""
    chunked = head("/x?y", method="POST", headers=[(b"Host", b"a"), (b"X", b"z"), (b"Transfer-Encoding", b"chunked")])
    assert request_head(chunked, "up:1", "/base", chunked.facts.text) == (
        b"POST /base/x?y HTTP/1.1\r\nHost: up:1\r\nX: z\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert request_head(head("*", method="OPTIONS"), "up", "/base", "") == b"OPTIONS * HTTP/1.1\r\nHost: up\r\n\r\n"


def test_what_is_known_is_bounded() -> None:
    """The same head is understood once; large ones are not kept, and of too many none is."""
    known = Known(is_request=True)
    pairs = [(b"Host", b"a")]
    assert known.of(pairs) is known.of(list(pairs))
    large = [(b"Host", b"a"), (b"X", b"y" * KNOWN_BYTES_MAX)]
    assert known.of(large) is not known.of(large)
    first = known.of(pairs)
    for n in range(KNOWN_MAX):
        known.of([(b"X", b"%d" % n)])
    assert known.of(pairs) is not first and known.of(pairs).headers == first.headers
