"""What a run has around it besides its header: versions, the system, and every setting in force, without secrets."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import msgspec

from fozzy import wall
from fozzy.config import Config
from fozzy.core.outcome import Camel
from fozzy.core.redact import Redactor
from fozzy.version import VERSION

LIBRARIES = (
    "anyio",
    "blake3",
    "httpcore",
    "httptools",
    "httpx",
    "hypothesis",
    "jsonpath-rfc9535",
    "msgspec",
    "prometheus-client",
    "pyyaml",
    "rich",
    "tomli",
    "tomlkit",
    "trio",
    "typer",
)


class Set(Camel, frozen=True, kw_only=True):
    """A setting in force, and where it came from."""

    name: str
    value: Any
    origin: str


class Surroundings(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """The machine and the project. `libraries` are those we need, with null for one that is missing."""

    fozzy: str
    python: str
    system: str
    hash_seed: str
    libraries: dict[str, str | None]
    config_file: str | None
    settings: list[Set]


def surroundings(config: Config, redactor: Redactor) -> Surroundings:
    """What is around now. No value of an environment variable is in it, and no secret that the redactor can tell."""
    settings = [
        Set(name=name, value=_value(getattr(config.settings, name)), origin=config.origins[name])
        for name in sorted(config.origins)
    ]
    found = Surroundings(
        fozzy=VERSION,
        python=wall.python_version(),
        system=wall.system_name(),
        hash_seed=wall.hash_seed(),
        libraries={name: _version(name) for name in LIBRARIES},
        config_file=config.file,
        settings=settings,
    )
    return msgspec.convert(redactor.clean(msgspec.to_builtins(found)), Surroundings)


def _value(value: Any) -> Any:
    """A setting as JSON; one that holds others shows them all, also those that were not set."""
    return msgspec.to_builtins(msgspec.structs.asdict(value) if isinstance(value, msgspec.Struct) else value)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
