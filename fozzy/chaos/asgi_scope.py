"""ASGI's scopes and the engine's requests: what one is as the other, and what an application gets to see."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from fozzy.chaos.passage import Passage
from fozzy.core.exchange import Headers
from fozzy.faults.http.decision import Close, Cut, EndStream, Seen
from fozzy.faults.http.headers import is_control

# What lets an application send past us.
BYPASSES = frozenset(("http.response.pathsend", "http.response.zerocopysend", "http.response.trailers"))

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def is_beyond_us(passage: Passage) -> bool:
    """Whether what is planned is nothing that an application can do to its connection."""
    action = passage.action
    if isinstance(action, Close) and action.at in ("accept", "before-response"):
        return True
    return isinstance(action, Close | Cut | EndStream) and action.how == "rst"


def seen_of(scope: Scope, held: deque[Message], is_whole: bool, most: int) -> Seen:
    """The request as the engine sees it, with at most so many bytes of its body."""
    body = b"".join(message.get("body", b"") for message in held)
    headers = pairs_of(scope["headers"])
    lengths = [value for name, value in headers if name.lower() == "content-length" and value.isdecimal()]
    size = len(body) if is_whole else int(lengths[0]) if lengths else None
    chunked = any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers)
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    client = scope.get("client") or ("", 0)
    target = f"{path}?{query}" if query else path
    return Seen(scope["method"], target, headers, body[:most], size, chunked, str(client[0]))


def raw_of(pairs: Headers) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI wants them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def inner_of(scope: Scope, outgoing: Callable[[Headers], Headers] | None) -> Scope:
    """The scope as the application sees it: without headers that are for us, and without ways past us."""
    kept = [pair for pair in pairs_of(scope["headers"]) if not is_control(pair[0])]
    extensions = {key: value for key, value in (scope.get("extensions") or {}).items() if key not in BYPASSES}
    return {**scope, "headers": raw_of(kept if outgoing is None else outgoing(kept)), "extensions": extensions}


def pairs_of(headers: Any) -> Headers:
    """Headers as we have them."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
