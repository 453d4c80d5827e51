"""When something happens and how long it lasts: as it is written, or drawn between two ends."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta

from fozzy.core.duration import parse_ns
from fozzy.dsl.cluster.base import ClusterPart, about, check_range
from fozzy.dsl.steps.base import FixedDuration, Issue, check_exactly_one
from fozzy.sim.settings import Moment

Ends = Annotated[list[FixedDuration], Meta(min_length=2, max_length=2)]
StepNumber = Annotated[int, Meta(ge=0)]
StepNumbers = Annotated[list[StepNumber], Meta(min_length=2, max_length=2)]


class Drawn(ClusterPart, frozen=True, kw_only=True):
    """A time that is drawn."""

    words: ClassVar[str] = 'an object such as {"within": ["1s", "5s"]}'
    within: Annotated[Ends, about("The earliest and the latest, both included.")]

    def check(self) -> Iterator[Issue]:
        yield from check_range("within", *map(parse_ns, self.within))


class When(ClusterPart, frozen=True, kw_only=True):
    """When a fault strikes: at a drawn time, or right before a step."""

    words: ClassVar[str] = 'an object such as {"within": ["1s", "5s"]} or {"step": 2}'
    within: Annotated[Ends | None, about("The earliest and the latest time, both included.")] = None
    step: Annotated[
        StepNumber | StepNumbers | None,
        about("Right before the step of this number, from 0; of two numbers one in between is drawn."),
    ] = None

    def check(self) -> Iterator[Issue]:
        yield from check_exactly_one(self, "within", "step")
        if self.within is not None:
            yield from check_range("within", *map(parse_ns, self.within))
        if isinstance(self.step, list):
            yield from check_range("step", *self.step)


Time = FixedDuration | Drawn


def moment_of(value: str | Drawn | When) -> Moment:
    """The moment a valid value stands for."""
    if isinstance(value, str):
        return Moment(low=parse_ns(value), high=parse_ns(value))
    if isinstance(value, When) and value.step is not None:
        low, high = value.step if isinstance(value.step, list) else (value.step, value.step)
        return Moment(by="step", low=low, high=high)
    low, high = map(parse_ns, value.within or ())
    return Moment(low=low, high=high)
