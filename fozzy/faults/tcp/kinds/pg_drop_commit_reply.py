"""`pg_drop_commit_reply`: the transaction was committed, and nobody told its client."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fozzy.faults.tcp.frames.pg_statement import is_commit
from fozzy.faults.tcp.kinds.drop_reply import LOST, DropReply, Lost
from fozzy.faults.tcp.message import Message
from fozzy.faults.tcp.plan import Protocol


class PgDropCommitReply(DropReply, frozen=True, kw_only=True):
    """The reply to a COMMIT, or END, is thrown away when all of it has come: the client gets an error, and the rows are there."""

    type: ClassVar[str] = "pg_drop_commit_reply"
    protocols: ClassVar[tuple[Protocol, ...]] = ("postgres",)
    of: ClassVar[frozenset[str]] = frozenset({"reply"})
    end: Annotated[Lost, LOST] = "rst"

    def wants(self, message: Message) -> bool:
        return super().wants(message) and is_commit(message.about)
