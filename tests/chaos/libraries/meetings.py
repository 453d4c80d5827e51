"""One library under one fault, in virtual time, before a real server: the harness of the page.

To add a library: a function that takes a `Meeting` and says what came, in a table of `guarding`, `holding` or `clients`.
To add a fault: a line in that module's rows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import ssl
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, NamedTuple

from fozzy.chaos.services.service import Service
from fozzy.core.wires import Spoken
from fozzy.pytest_plugin.proxies import ChaosProxy, said_toxic
from fozzy.pytest_plugin.state import ChaosTest, Wanted

SEED = 7
LIMIT_S = 2.0  # of a call, where the one who calls sets it
FOR_EVER_S = 3600.0  # virtual: who has said nothing by then never does
NEVER = "**never returns**"


class Fault(NamedTuple):
    """A row: its words, and the toxic as a flag says it; none: nothing is wrong."""

    said: str
    toxic: str = ""


class Meeting:
    """A proxy before a server, with a clock of its own."""

    def __init__(self, test: ChaosTest, proxy: ChaosProxy, server: Service, fault: Fault) -> None:
        self.test = test
        self.proxy = proxy
        self.server = server
        self.fault = fault
        self.closing = contextlib.ExitStack()  # what a library opened and does not close by itself

    @property
    def now(self) -> float:
        """Virtual seconds since it began."""
        return self.test.time.now

    def run(self, work: Coroutine[Any, Any, Any], for_ever_s: float = FOR_EVER_S) -> Any:
        """What a coroutine comes to. *Errors*: its own; `TimeoutError` for one that never ends."""

        async def bounded() -> Any:
            async with asyncio.timeout(for_ever_s):
                return await work

        return self.test.time.run(bounded())

    def struck(self) -> contextlib.AbstractContextManager[Any]:
        """The fault, for a block."""
        if not self.fault.toxic:
            return contextlib.nullcontext()
        toxic = said_toxic(self.fault.toxic)
        return self.proxy.toxic(toxic.type, **_words(toxic))

    def requests(self, about: str = "") -> int:
        """How many came to the proxy."""
        found = [each for each in self.test.records if isinstance(each, Spoken) and each.stream == "upstream"]
        return sum(each.about.startswith(about) for each in found)


Measure = Callable[[Meeting], str]


@contextlib.contextmanager
def meeting(server: Service, fault: Fault, is_virtual: bool) -> Iterator[Meeting]:
    """Both meet. What clients draw follows from a seed."""
    random.seed(SEED)
    logging.disable(logging.CRITICAL)
    test = ChaosTest(Wanted(nodeid="libraries", seed=SEED, is_virtual=is_virtual))
    test.begin()
    try:
        met = Meeting(test, test.proxy(server, protocol=server.protocol), server, fault)  # type: ignore[arg-type]
        with met.closing:
            yield met
    finally:
        test.end()
        logging.disable(logging.NOTSET)


def cell(server: Service, fault: Fault, measure: Measure, *, is_virtual: bool = True) -> str:
    """What a library does, in words."""
    with meeting(server, fault, is_virtual) as met:
        said = measure(met)
        is_applied = not fault.toxic or any(each.tally.applied for each in met.test.declared.all)
    return said if is_applied else f"{said} (never applied)"


def error_said(error: BaseException) -> str:
    """An error of a library, with what it says below it where that is all it tells."""
    return f"`{type(error).__name__}`"


def seconds(number: float) -> str:
    """A duration: `at once`, `after 2 s`."""
    return "at once" if number < 0.0005 else f"after {number:.3f}".rstrip("0").rstrip(".") + " s"


def times(number: int, word: str) -> str:
    """`1 call`, `4 calls`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


TRUSTED = ssl.create_default_context()  # made once: it costs more than all the rest


def _words(toxic: Any) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = json.loads(msgspec.json.encode(toxic))
    kept = {name: value for name, value in plain.items() if name not in ("type", "name", "attributes")}
    return {**kept, **toxic.attributes}
