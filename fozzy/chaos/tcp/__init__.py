"""A proxy in front of TCP services that lets faults onto the wire: what Toxiproxy does, with a seed and a trace.

    with fozzy.chaos.tcp("127.0.0.1:6379", protocol="redis") as proxy:
        with proxy.toxic("drop_reply", match="INCR", first=1):
            ...

The module is called itself, so that the package and the function have one name.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Called(ModuleType):
    """This package, which is also a function."""

    def __call__(self, *args: Any, **words: Any) -> Any:
        """As `fozzy.chaos.tcp.library.tcp`, which is imported only now: it needs trio."""
        from fozzy.chaos.tcp.library import tcp

        return tcp(*args, **words)


sys.modules[__name__].__class__ = _Called
