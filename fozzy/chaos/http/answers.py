"""Answers: what an answer is wherever it comes from. It has a head and gives its body piece by piece, as it comes."""

from __future__ import annotations

from typing import Literal

from fozzy.core.exchange import Headers

Ended = Literal["whole", "short", "fin", "rst"]


class Answer:
    """An answer as it comes. `passed` are the headers that go on, `text` the same as they stand in a head.

    `length` is of the body, none where it is not known; `has_body` tells that there can be none.
    `whole`: the body, where all of it is there and it need not be asked for piece by piece.
    """

    status = 200
    reason = "OK"
    version = "1.1"
    headers: Headers
    passed: Headers
    text: str
    length: int | None = None
    says_length = False  # a header tells it
    chunked = False
    has_body = True
    whole: bytes | None = None
    ended: Ended | None = None  # once the body has; none while it comes, or when nobody read it to its end

    async def piece(self) -> bytes:
        """More of the body, nothing at its end. *Errors*: `UpstreamFailed` when it ends too early."""
        raise NotImplementedError

    @property
    def trailers(self) -> Headers:
        """Once the body has ended."""
        return []
