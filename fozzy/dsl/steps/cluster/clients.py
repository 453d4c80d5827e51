"""Steps in which a client calls a node, and the step that calls a function on one."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, UnsetType

from fozzy.dsl.cluster.base import about, check_positive, check_target
from fozzy.dsl.steps.base import FixedDuration, Issue, Name, check_at_most_one
from fozzy.dsl.steps.cluster.base import ClusterStep, KeyField, NodeField
from fozzy.dsl.steps.matchers import check_matchers

_METHOD = re.compile(r"[^\W\d_]\w*")
_EXCEPTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")

Operation = Annotated[Name, about("The method of the client; of builtin kv put or get.")]
Arguments = Annotated[list[Any] | dict[str, Any], about("What it is given, by place or by name.")]


class ClientPut(ClusterStep, frozen=True, kw_only=True, tag="client_put"):
    """A client writes a key at a node."""

    asks: ClassVar[bool] = True
    node: NodeField
    key: KeyField
    value: Annotated[Any, about("What it writes.")]


class ClientGetAssert(ClusterStep, frozen=True, kw_only=True, tag="client_get_assert"):
    """A client reads a key at a node; it exists, equals a value, or is absent."""

    asks: ClassVar[bool] = True
    node: NodeField
    key: KeyField
    equals: Annotated[Any | UnsetType, about("What the key must hold.")] = UNSET
    is_null: Annotated[bool | None, about("Whether the key must be absent.")] = None

    def check(self) -> Iterator[Issue]:
        if self.equals is not UNSET and self.is_null:
            yield Issue(("is_null",), '"equals" and "is_null" exclude each other', "drop one of them", "exclusive")


class Client(ClusterStep, frozen=True, kw_only=True, tag="client"):
    """A client calls a node: any method of the client class."""

    asks: ClassVar[bool] = True
    node: NodeField
    op: Operation
    args: Arguments = []
    expect: Annotated[Any | UnsetType, about("What it must answer; matchers may stand in it.")] = UNSET
    expect_error: Annotated[Name | None, about("The exception it must raise, by the name of its class.")] = None

    def check(self) -> Iterator[Issue]:
        yield from check_operation(self.op)
        yield from check_at_most_one(self, "expect", "expect_error")
        yield from _check_exception("expect_error", self.expect_error)
        if self.expect is not UNSET:
            yield from check_matchers(self.expect, ("expect",))


class NodeCall(ClusterStep, frozen=True, kw_only=True, tag="call"):
    """Calls a function of yours on a node, as if the node's program had called it."""

    node: NodeField
    function: Annotated[Name, about("The function, module:name; it may be async.")]
    args: Arguments = []
    expect: Annotated[Any | UnsetType, about("What it must return; matchers may stand in it.")] = UNSET
    expect_raises: Annotated[Name | None, about("The exception it must raise, by the name of its class.")] = None

    def check(self) -> Iterator[Issue]:
        yield from check_target("function", self.function, "a function")
        yield from check_at_most_one(self, "expect", "expect_raises")
        yield from _check_exception("expect_raises", self.expect_raises)
        if self.expect is not UNSET:
            yield from check_matchers(self.expect, ("expect",))


class ExpectConverged(ClusterStep, frozen=True, kw_only=True, tag="expect_converged"):
    """Waits until all nodes that are up answer alike for a key; fails when they never do within the time."""

    nodes: ClassVar[tuple[str, ...]] = ()
    asks: ClassVar[bool] = True
    key: KeyField
    within: Annotated[FixedDuration, about("How long it may take.")]
    poll: Annotated[FixedDuration, about("How often it asks.")] = "50ms"

    def check(self) -> Iterator[Issue]:
        yield from check_positive("within", self.within)
        yield from check_positive("poll", self.poll)


def check_operation(op: str) -> Iterator[Issue]:
    """An operation is the name of a public method."""
    if not _METHOD.fullmatch(op):
        yield Issue(("op",), f'"{op}" is not the name of a method', "a public method of the client class")


def _check_exception(field: str, name: str | None) -> Iterator[Issue]:
    if name is not None and not _EXCEPTION.fullmatch(name):
        yield Issue((field,), f'"{name}" is not the name of an exception')
