"""What a head means: framing, what is for us alone, what goes on (RFC 9112, RFC 9110 7.6.1).

Rule 1: where a message ends must be beyond doubt; the parser refuses what is ambiguous, and here the rest is refused.
Rule 2: headers of one hop (the fixed ones, and those `Connection` names) stay on their hop, and so do headers that
steer us (`X-Fozzy-*`, `X-AIMock-*`, `X-Test-Id`). All others go on, in order and as spelled.
Rule 3: the proxy adds nothing of itself: no `Via`, no `X-Forwarded-*`. `Host` is upstream's own, as upstream expects it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fozzy.chaos.http.refusals import Refusal
from fozzy.core.exchange import Headers

CONTROL = ("x-fozzy-", "x-aimock-")
TEST_ID = "x-test-id"
KNOWN_MAX = 256  # heads whose meaning is remembered: clients say the same ones again and again
KNOWN_BYTES_MAX = 4096  # of one that is
# Headers of one hop; of the others those that say something about framing or for us.
_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade", "proxy-authorization")
)
_OF_REQUESTS = frozenset((*_HOP, "host", "content-length", "expect", TEST_ID))
_OF_ANSWERS = frozenset((*_HOP, "content-length")) - {"proxy-authorization"}
_USUAL = frozenset(("close", "keep-alive", "upgrade", "te", ""))  # of Connection: what says nothing about a header

Pairs = list[tuple[bytes, bytes]]


class Raw:
    """A message as the parser tells it, while it comes."""

    method = ""
    target = b""
    status = 0
    reason = b""
    version = ""
    keeps = False
    upgrades = False
    has_head = False
    is_done = False
    is_large = False  # the head is beyond what is allowed

    def __init__(self) -> None:
        self.head: Pairs = []
        self.trailers: Pairs = []
        self.pieces: list[bytes] = []

    def head_bytes(self) -> int:
        """How large the head was, the spaces around values left out."""
        line = len(self.method) + len(self.target) + len(self.reason) + 14
        return line + size_of(self.head)


def size_of(head: Pairs) -> int:
    """The bytes of all headers."""
    return sum(len(name) + len(value) + 4 for name, value in head)


class Facts:
    """What headers say: all of them as they came, those that go on, and what framing and connection come to.

    Shared by messages that say the same, so nobody changes one.
    """

    chunked = False
    length: int | None = None
    host: str | None = None
    expect = ""
    test = ""
    upgrade = ""
    steers = False  # a header is for us

    def __init__(self, raw: Pairs, is_request: bool) -> None:
        """*Errors*: `Refusal` for what makes no sense; of an answer its status is of no use."""
        read = _OF_REQUESTS if is_request else _OF_ANSWERS
        headers: Headers = []
        passed: Headers = []
        self.headers = headers
        self._named: frozenset[str] = frozenset()
        for raw_name, raw_value in raw:
            name = raw_name.decode("latin-1")
            value = raw_value.decode("latin-1").rstrip(" \t")  # the parser keeps what follows a value
            headers.append((name, value))
            low = name.lower()
            if low in read:
                if self._read(low, value):
                    passed.append(headers[-1])
            elif is_request and low.startswith(CONTROL):
                self.steers = True
            else:
                passed.append(headers[-1])
        named = self._named
        self.passed = [pair for pair in passed if pair[0].lower() not in named] if named else passed
        self.text = rows_of(self.passed)

    def _read(self, low: str, value: str) -> bool:
        """Take in a header that means something here. Whether it goes on."""
        if low == "content-length":
            self.length = int(value)  # the parser has refused all that is no number, and a second one
            return True
        if low == "host":
            if self.host is not None:
                raise Refusal(400, "bad_request", "the request has two Host headers")
            self.host = value
        elif low == "transfer-encoding":
            if value.lower() != "chunked":
                raise Refusal(501, "transfer_encoding", f'the transfer coding "{value}" is not understood')
            self.chunked = True
        elif low == "connection":
            tokens = {token.strip().lower() for token in value.split(",")}
            self._named |= tokens - _USUAL - {"content-length"}
        elif low in ("upgrade", "expect"):
            setattr(self, low, value)
        elif low == TEST_ID:
            self.test = self.test or value.strip()  # the engine says what is wrong with two of them
        return False


class Known:
    """The facts of heads that came before. *Limits*: `KNOWN_MAX`; where there are more it begins anew."""

    def __init__(self, is_request: bool) -> None:
        self._is_request = is_request
        self._facts: dict[tuple[tuple[bytes, bytes], ...], Facts] = {}

    def of(self, raw: Pairs) -> Facts:
        """What headers say. *Errors*: `Refusal`."""
        key = tuple(raw)
        facts = self._facts.get(key)
        if facts is None:
            facts = Facts(raw, self._is_request)
            if size_of(raw) <= KNOWN_BYTES_MAX:
                if len(self._facts) >= KNOWN_MAX:
                    self._facts.clear()
                self._facts[key] = facts
        return facts


class Head:
    """A request's head. `target` is path and query, `keeps` whether the client would go on after the answer."""

    def __init__(self, raw: Raw, known: Known) -> None:
        """*Errors*: `Refusal` for what HTTP/1.1 does not allow, or what we do not do."""
        self.method = raw.method
        self.version = raw.version
        if raw.version != "1.1" and raw.version != "1.0":
            raise Refusal(505, "http_version", f"HTTP/{raw.version} is not spoken here")
        if raw.method == "CONNECT":
            raise Refusal(405, "connect_refused", "this is a reverse proxy: it opens no tunnels")
        self.facts = facts = known.of(raw.head)
        host, target = facts.host, raw.target.decode("latin-1")
        if target[:1] != "/" and target != "*":
            host, target = _of_absolute(target)
        self.target = target
        if host is None and raw.version == "1.1":
            raise Refusal(400, "bad_request", "the request has no Host header")
        if facts.chunked and raw.version == "1.0":
            raise Refusal(400, "bad_request", "HTTP/1.0 has no chunks")
        self.keeps = raw.keeps
        self.upgrade = facts.upgrade if raw.upgrades else ""
        self.expects_continue = bool(facts.expect) and raw.version == "1.1" and facts.expect.lower() == "100-continue"


def _of_absolute(target: str) -> tuple[str, str]:
    """Host and origin form of an absolute target; its authority replaces what Host said (RFC 9112 3.2.2)."""
    try:
        parts = urlsplit(target)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        raise Refusal(400, "bad_request", f'the target "{target}" is neither a path nor a URL')
    path = parts.path or "/"
    return parts.netloc.rpartition("@")[2], f"{path}?{parts.query}" if parts.query else path


def rows_of(headers: Headers) -> str:
    """Headers as they stand in a head."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers])


def request_head(head: Head, host: str, prefix: str, rows: str) -> bytes:
    """The head that goes to upstream, with these headers; `prefix` is the path of upstream's own URL."""
    target = prefix + head.target if head.target != "*" else "*"
    if head.facts.chunked:
        rows += "Transfer-Encoding: chunked\r\n"
    if head.upgrade:
        rows += f"Connection: Upgrade\r\nUpgrade: {head.upgrade}\r\n"
    return f"{head.method} {target} HTTP/1.1\r\nHost: {host}\r\n{rows}\r\n".encode("latin-1")


def trailer_rows(raw: Pairs) -> Headers:
    """Trailers as they came, those that may not be trailers left out: framing and what steers us."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1").rstrip(" \t")) for name, value in raw]
    return [pair for pair in pairs if pair[0].lower() not in _OF_REQUESTS and not pair[0].lower().startswith(CONTROL)]
