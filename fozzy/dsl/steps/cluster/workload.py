"""The step that lets several clients call nodes over and over, with operations and arguments that are drawn."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from fozzy.core.choice import CHANCES
from fozzy.dsl.cluster.base import ClusterPart, about
from fozzy.dsl.cluster.nodes import NodeChoice
from fozzy.dsl.cluster.spread import Latency
from fozzy.dsl.steps.base import Issue, Name
from fozzy.dsl.steps.cluster.base import ClusterStep
from fozzy.dsl.steps.cluster.clients import Operation, check_operation

CLIENTS_MAX = 1024
COUNT_MAX = 1_000_000
WEIGHT_MAX = 1_000_000
MAKERS = ("any", "int", "unique")  # an object with exactly one of these makes a value


class ClientOperation(ClusterPart, frozen=True, kw_only=True):
    """One operation of a workload, and how often it is chosen."""

    op: Operation
    node: Annotated[
        NodeChoice | None, about("The node it calls, or those of which one is drawn; any unless given.")
    ] = None
    args: Annotated[
        dict[Name, Any],
        about('What it is given: values as they are, or {"any": [values]}, {"int": [0, 9]}, {"unique": true}.'),
    ] = {}
    weight: Annotated[
        int, Meta(ge=1, le=WEIGHT_MAX, description="How often it is chosen, in proportion to the others.")
    ] = 1

    def check(self) -> Iterator[Issue]:
        yield from check_operation(self.op)
        for name, value in self.args.items():
            yield from _check_argument(value, ("args", name))


class Workload(ClusterStep, frozen=True, kw_only=True, tag="workload"):
    """Clients call nodes at the same time, each one operation after the other; their history is what checkers judge."""

    nodes: ClassVar[tuple[str, ...]] = ("operations.node",)
    asks: ClassVar[bool] = True
    name: Annotated[Name | None, about("What it is called in the story; workload unless given.")] = None
    clients: Annotated[int, Meta(ge=1, le=CLIENTS_MAX, description="How many clients there are.")] = 2
    count: Annotated[int, Meta(ge=1, le=COUNT_MAX, description="How many operations each client does.")] = 20
    operations: Annotated[list[ClientOperation], Meta(min_length=1, description="What they do.")]
    pause: Annotated[
        Latency | None, about("How long a client waits between two operations; not at all if not given.")
    ] = None
    wait: Annotated[bool, about("Whether the next step begins only when all clients are done.")] = False


def _maker(value: Any) -> str:
    """How a value is made: one of `MAKERS`, empty for one that stands for itself."""
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    (name,) = value
    return name if name in MAKERS else ""


def _check_argument(value: Any, path: tuple[str | int, ...]) -> Iterator[Issue]:
    maker = _maker(value)
    if maker == "any" and not (isinstance(value["any"], list) and value["any"]):
        yield Issue((*path, "any"), '"any" must be a list that is not empty')
    elif maker == "int":
        yield from _check_ends(value["int"], (*path, "int"))
    elif maker == "unique" and value["unique"] is not True:
        yield Issue((*path, "unique"), '"unique" must be true', "leave the argument out, or give it a value")


def _check_ends(ends: Any, path: tuple[str | int, ...]) -> Iterator[Issue]:
    if not (isinstance(ends, list) and len(ends) == 2 and all(type(each) is int for each in ends)):
        yield Issue(path, '"int" must be two whole numbers, the least and the most')
    elif ends[1] < ends[0]:
        yield Issue((*path, 1), '"int" must name the lower end first', "swap them")
    elif ends[1] - ends[0] >= CHANCES:
        yield Issue((*path, 1), 'the ends of "int" must be less than 2^53 apart')
