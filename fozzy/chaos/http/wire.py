"""How the proxy behaves on the wire whatever the plan says: where it listens, whom it asks, and every limit it keeps."""

from __future__ import annotations

import msgspec


class Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits. Each has one outcome, which the comment names; a limit that is none does not exist."""

    header_bytes_max: int = 65536  # 431 beyond, and the end of the connection
    headers_max: int = 256  # 431
    request_bytes_max: int | None = None  # 413, and the end of the connection
    connections_max: int = 4096  # 503, and the end of the connection
    header_timeout_s: float = 30  # from the first byte of a head to its last: 408
    idle_timeout_s: float = 75  # without a request: the connection is closed
    body_idle_timeout_s: float = 60  # without a byte of a body: 408 of a request, the end of an answer
    connect_timeout_s: float = 10  # 502
    answer_timeout_s: float = 300  # from the request's last byte to the answer's head: 504
    record_bytes_max: int = 8 << 20  # longer bodies are relayed whole and not recorded
    drain_s: float = 5  # what requests in flight get when the proxy is stopped


class Listening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to listen. Port 0: one that is free. With `tls_cert`, PEM files, it speaks TLS and nothing else."""

    host: str = "127.0.0.1"
    port: int = 0
    tls_cert: str | None = None
    tls_key: str | None = None  # none: the key stands in the file of the certificate


class Upstream(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to ask where neither route nor plan say it, and whose certificates are believed."""

    url: str | None = None
    verify: bool = True
    ca: str | None = None  # a file of certificates, in place of the system's
