"""Heads of HTTP/1.1 messages: where one ends, what it is about, how the body behind it is framed (RFC 9112).

Read as most servers and clients read them: a lone LF ends a line too, `Transfer-Encoding` counts more than a length. What
leaves doubt where a message ends is refused (`BadHead`); nobody could say what the other side makes of it.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

from fozzy.faults.http.events import kind_of
from fozzy.faults.tcp.message import Body

ABOUT_CHARS_MAX = 200
LENGTH_DIGITS_MAX = 18
KNOWN_HEADS_MAX = 256  # clients and servers say the same again and again
KNOWN_HEAD_BYTES_MAX = 2048  # a longer one is not remembered
INTERIM = range(100, 200)
BODILESS = (204, 304)
NO_BODY = Body("none")
TO_THE_END = Body("close")
CHUNKED = Body("chunked")
EVENTS_CHUNKED = Body("chunked", is_stream=True)

KEYED = "idempotency-key"  # a request that has one may come twice

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_REQUEST = re.compile(rb"[\r\n]*(" + _TOKEN + rb"{1,64}) ([^ \t\r\n]+) HTTP/1\.([0-9])\r?\n")
_REPLY = re.compile(rb"[\r\n]*HTTP/1\.([0-9]) ([1-9][0-9][0-9])(?: [^\r\n]*)?\r?\n")
_REQUEST_BEGUN = re.compile(rb"[\r\n]*(?:" + _TOKEN + rb"{1,64}(?: [^\r\n]*\r?)?)?\Z")
_REPLY_BEGUN = re.compile(rb"[\r\n]*(?:H|HT|HTT|HTTP|HTTP/|HTTP/1|HTTP/1\.[^\r\n]*\r?)?\Z")
_BLANK = re.compile(rb"[\r\n]*")
_FOLDED = re.compile(rb"\r?\n[ \t]+")
_FIELD = re.compile(  # its beginning is a class, so that the search for it is fast
    rb"\n([cte](?:ontent-(?:length|type|encoding)|onnection|ransfer-encoding|xpect))[ \t]*:[ \t]*([^\r\n]*)"
)
_KEYED = re.compile(rb"\n" + KEYED.encode() + rb"[ \t]*:[ \t]*[^ \t\r\n]", re.IGNORECASE)
_WAIT = re.compile(rb"\n(retry-after|date)[ \t]*:[ \t]*([ -~]{1,40}?)[ \t]*(?=\r?\n)", re.IGNORECASE)
_TARGET = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?([^?#]*)")

Fields = dict[bytes, bytes]


class BadHead(ValueError):
    """It cannot be told what this is or where it ends."""


class Request(NamedTuple):
    """The head of a request. `about` is the method and the path: a query may hold what is nobody's business."""

    about: str
    body: Body
    is_kept: bool  # the connection goes on after its reply
    is_waiting: bool  # its body is sent only when it is told to go on
    said: str = ""  # `idempotency-key` where it has one


class Reply(NamedTuple):
    """The head of a reply."""

    status: int
    body: Body
    said: str = ""  # the status, and how many seconds a client is asked to wait


def end_of(data: bytes, start: int) -> int:
    """Where the head that is at the beginning ends, -1 where its end is not there. Before `start` there is none."""
    if data[:1] in b"\r\n":
        start = max(start, blank(data))
    long, short = data.find(b"\n\r\n", start), data.find(b"\n\n", start)
    if long < 0:
        return short + 2 if short >= 0 else -1
    return short + 2 if 0 <= short < long else long + 3


def blank(data: bytes) -> int:
    """How many ends of lines it begins with; those before a head belong to it."""
    found = _BLANK.match(data)
    return 0 if found is None else found.end()


def may_be_request(data: bytes) -> bool:
    """Whether a request can still begin so."""
    return _REQUEST.match(data) is not None or _REQUEST_BEGUN.match(data) is not None


def may_be_reply(data: bytes) -> bool:
    """Whether a reply can still begin so."""
    return _REPLY.match(data) is not None or _REPLY_BEGUN.match(data) is not None


def request_of(head: bytes) -> Request:
    """The head of a request. *Errors*: `BadHead`."""
    return _known_request(head) if len(head) <= KNOWN_HEAD_BYTES_MAX else _request_of(head)


def reply_of(head: bytes, asked: str) -> Reply:
    """The head of a reply to what was asked. *Errors*: `BadHead`."""
    is_head = asked.startswith("HEAD ")
    return _known_reply(head, is_head) if len(head) <= KNOWN_HEAD_BYTES_MAX else _reply_of(head, is_head)


