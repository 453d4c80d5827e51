"""`resp_error`: Redis commands are refused, as a server in trouble refuses them.

Within MULTI the server is made to refuse too, so that its transaction is as broken as its client is told.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.frames import redis_tables as tables
from fozzy.faults.tcp.frames.redis_command import key_of
from fozzy.faults.tcp.frames.resp import request_of
from fozzy.faults.tcp.kinds.base import Answer, Flaw, Instead, Kind
from fozzy.faults.tcp.message import Message
from fozzy.faults.tcp.plan import ADDRESS_CHARS_MAX, Protocol, Unit

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

SLOTS = 16384
REDIRECTS = frozenset({"MOVED", "ASK"})
TEXTS = {
    "LOADING": "Redis is loading the dataset in memory",
    "OOM": "command not allowed when used memory > 'maxmemory'.",
    "READONLY": "You can't write against a read only replica.",
    "BUSY": "Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "CLUSTERDOWN": "The cluster is down",
    "TRYAGAIN": "Multiple keys request during rehashing of slot",
    "MASTERDOWN": "Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "MISCONF": "Errors writing to the AOF file: No space left on device",
    "NOAUTH": "Authentication required.",
    "NOPERM": "this user has no permissions to run this command",
    "NOSCRIPT": "No matching script. Please use EVAL.",
    "WRONGTYPE": "Operation against a key holding the wrong kind of value",
}
REFUSED: dict[str, Callable[[str], bool]] = {
    "LOADING": lambda name: name not in tables.SERVED_LOADING,
    "MASTERDOWN": lambda name: name not in tables.SERVED_LOADING,
    "BUSY": lambda name: name not in tables.SERVED_BUSY,
    "OOM": lambda name: name in tables.DENIED_OUT_OF_MEMORY,
    "READONLY": lambda name: name in tables.WRITES,
    "MISCONF": lambda name: name in tables.WRITES,
    "NOAUTH": lambda name: name not in tables.SERVED_UNKNOWN,
    **dict.fromkeys(("MOVED", "ASK", "CLUSTERDOWN", "TRYAGAIN"), lambda name: name not in tables.KEYLESS),
}


class RespError(Kind, frozen=True, kw_only=True):
    """The command does not reach the server; its client gets this error.

    Without `match` only those commands are struck that a server would refuse so: `OOM` those that need memory,
    `READONLY` those that write, `LOADING` not the first ones of a connection.
    """

    type: ClassVar[str] = "resp_error"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("redis",)
    is_of_requests: ClassVar[bool] = True
    of: ClassVar[frozenset[str]] = frozenset({"request"})
    code: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{0,31}$")],
        note("The first word of the error: `LOADING`, `OOM`, `READONLY`, `BUSY`, `MOVED`, or any other."),
    ]
    message: Annotated[
        Annotated[str, Meta(pattern=r"^[^\r\n]{0,500}$")], note("The rest of it; as the server says it unless given.")
    ] = ""
    to: Annotated[
        Annotated[str, Meta(max_length=ADDRESS_CHARS_MAX, pattern=r"^[^\s]*$")],
        note("The address that `MOVED` and `ASK` send to, as `127.0.0.1:6380`; the slot is the key's."),
    ] = ""

    def flaws(self) -> Iterator[Flaw]:
        if self.code in REDIRECTS and not (self.to or self.message):
            yield Flaw("to", f"is not given, and {self.code} sends to an address", 'as to = "127.0.0.1:6380"')
        if self.to and self.code not in REDIRECTS:
            yield Flaw("to", f"has no meaning for {self.code}", "leave it out")

    def usual(self, message: Message) -> bool:
        refused = REFUSED.get(self.code)
        return refused is None or refused(message.about.partition(" ")[0])

    def answer(self, request: Message, data: bytes, grip: Grip) -> Answer | Instead:
        error = self._error(data)
        if "multi" not in request.state:
            return Answer(_line(error), said=self.code)
        if request.about == "EXEC":
            aborted = _line(f"EXECABORT Transaction discarded because of: {error}")
            return Instead(request_of("DISCARD"), self.code, aborted)
        refused = data if request.about in ("DISCARD", "RESET", "QUIT") else request_of("GET")  # without its key
        return Instead(refused, self.code, _line(error))

    def _error(self, data: bytes) -> str:
        if self.message or self.code not in REDIRECTS:
            return f"{self.code} {self.message or TEXTS.get(self.code, 'refused')}"
        return f"{self.code} {slot_of(key_of(data))} {self.to}"


def slot_of(key: bytes) -> int:
    """The cluster slot of a key. Source: the Redis cluster specification, "Key distribution model"."""
    start = key.find(b"{")
    end = key.find(b"}", start + 1) if start >= 0 else -1
    return crc_hqx(key[start + 1 : end] if end > start + 1 else key, 0) % SLOTS


def _line(error: str) -> bytes:
    return f"-{error}\r\n".encode()
