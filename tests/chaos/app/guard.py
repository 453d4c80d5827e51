"""A breaker before what may be down: purgatory's, with one call at a time to find out whether it is back."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

LOG = logging.getLogger("app.guard")


class Unavailable(Exception):
    """Nobody was asked: the breaker is open, or somebody else is finding out."""


class Guard:
    """After `threshold` failures in a row nobody is asked for `rest_s`. Errors in `exclude` are no failures."""

    def __init__(self, name: str, threshold: int, rest_s: float, exclude: Any = ()) -> None:
        self.name = name
        self.states = ["closed"]
        self.factory = AsyncCircuitBreakerFactory(threshold, rest_s, exclude=list(exclude))
        self.factory.add_listener(self._told)
        self._is_probing = False

    @contextlib.asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """For the time of one call. *Errors*: `Unavailable`."""
        breaker = await self.factory.get_breaker(self.name)
        if self._is_probing:
            raise Unavailable(self.name)
        try:
            async with breaker:
                self._is_probing = probes = breaker.context.state == "half-opened"
                try:
                    yield
                finally:
                    self._is_probing = self._is_probing and not probes
        except OpenedState:
            raise Unavailable(self.name) from None

    def _told(self, name: str, kind: str, event: Any) -> None:
        if kind == "state_changed":
            LOG.warning("breaker %s: %s to %s", name, self.states[-1], event.state)
            self.states.append(event.state)


class CrowdedGuard(Guard):
    """A broken twin: while it finds out whether the other is back, it lets everybody through."""

    @contextlib.asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        try:
            async with await self.factory.get_breaker(self.name):
                yield
        except OpenedState:
            raise Unavailable(self.name) from None


class NoGuard(Guard):
    """A broken twin: asks, whatever happened."""

    @contextlib.asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        yield


class LeakyGuard(Guard):
    """A broken twin: it opens, and asks all the same."""

    @contextlib.asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        guarding = super().call()
        try:
            await guarding.__aenter__()
        except Unavailable:
            yield
            return
        try:
            yield
        except BaseException as error:
            await guarding.__aexit__(type(error), error, error.__traceback__)
            raise
        await guarding.__aexit__(None, None, None)
