"""The nodes of a cluster and what runs on them."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from fozzy.dsl.cluster.base import ClusterPart, about, check_target
from fozzy.dsl.steps.base import Issue, Name
from fozzy.errors import suggestion
from fozzy.sim.settings import PORT

PROGRAMS = ("program", "asgi", "builtin")  # exactly one says what runs on a node
MERGES = ("arrival", "newest")
NODES_MAX = 1024

Port = Annotated[int, Meta(ge=1, le=65535)]
NodeName = Annotated[str, Meta(min_length=1)]


class Runs(ClusterPart, frozen=True, kw_only=True):
    """What runs on a node, or on all nodes where the cluster says it."""

    program: Annotated[Name | None, about("An async function of yours, module:function; it is given the node.")] = None
    asgi: Annotated[Name | None, about("An ASGI application of yours, module:app; it runs under uvicorn.")] = None
    builtin: Annotated[
        Literal["kv"] | None, about("A program of fozzy's own: kv is a key-value store that copies itself.")
    ] = None
    port: Annotated[Port | None, about(f"The port it serves at; {PORT} unless given.")] = None
    args: Annotated[Any, about('Any value the program is given; of kv: {"merge": "arrival" or "newest"}.')] = None

    def check(self) -> Iterator[Issue]:
        yield from check_target("program", self.program, "a function")
        yield from check_target("asgi", self.asgi, "an application")
        if self.builtin is not None:
            yield from check_kv_args(self.args)


class Node(Runs, frozen=True, kw_only=True):
    """What runs on one node: exactly one of program, asgi and builtin, unless the cluster says it for all nodes."""


class AnyNode(ClusterPart, frozen=True, kw_only=True):
    """One of several nodes, drawn."""

    words: ClassVar[str] = 'an object such as {"any": ["n0", "n1"]}'
    any: Annotated[list[NodeName], Meta(min_length=1, max_length=NODES_MAX, description="The nodes to draw from.")]

    def check(self) -> Iterator[Issue]:
        for index, name in enumerate(self.any):
            if name in self.any[:index]:
                yield Issue(("any", index), f'node "{name}" is named twice')


NodeChoice = NodeName | AnyNode


def check_kv_args(args: Any) -> Iterator[Issue]:
    """What the builtin key-value store takes."""
    if args is not None and not isinstance(args, dict):
        yield Issue(("args",), '"args" of builtin "kv" must be an object', 'it takes "merge"')
        return
    for name, value in (args or {}).items():
        if name != "merge":
            yield Issue(("args", name), f'builtin "kv" takes no "{name}"', 'it takes "merge"', "unknown_field")
        elif value not in MERGES:
            hint = suggestion(value, MERGES) if isinstance(value, str) else ""
            yield Issue(("args", name), '"merge" must be one of "arrival", "newest"', hint)
