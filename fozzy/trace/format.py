"""The trace format, version 1: JSON Lines. A header, one line per record in order, a footer that seals them all.

Rule 1: header and records hold nothing that differs between two runs of the same inputs; the footer holds the rest.
Rule 2: the footer is one line, and its last member `seal` is the blake3 of every byte before that value's quote.
Rule 3: `blocks` in the footer are short blake3 digests of each `BLOCK` records, so that damage can be placed.
Rule 4: a change of meaning raises `VERSION` and adds a function to `trace/migrate.py`. docs/reference/trace.md has it all.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fozzy.core.backends import Backends
from fozzy.core.forms import Form
from fozzy.core.limits import Limits
from fozzy.core.outcome import Camel
from fozzy.core.summary import Mode, Summary
from fozzy.wall import SEED_BITS

FORMAT: Literal["fozzy-trace"] = "fozzy-trace"
VERSION = 1
BLOCK = 256
SUFFIX = ".fozzy"
OPENING = f'{{"format":"{FORMAT}","version":'.encode()
FOOTER_OPENING = b'{"end":"'
SEAL_OPENING = b',"seal":"'
SEAL_CHARS = 64
ENDING = b'"}\n'


class EmbeddedScenario(Camel, frozen=True, kw_only=True):
    """The scenario as read, without its secrets; `digest` is the blake3 of the file's true bytes."""

    path: str
    digest: str
    form: Form
    text: str
    redacted: bool = False
    file: str = ""  # how the including file names it; empty for the scenario itself
    included: list["EmbeddedScenario"] = []


class Header(Camel, frozen=True, kw_only=True):
    """Everything a run depends on besides the answers of the world."""

    format: Literal["fozzy-trace"]
    version: int
    mode: Mode
    seed: Annotated[int, Meta(ge=0, lt=1 << SEED_BITS)]
    det: bool
    backends: Backends
    scenario: EmbeddedScenario
    timeout_ns: Annotated[int, Meta(ge=0)] | None = None
    limits: Limits = Limits()
    http_base_url: str = ""
    leak_bytes_max: int | None = None
    strict: bool = True
    case: dict[str, Any] = {}  # the values this run has of the scenario's matrix

    @property
    def run_flags(self) -> str:
        """The flags that make the same run wherever it is pasted, with a space before them."""
        host = [f" --{name} host" for name in ("proc", "fs", "http") if getattr(self.backends, name) == "host"]
        return f"{' --det' if self.det else ' --no-det'}{''.join(host)}"


class Counts(Camel, frozen=True, kw_only=True):
    """How many records of each sort."""

    records: int = 0
    draws: int = 0
    asks: int = 0
    events: int = 0


class Footer(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """How the run ended and what made it. `end` is `incomplete` in a trace recovered from a run that was killed."""

    end: Literal["sealed", "incomplete"]
    run_id: str
    engine: str
    python: str
    os: str
    hash_seed: str
    started_at: str
    finished_at: str
    counts: Counts
    blocks: list[str]
    summary: Summary | None


class Numbered(msgspec.Struct, frozen=True):
    """The part of every record that its order is checked by."""

    n: int
    t: int
    kind: str
    type: str = ""


def encode_footer(footer: Footer) -> bytes:
    """The footer's line up to the seal's value, its opening quote included."""
    return msgspec.json.encode(footer)[:-1] + SEAL_OPENING
