"""The history of a cluster: what its clients asked, when, and what they were told."""

from __future__ import annotations

from typing import Any

import msgspec


class Operation(msgspec.Struct, kw_only=True):
    """One call of a client. It is open until `end_ns` is set: it may have happened or not."""

    client: str
    node: str
    op: str
    args: Any
    start_ns: int
    end_ns: int | None = None
    value: Any = None
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it came back without an error."""
        return self.end_ns is not None and not self.error
