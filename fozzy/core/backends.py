"""Who answers for each capability of a run."""

from typing import Literal

import msgspec


class Backends(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`scripted` and `virtual` are models inside the run; `host` is the outside world."""

    proc: Literal["scripted", "host"] = "scripted"
    fs: Literal["virtual", "host"] = "virtual"
    http: Literal["scripted", "host"] = "scripted"
