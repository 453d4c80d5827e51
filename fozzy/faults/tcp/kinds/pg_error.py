"""`pg_error`: PostgreSQL statements fail with an error of one's choice.

Within a session the server itself is made to fail in the same place, so its transaction is as broken as its client is
told. What only a server that ends a connection says is said here, and the connection ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.frames import pg_build
from fozzy.faults.tcp.frames.pg_statement import ends_transaction, is_rollback
from fozzy.faults.tcp.kinds.base import Answer, Flaw, Instead, Kind
from fozzy.faults.tcp.message import Message
from fozzy.faults.tcp.plan import Protocol, Unit

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

AT_STARTUP = ("28", "3D", "53300", "57P03")  # what a server says before a session begins
FATAL = ("57P01", "57P02", "57P04", "57P05", "25P03", "25P04", "08", *AT_STARTUP)  # what ends a connection
NO_ERRORS = ("00", "01", "02")  # classes of success, warnings and no data
NEVER = frozenset({"SSLRequest", "GSSENCRequest", "password", "Sync"})
TEXTS = {
    "08006": "connection failure",
    "23505": "duplicate key value violates unique constraint",
    "25006": "cannot execute this in a read-only transaction",
    "25P03": "terminating connection due to idle-in-transaction timeout",
    "28P01": "password authentication failed",
    "3D000": "the database does not exist",
    "40001": "could not serialize access due to concurrent update",
    "40P01": "deadlock detected",
    "53100": "could not extend file: No space left on device",
    "53200": "out of memory",
    "53300": "sorry, too many clients already",
    "55P03": "could not obtain lock",
    "57014": "canceling statement due to user request",
    "57P01": "terminating connection due to administrator command",
    "57P02": "terminating connection because of crash of another server process",
    "57P03": "the database system is starting up",
    "57P05": "terminating connection due to idle-session timeout",
}


class PgError(Kind, frozen=True, kw_only=True):
    """A statement fails with this error, and is not carried out.

    Without `match` statements are struck but for ROLLBACK, or with an error of the startup (`53300`, `57P03`, class
    `28`) the startup. A COMMIT that fails has rolled its transaction back.
    """

    type: ClassVar[str] = "pg_error"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("postgres",)
    is_of_requests: ClassVar[bool] = True
    of: ClassVar[frozenset[str]] = frozenset({"request"})
    sqlstate: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9A-Z]{5}$")], note("The code of the error, as `40001`, `40P01` or `57P01`.")
    ]
    message: Annotated[
        Annotated[str, Meta(pattern=r"^[^\x00\\$]{0,500}$")], note("Its text; as the server says it unless given.")
    ] = ""

    def flaws(self) -> Iterator[Flaw]:
        if self.sqlstate.startswith(NO_ERRORS):
            yield Flaw("sqlstate", f"is {self.sqlstate}, which is no error", "classes 00, 01 and 02 are none")

    def wants(self, message: Message) -> bool:
        return message.about not in NEVER and super().wants(message)

    def usual(self, message: Message) -> bool:
        if not self.sqlstate.startswith(FATAL) and is_rollback(message.about):
            return False
        return _is_startup(message) == self.sqlstate.startswith(AT_STARTUP)

    def answer(self, request: Message, data: bytes, grip: Grip) -> Answer | Instead:
        text = self.message or TEXTS.get(self.sqlstate, "failed")
        if _is_startup(request) or self.sqlstate.startswith(FATAL):
            return Answer(pg_build.error("FATAL", self.sqlstate, text), ends=True, said=f"FATAL {self.sqlstate}")
        ends = ends_transaction(request.about)
        return Instead(pg_build.failing(data, self.sqlstate, text, ends=ends), said=self.sqlstate)


def _is_startup(request: Message) -> bool:
    return request.about.partition(" ")[0] == "startup"
