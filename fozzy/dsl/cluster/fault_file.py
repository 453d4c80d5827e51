"""Faults in a file of their own, in TOML, JSON or YAML: `version` and `faults` as a distributed file has them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from fozzy.dsl.cluster.base import ClusterPart, about
from fozzy.dsl.cluster.faults import Faults
from fozzy.dsl.cluster.file import Cluster
from fozzy.dsl.cluster.rules import fault_flaws, part_flaws
from fozzy.dsl.cluster.settings import node_names
from fozzy.dsl.document import Document
from fozzy.dsl.flaw import Flaw
from fozzy.dsl.load import decode_checked, read
from fozzy.errors import InputError


class FaultFile(ClusterPart, frozen=True, kw_only=True):
    """Faults for a cluster that another file describes."""

    noun: ClassVar[str] = "a fault file"
    schema_: str | None = msgspec.field(name="$schema", default=None)
    version: Annotated[Literal[1], about("The version of the format.")]
    description: Annotated[str, about("What these faults are for.")] = ""
    faults: Annotated[list[Faults], Meta(min_length=1, description="What goes wrong by itself.")]


def load_faults(path: Path, cluster: Cluster, shown: str | None = None) -> list[Faults]:
    """The faults in a file, held against a valid cluster.

    *Errors*: `InputError` with every problem of the file. *Limits*: as for scenarios.
    """
    doc = read(path, path.as_posix(), shown or path.as_posix())
    return parse_faults(doc, cluster)


def parse_faults(doc: Document, cluster: Cluster) -> list[Faults]:
    """The faults in a text, held against a valid cluster. *Errors*: `InputError` with every problem of the text."""
    raw = decode_checked(doc)
    try:
        file = None if raw is None else msgspec.convert(raw, FaultFile)
    except (ValueError, RecursionError, TypeError):
        file = None
    if raw is None or file is None or next(chain(part_flaws(file, ()), _in_cluster(raw, cluster)), None) is not None:
        from fozzy.dsl.validate import explain_as  # a good file does not need it

        raise InputError.of(explain_as(doc, FaultFile, lambda raw: _in_cluster(raw, cluster)))
    return file.faults


def _in_cluster(raw: dict[str, Any], cluster: Cluster) -> Iterator[Flaw]:
    around = {"nodes": node_names(cluster), "steps": cluster.steps}
    return fault_flaws(raw.get("faults"), around, ("faults",))
