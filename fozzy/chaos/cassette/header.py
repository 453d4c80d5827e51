"""The header of a proxy's trace: what its decisions depend on besides what comes to it.

The place of the scenario holds a JSON document: the plan the proxy started with, what else its engine was told, and
`decisions`, the version of the rules by which plan, seed and requests make decisions. To change those rules so that the
same request gets another decision, raise `DECISIONS`: older traces are then refused by whoever decides again.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeVar

import msgspec
from blake3 import blake3

from fozzy.core.backends import Backends
from fozzy.core.redact import Redactor
from fozzy.errors import EvidenceError, UsageError, Where
from fozzy.faults.http.plan import Plan
from fozzy.trace.format import FORMAT, VERSION, EmbeddedScenario, Header

DECISIONS = 1
MODE: Literal["proxy"] = "proxy"
B = TypeVar("B")
VALUES_MAX = 1000  # secrets that are looked for wherever they turn up; more are found by their names alone


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine starts with. `number` and `arrived` are where it started in a recording that had begun before."""

    decisions: int = DECISIONS
    seed: int
    strict: bool = True
    has_upstream: bool = False
    number: int = 0
    arrived: int = 0
    test: str | None = None  # of a recording in several files: the test whose requests are here
    plan: Plan


class Beginning(Protocol):
    """What any sort of proxy starts with: of HTTP, of TCP."""

    @property
    def seed(self) -> int:
        """The seed of its run."""

    @property
    def strict(self) -> bool:
        """Whether a fault that never came fails it."""


class _Wire(msgspec.Struct):
    wire: str = "http"


def wire_of(header: Header) -> str:
    """What a proxy's trace is of: `http` or `tcp`; empty for the trace of a run."""
    if header.mode != MODE:
        return ""
    try:
        return msgspec.json.decode(header.scenario.text, type=_Wire).wire
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Wire().wire  # whoever reads the rest tells what is wrong with it


def wire_redactor(names: list[str]) -> Redactor:
    """A redactor for what goes over a wire, where `${…}` is a text like any other."""
    return Redactor(names, VALUES_MAX, references=False)


def header_of(begun: Beginning, path: str, redactor: Redactor) -> Header:
    """The header of a trace that begins so. `path` is the chaos file's, or says where the plan came from."""
    text = msgspec.json.format(msgspec.json.encode(msgspec.to_builtins(begun)), indent=2).decode() + "\n"
    clean = redactor.source(text)
    scenario = EmbeddedScenario(
        path=path, digest=blake3(text.encode()).hexdigest(), form="json", text=clean, redacted=clean != text
    )
    return Header(
        format=FORMAT,
        version=VERSION,
        mode=MODE,
        seed=begun.seed,
        det=False,
        backends=Backends(http="host"),
        scenario=scenario,
        strict=begun.strict,
    )


def begun_of(header: Header, shown: str) -> Begun:
    """What the engine of a trace started with. *Errors*: `UsageError` when no proxy recorded it, `EvidenceError`."""
    refuse_others(header, shown)
    return begun_again(header.scenario.text, shown)


def refuse_others(header: Header, shown: str) -> None:
    """Only traces of an HTTP proxy hold requests. *Errors*: `UsageError` for any other."""
    wire = wire_of(header)
    if wire != "http":
        by = f"fozzy proxy {wire}" if wire else f"fozzy {header.mode}"
        message = f"{shown} was recorded by {by}: it holds no requests and no answers"
        raise UsageError("chaos.not_a_cassette", message, hint=f"fozzy replay {shown}", where=Where(shown))


def begun_again(said: str | dict[str, Any], shown: str) -> Begun:
    """What an engine started with, of the document in a header or an event. *Errors*: `EvidenceError`."""
    hint = "its answers can still be served: fozzy proxy http --replay; to decide again, record it again"
    return decided_by(DECISIONS, said, Begun, shown, hint)


def decided_by(version: int, said: str | dict[str, Any], kind: type[B], shown: str, hint: str) -> B:
    """A document of what an engine started with, if these rules decided. `hint` is for one of other rules.

    *Errors*: `EvidenceError` for a document that makes no sense, and for one of another version.
    """
    try:
        plain = msgspec.json.decode(said, type=dict[str, Any]) if isinstance(said, str) else said
        theirs = plain.get("decisions")
        if theirs == version:
            return msgspec.convert(plain, kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        message = f"{shown} carries a plan that makes no sense: {error}"
        why = "it was recorded by another version, or altered before it was sealed"
        raise EvidenceError("chaos.bad_plan", message, hint=why, where=Where(shown)) from error
    message = f"{shown} was decided by rules of version {theirs}; this fozzy decides by version {version}"
    raise EvidenceError("chaos.other_decisions", message, hint=hint, where=Where(shown))