def _request_of(head: bytes) -> Request:
    line = _REQUEST.match(head)
    if line is None:
        raise BadHead("not HTTP/1.1")
    method, target, minor = line.groups()
    fields = fields_of(head, line.end() - 1)
    about = f"{method.decode()} {path_of(target.decode('latin-1'))}"[:ABOUT_CHARS_MAX]
    said = KEYED if _KEYED.search(head) else ""
    if not fields:
        return Request(about, NO_BODY, minor != b"0", False, said)
    is_waiting = fields.get(b"expect", b"").rstrip() == b"100-continue"
    return Request(about, _request_body(fields), _is_kept(minor, fields), is_waiting, said)


def _reply_of(head: bytes, is_head: bool) -> Reply:
    line = _REPLY.match(head)
    if line is None:
        raise BadHead("not HTTP/1.1")
    status = int(line[2])
    said = f"{status}{_wait(head)}"
    if status in INTERIM or status in BODILESS or is_head:
        return Reply(status, NO_BODY, said)
    return Reply(status, _reply_body(fields_of(head, line.end() - 1)), said)


def _wait(head: bytes) -> str:
    """What `Retry-After` asks for in seconds; a date is measured from the reply's own (RFC 9110, 10.2.3)."""
    fields = {name.lower(): value.decode() for name, value in _WAIT.findall(head)}
    asked = fields.get(b"retry-after", "")
    if asked.isdigit():
        return f" retry_after={int(asked)}"
    try:
        later, now = parsedate_to_datetime(asked), parsedate_to_datetime(fields[b"date"])
        return f" retry_after={max(0, round((later - now).total_seconds()))}"
    except (KeyError, TypeError, ValueError, OverflowError):
        return ""


_known_request = lru_cache(maxsize=KNOWN_HEADS_MAX)(_request_of)
_known_reply = lru_cache(maxsize=KNOWN_HEADS_MAX)(_reply_of)


def fields_of(head: bytes, start: int) -> Fields:
    """The fields that framing depends on, all in small letters, from the end of the first line on."""
    head = head.lower()
    if b"\n " in head or b"\n\t" in head:
        head = head[: start + 1] + _FOLDED.sub(b" ", head[start + 1 :])
    found = _FIELD.findall(head, start)
    fields: Fields = dict(found)
    if len(fields) < len(found):
        return {name: b", ".join(value for each, value in found if each == name) for name in fields}
    return fields


def path_of(target: str) -> str:
    """A target without scheme, authority and query."""
    if target.startswith("/"):
        return target.partition("?")[0].partition("#")[0]
    found = _TARGET.match(target)
    return (found[1] if found else "") or "/"


def with_length(head: bytes, length: int) -> bytes:
    """A head that says another length, spelled as it was."""
    return re.sub(rb"(?i)(\ncontent-length[ \t]*:[ \t]*)[^\r\n]*", rb"\g<1>%d" % length, head)


def _is_kept(minor: bytes, fields: Fields) -> bool:
    value = fields.get(b"connection", b"keep-alive")
    if value == b"keep-alive":
        return minor != b"0" or b"connection" in fields
    said = [each.strip() for each in value.split(b",")]
    return b"close" not in said and (minor != b"0" or b"keep-alive" in said)


def _request_body(fields: Fields) -> Body:
    codings = fields.get(b"transfer-encoding")
    if codings is not None:
        if not _is_chunked(codings):
            raise BadHead("a request of unknown length")
        return CHUNKED
    length = fields.get(b"content-length")
    size = 0 if length is None else _length(length)
    return Body("sized", size) if size else NO_BODY


def _reply_body(fields: Fields) -> Body:
    is_stream = _is_stream(fields)
    codings, length = fields.get(b"transfer-encoding"), fields.get(b"content-length")
    if codings is not None:
        if _is_chunked(codings):
            return EVENTS_CHUNKED if is_stream else CHUNKED
        return TO_THE_END
    if length is not None:
        return Body("sized", _length(length), is_stream)
    return Body("close", 0, True) if is_stream else TO_THE_END


def _is_stream(fields: Fields) -> bool:
    """Whether it is a stream of events that can be read: compressed ones are not."""
    said = fields.get(b"content-type")
    if said is None or not said.startswith(b"text/event-stream") or kind_of(said.decode("latin-1")) != "sse":
        return False
    return fields.get(b"content-encoding", b"identity").rstrip() in (b"identity", b"")


def _is_chunked(codings: bytes) -> bool:
    return codings.split(b",")[-1].strip() == b"chunked"


def _length(said: bytes) -> int:
    length, *more = {each.strip() for each in said.split(b",")}
    if more or not length.isdigit() or len(length) > LENGTH_DIGITS_MAX:
        raise BadHead("no length, or several")
    return int(length)
