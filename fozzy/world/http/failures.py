"""What the libraries and the system say when an exchange fails, as failures. Imports httpx: only where it is used.

Rule 1: refused, reset, TLS, DNS, a short body, nonsense and a head without end are told apart by their causes; the
libraries wrap what the system said, so every cause is looked at.
Rule 2: a message names the peer, and never the user and password that may stand before it.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from fozzy.world.failure import Failure, FailureKind
from fozzy.world.http.base import HttpRequest

CAUSES_MAX = 64  # how far an error is followed to what caused it
HEAD_BYTES_MAX = 100 * 1024  # what httpcore lets h11 gather of a head, or of the line before a chunk

# The first cause in this order decides.
_KIND_OF_CAUSE: tuple[tuple[type[BaseException], FailureKind], ...] = (
    (socket.gaierror, "dns"),
    (ssl.SSLError, "tls"),
    (ConnectionRefusedError, "refused"),
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
    (TimeoutError, "timeout"),
    (httpx.ConnectError, "io"),
    (httpx.ReadError, "reset"),
    (httpx.WriteError, "reset"),
    (httpx.UnsupportedProtocol, "protocol"),
    (httpx.ProtocolError, "protocol"),
    (httpx.InvalidURL, "protocol"),
    (OSError, "io"),
    (ValueError, "protocol"),
)
# How h11 and httpcore say what their exceptions do not tell apart.
_KIND_OF_WORDS: tuple[tuple[re.Pattern[str], FailureKind], ...] = (
    (re.compile("message body|incomplete chunked read"), "short_body"),
    (re.compile("disconnected|peer closed"), "reset"),
    (re.compile("buffer too long"), "limit"),
)
# OpenSSL's numbers of what is wrong with a certificate (openssl-verification-options), where it has better words.
_CERTIFICATE: dict[int, str] = {
    9: "it is not yet valid",
    10: "it has expired",
    18: "it is self-signed",
    19: "it comes from an authority that is self-signed and unknown",
    20: "the authority that issued it is unknown",
    62: "it is for another host",
    64: "it is for another host",
}
_SENTENCES: dict[FailureKind, str] = {
    "dns": "the host of {peer} cannot be found: {said}",
    "refused": "nobody listens on {peer}",
    "tls": "there is no secure connection to {peer}: {said}",
    "reset": "{peer} ended the connection before its answer was whole: {said}",
    "short_body": "{peer} ended the connection in the middle of the body: {said}",
    "protocol": "the exchange with {peer} breaks the protocol: {said}",
    "limit": f"the head of the answer from {{peer}} is larger than {HEAD_BYTES_MAX} bytes, which is the most that is "
    "read and cannot be raised; more than that was seen",
}


def failure_of(request: HttpRequest, error: Exception, status: int) -> Failure:
    """Why an exchange failed; `status` is not 0 when the head of the answer had come."""
    causes = list(_causes(error))
    for cause_type, kind in _KIND_OF_CAUSE:
        for cause in causes:
            if isinstance(cause, cause_type):
                return _told(request, _refined(kind, cause, status), cause)
    return _told(request, "io", error)


def peer_of(request: HttpRequest) -> str:
    """Whom the request goes to; without a user and password that may stand before it."""
    try:
        return urlsplit(request.url).netloc.rpartition("@")[2] or repr(request.url)
    except ValueError:
        return repr(request.url)


def _refined(kind: FailureKind, cause: BaseException, status: int) -> FailureKind:
    if kind == "tls" and status:
        return "short_body"  # the secure connection was there, and ended without a goodbye
    if isinstance(cause, httpx.RemoteProtocolError):
        for words, finer in _KIND_OF_WORDS:
            if words.search(str(cause)):
                return finer
    return kind


def _told(request: HttpRequest, kind: FailureKind, cause: BaseException) -> Failure:
    said = str(cause) or type(cause).__name__
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = _CERTIFICATE.get(cause.verify_code, cause.verify_message)
        said = f"its certificate is not trusted, {why}"
    elif isinstance(cause, ssl.SSLError):
        said = f"it does not speak TLS as we do, {(cause.reason or 'no handshake').lower().replace('_', ' ')}"
    sentence = _SENTENCES.get(kind, "the exchange with {peer} failed: {said}")
    return Failure(kind, sentence.format(peer=peer_of(request), said=said))


def _causes(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException] = [error]
    for _ in range(CAUSES_MAX):
        if not waiting:
            return
        cause = waiting.pop(0)
        yield cause
        waiting += [further for further in (cause.__cause__, cause.__context__) if further is not None]
        if isinstance(cause, BaseExceptionGroup):
            waiting += cause.exceptions
