"""What a scenario file holds: one of three forms. The types are the format; the schema is generated from them.

A file of the form `distributed`, and all that only clusters need, stands in fozzy/dsl/cluster/ and is imported when
there is such a file: see `form_of`. What is neither a `StepsFile` nor a `SuiteFile` is a cluster.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from fozzy.dsl.steps import Steps
from fozzy.dsl.steps.base import END, FixedDuration, Name
from fozzy.wall import SEED_BITS

if TYPE_CHECKING:
    from fozzy.dsl.cluster.file import DistributedFile

SEED_MAX = (1 << SEED_BITS) - 1

Seed = Annotated[int, Meta(ge=0, le=SEED_MAX)]
EnvName = Annotated[str, Meta(pattern=rf"^[A-Za-z_][A-Za-z0-9_]*{END}")]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what a file is made of."""


class Expect(Part, frozen=True, kw_only=True):
    """How the scenario is meant to end; it passes under `test` exactly when it ends so."""

    status: Literal["fail", "timeout", "crash"]
    title: str | None = None
    at: str | None = None


class BackendChoice(Part, frozen=True, kw_only=True):
    """Who answers, where the scenario insists; flags on the command line win."""

    proc: Literal["scripted", "host"] | None = None
    fs: Literal["virtual", "host"] | None = None
    http: Literal["scripted", "host"] | None = None


class RunLimits(Part, frozen=True, kw_only=True):
    """Bounds of one run; what is left out is as in the config."""

    call_ms_max: Annotated[int, Meta(ge=1)] | None = None
    output_bytes_max: Annotated[int, Meta(ge=1)] | None = None
    body_bytes_max: Annotated[int, Meta(ge=1)] | None = None
    file_bytes_max: Annotated[int, Meta(ge=1)] | None = None
    code_bytes_max: Annotated[int, Meta(ge=1)] | None = None
    process_bytes_max: Annotated[int, Meta(ge=0)] | None = None
    stop_grace_ms: Annotated[int, Meta(ge=0)] | None = None
    kill_grace_ms: Annotated[int, Meta(ge=0)] | None = None


class FileHead(Part, frozen=True, kw_only=True):
    """What every file says of itself."""

    schema_: str | None = msgspec.field(name="$schema", default=None)
    version: Literal[1]
    name: Name
    description: str = ""


class ScenarioHead(FileHead, frozen=True, kw_only=True):
    """What a file that can be run says of its run."""

    tags: list[Name] = []
    seed: Seed | None = None
    timeout: FixedDuration | None = None


class StepsFile(ScenarioHead, frozen=True, kw_only=True):
    """A scenario of steps, run one after the other."""

    backends: BackendChoice = BackendChoice()
    limits: RunLimits = RunLimits()
    http_base_url: str = ""
    vars: dict[str, Any] = {}
    matrix: dict[Name, Annotated[list[Any], Meta(min_length=1)]] = {}
    env: list[EnvName] = []
    expect: Expect | None = None
    setup: Steps | None = None
    steps: Steps
    teardown: Steps | None = None


class SuiteFile(FileHead, frozen=True, kw_only=True):
    """Named lists of scenario files or globs, relative to this file."""

    suites: Annotated[dict[str, Annotated[list[Name], Meta(min_length=1)]], Meta(min_length=1)]


Runnable: TypeAlias = "StepsFile | DistributedFile"
File: TypeAlias = "StepsFile | DistributedFile | SuiteFile"

FORM_KEYS = ("steps", "distributed", "suites")  # which of them a document has says its form; the first one counts


def form_of(raw: dict[str, Any]) -> "type[StepsFile] | type[DistributedFile] | type[SuiteFile]":
    """Which of the forms a document has; a document with none is held to be steps."""
    key = next((key for key in FORM_KEYS if key in raw), "steps")
    if key == "distributed":
        from fozzy.dsl.cluster.file import DistributedFile  # the one way to what only clusters need

        return DistributedFile
    return SuiteFile if key == "suites" else StepsFile
