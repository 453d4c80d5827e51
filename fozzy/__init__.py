"""fozzy: a flight recorder and time machine for tests.

    result = fozzy.run("scenarios/checkout.fozzy.json", seed=7, record="t.fozzy")
    assert fozzy.replay("t.fozzy").verdict == "SAME"

The names below are the whole public API. They are imported when first used, so that `import fozzy` costs nothing.
"""

from __future__ import annotations

from fozzy.version import VERSION as __version__

TYPE_CHECKING = False  # as in typing, whose import would cost more than all that `fozzy version` does
if TYPE_CHECKING:
    from typing import Any

    from fozzy import chaos as chaos
    from fozzy.api import Replayed, Result, load, replay, run, verify
    from fozzy.core.outcome import Finding, Location
    from fozzy.core.summary import Summary
    from fozzy.dsl.document import Loaded
    from fozzy.errors import FozzyError
    from fozzy.trace.verify import Verification

_HOMES = {
    "load": "fozzy.api",
    "run": "fozzy.api",
    "replay": "fozzy.api",
    "verify": "fozzy.api",
    "Result": "fozzy.api",
    "Replayed": "fozzy.api",
    "Loaded": "fozzy.dsl.document",
    "Finding": "fozzy.core.outcome",
    "Location": "fozzy.core.outcome",
    "Summary": "fozzy.core.summary",
    "Verification": "fozzy.trace.verify",
    "FozzyError": "fozzy.errors",
}

__all__ = [
    "Finding",
    "FozzyError",
    "Loaded",
    "Location",
    "Replayed",
    "Result",
    "Summary",
    "Verification",
    "__version__",
    "chaos",
    "load",
    "replay",
    "run",
    "verify",
]


def __getattr__(name: str) -> Any:
    """A public name, imported now."""
    home = _HOMES.get(name)
    if home is None and name != "chaos":
        raise AttributeError(f"module 'fozzy' has no attribute {name!r}")
    from importlib import import_module

    if home is None:
        return import_module("fozzy.chaos")
    value = globals()[name] = getattr(import_module(home), name)
    return value
