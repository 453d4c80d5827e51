"""What fozzy and the process that runs a cluster tell each other: one job, then blocks of records, then how it ended."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.core.choice import Source
from fozzy.core.events import Draw, Found, Record
from fozzy.core.outcome import Status
from fozzy.core.sources import Mutated, Seeded, Spec
from fozzy.dsl.document import Document
from fozzy.sim.kernel import Turned
from fozzy.sim.schedules import scheduled

Records = list[Record]


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario as text, and the names of secrets besides the usual ones."""

    name: str
    shown: str
    text: str
    form: str
    digest: str
    names: list[str] = []
    duration_ns: int | None = None
    turned: Turned | None = None
    is_strict: bool = False

    @classmethod
    def of(cls, document: Document, names: list[str], duration_ns: int | None = None, **more: Any) -> Script:
        """The script of a document, and the virtual time it has where that is not its own."""
        fields = {name: getattr(document, name) for name in ("name", "shown", "text", "form", "digest")}
        return cls(names=names, duration_ns=duration_ns, **fields, **more)

    def document(self) -> Document:
        """The document again."""
        return Document(self.name, self.shown, self.text, self.form, self.digest)  # type: ignore[arg-type]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One execution. *Units*: `hang_ns` is host time that one step of a program may take."""

    script: Script
    source: Spec
    hang_ns: int
    quiet: bool = False  # only how it ended is wanted
    timed: bool = False  # real times are wanted
    pointed: int = -1  # the record whose line of the user's is wanted


class Part(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What comes back: records, or the end."""

    records: Records = []
    stamps: list[int] = []  # when each was made, in real nanoseconds, where that is wanted
    ended: Over | None = None


class Over(msgspec.Struct, frozen=True, kw_only=True):
    """How an execution ended."""

    status: Status
    now_ns: int
    findings: list[Found] = []
    lines: dict[str, list[int]] = {}  # of the user's files that ran, where that is watched
    files: list[str] = []  # of the user's that were read, where that is watched
    at: str = ""  # the line that made the record which was pointed at


def source_of(spec: Spec) -> Source:
    """The source a spec is of."""
    if spec.kind == "tape":
        return Mutated([Draw(0, "", label, 0, 0, value) for label, value in spec.draws], seed=spec.seed)
    assert spec.seed is not None
    return Seeded(spec.seed) if spec.kind == "seeded" else scheduled(spec)


encode = msgspec.json.Encoder().encode
decode_part: Any = msgspec.json.Decoder(Part).decode
decode_job: Any = msgspec.json.Decoder(Job).decode
