"""Bytes that stay readable in JSON: as text when they are UTF-8, as base64 when they are not."""

from binascii import a2b_base64, b2a_base64

import msgspec


class Blob(msgspec.Struct, frozen=True, omit_defaults=True):
    """Bytes as they are written to a trace; exactly one of the two fields is set, or none for no bytes at all."""

    text: str = ""
    base64: str = ""

    @classmethod
    def of(cls, data: bytes) -> "Blob":
        """The readable form of `data`."""
        try:
            return cls(text=data.decode("utf-8"))
        except UnicodeDecodeError:
            return cls(base64=b2a_base64(data, newline=False).decode("ascii"))

    def __post_init__(self) -> None:
        """*Errors*: `ValueError` for base64 that is none, which a decoder reports as a value that makes no sense."""
        if self.base64:
            a2b_base64(self.base64, strict_mode=True)

    def data(self) -> bytes:
        """The bytes again."""
        return a2b_base64(self.base64) if self.base64 else self.text.encode("utf-8")

    def shown(self) -> str:
        """The bytes as text for people, with a mark where they are not UTF-8."""
        return a2b_base64(self.base64).decode("utf-8", "replace") if self.base64 else self.text


EMPTY = Blob()
