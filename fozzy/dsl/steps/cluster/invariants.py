"""Invariants: what must hold of a cluster, and when it is looked at."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec

from fozzy.dsl.cluster.base import about, check_positive, check_target
from fozzy.dsl.steps.base import FixedDuration, Issue, Name
from fozzy.dsl.steps.cluster.base import Invariant, KeyField, NodeField


class _OfKv(Invariant, frozen=True, kw_only=True):
    """An invariant of what nodes hold under a key."""

    reads_kv: ClassVar[bool] = True
    key: KeyField


class KvAllEqual(_OfKv, frozen=True, kw_only=True, tag="kv_all_equal"):
    """At the end all nodes hold the same value under a key."""


class KvPresentOnAll(_OfKv, frozen=True, kw_only=True, tag="kv_present_on_all"):
    """All nodes hold a value under a key: at the end, and whenever nothing is on its way and any of them does."""


class KvNodeEquals(_OfKv, frozen=True, kw_only=True, tag="kv_node_equals"):
    """A node holds this value under a key: at the end, and whenever nothing is on its way and it holds any."""

    nodes: ClassVar[tuple[str, ...]] = ("node",)
    leads: ClassVar[tuple[str, ...]] = ("node",)
    node: NodeField
    equals: Annotated[Any, about("What it holds.")]


class _OfYours(Invariant, frozen=True, kw_only=True):
    """An invariant that a function of the user judges."""

    check_: Annotated[
        Name, about("A function of yours, module:function; it is given the cluster and says whether it holds.")
    ] = msgspec.field(name="check")

    def check(self) -> Iterator[Issue]:
        yield from check_target("check", self.check_, "a function")


class Always(_OfYours, frozen=True, kw_only=True, tag="always"):
    """A function of yours holds whenever time is about to move, and at the end."""


class Eventually(_OfYours, frozen=True, kw_only=True, tag="eventually"):
    """A function of yours holds once, at the latest after a time."""

    within: Annotated[FixedDuration, about("The time, from the start.")]

    def check(self) -> Iterator[Issue]:
        yield from super().check()
        yield from check_positive("within", self.within)


class NoException(Invariant, frozen=True, kw_only=True, tag="no_exception"):
    """No program and no task of a node ends with an exception that nobody handles."""


class NoDeadlock(Invariant, frozen=True, kw_only=True, tag="no_deadlock"):
    """The cluster never comes to where everything waits for something that cannot happen."""
