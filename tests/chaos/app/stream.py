"""The events of a session as the application follows them. Its broken twins are below.

However a stream ends, it was not the end unless it said so, and said which event was the last; then the client comes again and
says which event it has. An event is taken when it is whole, can be read, and is the next one.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
from httpx_sse import ServerSentEvent, SSEError, aconnect_sse

LOG = logging.getLogger("app.stream")
LIMIT_S = 15.0  # without an event, or a sign of life
CONNECT_S = 5.0
PAUSE_S = 1.0  # before it comes again
TRIES = 5  # in a row without an event

Event = dict[str, Any]


class GaveUp(Exception):
    """No event came, however often it was tried."""


class Follower:
    """Follows one stream to its end. `last` is the event that it has."""

    limit_s: float | None = LIMIT_S

    def __init__(self, url: str, last: int = 0) -> None:
        self.url = url
        self.last = last

    async def events(self) -> AsyncIterator[Event]:
        """All that come after the one it has, each once. *Errors*: `GaveUp`."""
        tries = 0
        timeout = httpx.Timeout(self.limit_s, connect=CONNECT_S)
        async with httpx.AsyncClient(timeout=timeout, trust_env=False) as client:
            while tries < TRIES:
                before = self.last
                try:
                    async for event in self._once(client):
                        if event is None:
                            return
                        yield event
                    LOG.warning("the stream ended after event %s", self.last)
                except (httpx.TransportError, SSEError) as error:
                    LOG.warning("the stream broke after event %s: %s", self.last, type(error).__name__)
                tries = 0 if self.last > before else tries + 1
                await asyncio.sleep(PAUSE_S)
        raise GaveUp(f"after event {self.last}")

    async def _once(self, client: httpx.AsyncClient) -> AsyncIterator[Event | None]:
        """The events of one connection, as long as each is the next one; none for the end."""
        async with aconnect_sse(client, "GET", self.url, headers=self.headers()) as source:
            async for said in source.aiter_sse():
                if said.event == "end":
                    if self.is_all(said):
                        yield None
                    return
                if not said.data:  # httpx-sse makes an event of a comment, too
                    continue
                event = self.taken(said)
                if event is None:
                    return
                self.last = int(said.id)
                yield event

    def headers(self) -> dict[str, str]:
        """What it asks with."""
        return {"Last-Event-ID": str(self.last)} if self.last else {}

    def is_all(self, said: ServerSentEvent) -> bool:
        """Whether the last one came."""
        return said.data == str(self.last)

    def taken(self, said: ServerSentEvent) -> Event | None:
        """The event, where it is the next one and whole."""
        if said.id != str(self.last + 1):
            return None
        try:
            found: Event = json.loads(said.data)
        except ValueError:
            return None
        return found


# broken twins


class TrustingFollower(Follower):
    """Takes the end of a connection for the end of the stream."""

    async def events(self) -> AsyncIterator[Event]:
        async with httpx.AsyncClient(timeout=self.limit_s, trust_env=False) as client:
            async for event in self._once(client):
                if event is not None:
                    yield event


class ForgetfulFollower(Follower):
    """Comes again without saying what it has, and takes what comes."""

    def headers(self) -> dict[str, str]:
        return {}

    def taken(self, said: ServerSentEvent) -> Event | None:
        found: Event = json.loads(said.data)
        return found


class GappyFollower(Follower):
    """Takes whatever event comes next."""

    def is_all(self, said: ServerSentEvent) -> bool:
        return True

    def taken(self, said: ServerSentEvent) -> Event | None:
        found: Event = json.loads(said.data)
        return found


class HastyFollower(Follower):
    """Takes the end for the end, whatever is missing before it."""

    def is_all(self, said: ServerSentEvent) -> bool:
        return True


class PatientFollower(Follower):
    """Waits for ever."""

    limit_s = None
