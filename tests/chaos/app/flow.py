"""A whole session: it follows its events, keeps each as a step in PostgreSQL, and a checkpoint in Redis after each.

PostgreSQL has the truth. A checkpoint saves work when the session is taken up again; it may be older than the truth or not
there at all, and never newer.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from tests.chaos.app.checkpoints import Checkpoints
from tests.chaos.app.stream import Event, Follower, HastyFollower

TRIES = 3

KEPT = "INSERT INTO steps VALUES (%s, %s, %s) ON CONFLICT (session, number) DO NOTHING"
CLOSED = "INSERT INTO sessions VALUES (%s, 'closed') ON CONFLICT (name) DO NOTHING"
LAST = "SELECT max(number) FROM steps WHERE session = %s"


class Flow:
    """One session. *Errors*: those of what it cannot do without, PostgreSQL and the events."""

    follower: type[Follower] = Follower

    def __init__(self, name: str, checkpoints: Checkpoints, pool: AsyncConnectionPool, url: str) -> None:
        self.name = name
        self._checkpoints = checkpoints
        self._pool = pool
        self._url = url

    async def run(self) -> None:
        """From where it was to its end."""
        async for event in self.follower(self._url, await self.last()).events():
            await self.keep(event)
            await self._checkpoints.save(self.name, {"step": event["n"]})
        await self._sure(CLOSED, (self.name,))

    async def last(self) -> int:
        """The step that was done last."""
        known = await self._checkpoints.load(self.name)
        return known["step"] if known else (await self._sure(LAST, (self.name,)))[0][0] or 0

    async def keep(self, event: Event) -> None:
        """A step, once, however often it is tried."""
        await self._sure(KEPT, (self.name, event["n"], f"{event['text']} {event['total']}"))

    async def _sure(self, statement: str, words: tuple[Any, ...]) -> list[Any]:
        """A statement that may be carried out again, until it was."""
        again = retry_if_exception_type(psycopg.OperationalError)
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(TRIES), wait=wait_fixed(1), retry=again, reraise=True
        ):
            with attempt:
                async with self._pool.connection() as wire:
                    done = await wire.execute(statement, words)
                    found = await done.fetchall() if done.description else []
        return found


class KeylessFlow(Flow):
    """A broken twin: a step that is tried again is another step."""

    async def keep(self, event: Event) -> None:
        await self._sure("INSERT INTO orders VALUES (NULL, %s)", (f"{event['text']} {event['total']}",))


class HastyFlow(Flow):
    """A broken twin: it ends when somebody says that it is the end."""

    follower = HastyFollower
