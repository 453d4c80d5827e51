"""When a fault strikes.

Ordinals count what the rule matches, from 1. `first` and `after` bound them, `every` takes each n-th, `pattern` says
it for the first so many (`F` a fault, `.` none, and none after its end), `probability` is drawn, `times` bounds how
often the fault is applied. Without any of them the fault strikes every time. All parts that are given must agree.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

Ordinal = Annotated[int, Meta(ge=1)]


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a rule strikes."""

    first: Ordinal | None = None
    after: Annotated[int, Meta(ge=0)] | None = None
    every: Ordinal | None = None
    pattern: Annotated[str, Meta(pattern=r"^[F.]{1,4096}$")] | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] | None = None
    times: Ordinal | None = None

    def takes(self, ordinal: int) -> bool:
        """Whether the n-th match may be struck; the probability is drawn apart."""
        if self.first is not None and ordinal > self.first:
            return False
        if self.after is not None and ordinal <= self.after:
            return False
        if self.every is not None and ordinal % self.every:
            return False
        return self.pattern is None or (ordinal <= len(self.pattern) and self.pattern[ordinal - 1] == "F")
