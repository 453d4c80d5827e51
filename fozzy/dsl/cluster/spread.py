"""How a time is spread: a latency, or the pause between a client's operations."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from fozzy.core.choice import CHANCES
from fozzy.core.duration import parse_ns
from fozzy.dsl.cluster.base import ClusterPart, about, check_range
from fozzy.dsl.cluster.moments import Ends
from fozzy.dsl.steps.base import FixedDuration, Issue, check_exactly_one
from fozzy.sim.settings import Spread

MEANS_MAX = 20  # of an exponential spread: beyond lies less than one draw in 400 million
DEVIATIONS_MAX = 8  # of a normal spread: beyond lies less than one draw in 10^15


class SpreadOf(ClusterPart, frozen=True, kw_only=True):
    """How a time is spread; exactly one of these."""

    words: ClassVar[str] = 'an object such as {"uniform": ["1ms", "20ms"]}'
    fixed: Annotated[FixedDuration | None, about("Always the same.")] = None
    uniform: Annotated[Ends | None, about("Between the least and the most, every time alike.")] = None
    exponential: Annotated[
        FixedDuration | None, about("Mostly short and sometimes long, with this mean; at most 20 means.")
    ] = None
    normal: Annotated[Ends | None, about("Around a mean, with a deviation: [mean, deviation]; never below 0.")] = None

    def check(self) -> Iterator[Issue]:
        yield from check_exactly_one(self, "fixed", "uniform", "exponential", "normal")
        if self.uniform is not None:
            yield from check_range("uniform", *map(parse_ns, self.uniform))
        for field in ("exponential", "normal"):
            if getattr(self, field) is not None and not _is_drawable(field, getattr(self, field)):
                yield Issue((field,), f'"{field}" must spread over less than 2^53 ns')

    def bounds(self) -> tuple[int, int]:
        """The least and the most it can be, in nanoseconds."""
        made = spread_of(self)
        return made.low_ns, made.high_ns


Latency = FixedDuration | SpreadOf


def bounds(value: str | SpreadOf) -> tuple[int, int]:
    """The least and the most a valid latency can be, in nanoseconds."""
    made = spread_of(value)
    return made.low_ns, made.high_ns


def spread_of(value: str | SpreadOf) -> Spread:
    """The spread a valid value stands for."""
    if isinstance(value, str):
        return _fixed(parse_ns(value))
    if value.uniform is not None:
        low, high = map(parse_ns, value.uniform)
        return Spread(kind="uniform", low_ns=low, high_ns=high, mean_ns=(low + high) // 2)
    if value.exponential is not None:
        return _exponential(parse_ns(value.exponential))
    if value.normal is not None:
        return _normal(*map(parse_ns, value.normal))
    return _fixed(parse_ns(value.fixed or "0ns"))


def _fixed(time_ns: int) -> Spread:
    return Spread(kind="fixed", low_ns=time_ns, high_ns=time_ns, mean_ns=time_ns)


def _exponential(mean_ns: int) -> Spread:
    return Spread(kind="exponential", low_ns=0, high_ns=MEANS_MAX * mean_ns, mean_ns=mean_ns)


def _normal(mean_ns: int, deviation_ns: int) -> Spread:
    reach = DEVIATIONS_MAX * deviation_ns
    return Spread(
        kind="normal",
        low_ns=max(0, mean_ns - reach),
        high_ns=mean_ns + reach,
        mean_ns=mean_ns,
        deviation_ns=deviation_ns,
    )


def _is_drawable(field: str, value: str | list[str]) -> bool:
    made = _exponential(parse_ns(value)) if isinstance(value, str) else _normal(*map(parse_ns, value))
    return made.high_ns - made.low_ns < CHANCES
