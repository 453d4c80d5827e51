"""What all effects are: an answer around the true one."""

from __future__ import annotations

from fozzy.chaos.http.answers import Answer
from fozzy.chaos.http.turn import Turn
from fozzy.core.exchange import Headers


class Effect(Answer):
    """An answer around the true one, the same but for what a subclass changes; by itself it only hears."""

    def __init__(self, inner: Answer, turn: Turn) -> None:
        self.inner = inner
        self.turn = turn
        self.status, self.reason, self.version = inner.status, inner.reason, inner.version
        self.headers, self.rows = inner.headers, inner.rows
        self.length, self.says_length = inner.length, inner.says_length
        self.chunked, self.has_body = inner.chunked, inner.has_body

    async def piece(self) -> bytes:
        return await self.heard()

    async def heard(self) -> bytes:
        """The next piece of the true answer."""
        piece = await self.inner.piece()
        if piece:
            self.turn.heard(piece)
        return piece

    @property
    def trailers(self) -> Headers:
        return self.inner.trailers
