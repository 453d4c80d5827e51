"""How an exchange goes wrong by itself: exceptions that end it, each with one outcome, and the answers of our own.

`Refusal`: we answer, with this status. `ClientGone`: nobody is there to answer. `UpstreamFailed`: 502 or 504, or the
end of an answer that had begun. `CutOff`: a fault ends the connection here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from fozzy.faults.http.decision import Give


class Refusal(Exception):
    """A request that is not carried out. `is_last`: what follows on the connection cannot be read, so it ends."""

    def __init__(self, status: int, code: str, message: str, *, is_last: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.is_last = is_last


class ClientGone(Exception):
    """The client left."""


class UpstreamFailed(Exception):
    """Upstream gave no answer, or not all of it. `reason` is for records, the message for people."""

    def __init__(self, reason: str, message: str, *, status: int = 502) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = status


class CutOff(Exception):
    """A fault ends the client's connection, once all before it is flushed."""

    def __init__(self, how: Literal["fin", "rst"], reason: str) -> None:
        super().__init__(reason)
        self.how: Literal["fin", "rst"] = how
        self.reason = reason


def own_answer(status: int, code: str, message: str) -> Give:
    """An answer of the proxy's own: JSON that a client can tell from upstream's."""
    body = msgspec.json.encode({"error": {"code": code, "message": message, "type": "proxy"}})
    return Give(status, [("Content-Type", "application/json")], body)
