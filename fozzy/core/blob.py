"""Bytes that stay readable in JSON: as text when they are UTF-8, as base64 when they are not."""

from __future__ import annotations

import base64

import msgspec


class Blob(msgspec.Struct, frozen=True, omit_defaults=True):
    """Bytes as they are written to a trace; exactly one of the two fields is set, or none for no bytes at all."""

    text: str = ""
    base64: str = ""

    @classmethod
    def of(cls, data: bytes) -> Blob:
        """The readable form of `data`."""
        try:
            return cls(text=data.decode("utf-8"))
        except UnicodeDecodeError:
            return cls(base64=base64.b64encode(data).decode("ascii"))

    def data(self) -> bytes:
        """The bytes again."""
        return base64.b64decode(self.base64) if self.base64 else self.text.encode("utf-8")

    def shown(self) -> str:
        """The bytes as text for people, with a mark where they are not UTF-8."""
        return base64.b64decode(self.base64).decode("utf-8", "replace") if self.base64 else self.text


EMPTY = Blob()
