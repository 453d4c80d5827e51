"""Steps and invariants of distributed scenarios: what clients, links and nodes do."""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from fozzy.dsl.steps.base import Duration, Issue, Name


class ClusterStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Something that happens to a cluster."""

    nodes: ClassVar[tuple[str, ...]] = ("node",)  # fields that name a node

    def check(self) -> Iterator[Issue]:
        """What is wrong beyond the types."""
        return iter(())


class ClientPut(ClusterStep, frozen=True, kw_only=True, tag="client_put"):
    """A client writes a key at a node."""

    node: Name
    key: Name
    value: Any


class ClientGetAssert(ClusterStep, frozen=True, kw_only=True, tag="client_get_assert"):
    """A client reads a key at a node; it exists, equals a value, or is absent."""

    node: Name
    key: Name
    equals: Any | UnsetType = UNSET
    is_null: bool | None = None

    def check(self) -> Iterator[Issue]:
        if self.equals is not UNSET and self.is_null:
            yield Issue(("is_null",), '"equals" and "is_null" exclude each other', "drop one of them", "exclusive")


class _Link(ClusterStep, frozen=True, kw_only=True):
    """Something that happens between two nodes."""

    nodes: ClassVar[tuple[str, ...]] = ("a", "b")
    a: Name
    b: Name

    def check(self) -> Iterator[Issue]:
        if self.a == self.b:
            yield Issue(("b",), f'"{self.a}" has no link to itself')


class Partition(_Link, frozen=True, kw_only=True, tag="partition"):
    """Cuts the link between two nodes."""


class Heal(_Link, frozen=True, kw_only=True, tag="heal"):
    """Mends the link between two nodes."""


class Crash(ClusterStep, frozen=True, kw_only=True, tag="crash"):
    """A node loses power."""

    node: Name


class Restart(ClusterStep, frozen=True, kw_only=True, tag="restart"):
    """A node starts again."""

    node: Name


class Tick(ClusterStep, frozen=True, kw_only=True, tag="tick"):
    """Lets time pass."""

    nodes: ClassVar[tuple[str, ...]] = ()
    duration: Duration


class KvAllEqual(ClusterStep, frozen=True, kw_only=True, tag="kv_all_equal"):
    """At the end all nodes hold the same value under a key."""

    nodes: ClassVar[tuple[str, ...]] = ()
    key: Name


class KvPresentOnAll(ClusterStep, frozen=True, kw_only=True, tag="kv_present_on_all"):
    """All nodes hold a value under a key."""

    nodes: ClassVar[tuple[str, ...]] = ()
    key: Name


class KvNodeEquals(ClusterStep, frozen=True, kw_only=True, tag="kv_node_equals"):
    """A node holds this value under a key."""

    node: Name
    key: Name
    equals: Any


ClusterSteps = ClientPut | ClientGetAssert | Partition | Heal | Crash | Restart | Tick
Invariants = KvAllEqual | KvPresentOnAll | KvNodeEquals
