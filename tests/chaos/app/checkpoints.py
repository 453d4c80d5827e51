"""Checkpoints of sessions in Redis, and the number of orders, as the application keeps them. Its broken twins are below.

A session goes on without checkpoints: one that cannot be kept is logged, one that cannot be read is as if there was none.
An order is counted once: where the answer is lost nobody knows whether it was, so it is said (`InDoubt`) and not sent again.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff, NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, ReadOnlyError, RedisError, TimeoutError

LOG = logging.getLogger("app.checkpoints")
LIMIT_S = 2.0
LOADING_S = 0.5  # a server that reads its data back needs a moment
LOADING_TRIES = 5

State = dict[str, Any]


class InDoubt(Exception):
    """A write may have been carried out, and may have not."""


def client_of(host: str, port: int) -> Redis:
    """A client that sends nothing twice, but what a server that is loading has refused."""
    waiting = Retry(ConstantBackoff(LOADING_S), LOADING_TRIES, supported_errors=(BusyLoadingError,))
    return Redis(
        host=host, port=port, protocol=2, socket_timeout=LIMIT_S, socket_connect_timeout=LIMIT_S, retry=waiting
    )


def careless_client_of(host: str, port: int) -> Redis:
    """As it comes: it sends again whatever it has no answer to."""
    return Redis(host=host, port=port, protocol=2)


class Checkpoints:
    """The last state of each session. `standby` is asked to keep one where the server may not write any more."""

    def __init__(self, redis: Redis, standby: Redis | None = None) -> None:
        self._redis = redis
        self._standby = standby

    async def save(self, session: str, state: State) -> bool:
        """Keep a state in place of the one before. Whether it is acknowledged."""
        try:
            await self._redis.set(_key(session), json.dumps(state))
        except ReadOnlyError:
            return await self._save_elsewhere(session, state)
        except RedisError as error:
            LOG.warning("checkpoint of %s not kept: %s", session, type(error).__name__)
            return False
        return True

    async def load(self, session: str) -> State | None:
        """The last state; none where there is none, or nobody can say."""
        try:
            found = await self._read(_key(session))
        except RedisError as error:
            LOG.warning("checkpoint of %s not read: %s", session, type(error).__name__)
            return None
        return None if found is None else json.loads(found)

    async def _read(self, key: str) -> Any:
        """Asked twice, since that does no harm: the first connection may be one that died while nobody used it."""
        try:
            return await self._redis.get(key)
        except ConnectionError:
            return await self._redis.get(key)

    async def _save_elsewhere(self, session: str, state: State) -> bool:
        """The server has become a replica: from now on the other one is asked."""
        LOG.warning("checkpoint of %s refused: read only", session)
        if self._standby is None:
            return False
        self._redis, self._standby = self._standby, None
        return await self.save(session, state)


class Orders:
    """How many there are."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def count(self) -> int:
        """One more. *Errors*: `InDoubt`."""
        try:
            return int(await self._redis.incr("orders"))
        except (ConnectionError, TimeoutError) as error:
            raise InDoubt("nobody knows whether the order was counted") from error


# broken twins


class LoudCheckpoints(Checkpoints):
    """Ends the session over a checkpoint."""

    async def save(self, session: str, state: State) -> bool:
        return bool(await self._redis.set(_key(session), json.dumps(state)))

    async def load(self, session: str) -> State | None:
        found = await self._redis.get(_key(session))
        return None if found is None else json.loads(found)


class TornCheckpoints(Checkpoints):
    """Keeps the parts of a state one by one, so a state can be half of this one and half of the one before."""

    async def save(self, session: str, state: State) -> bool:
        try:
            for name, value in state.items():
                await self._redis.set(f"{_key(session)}:{name}", json.dumps(value))
        except RedisError:
            return False
        return True

    async def load(self, session: str) -> State | None:
        names = sorted([key.decode() async for key in self._redis.scan_iter(f"{_key(session)}:*")])
        return {name.rpartition(":")[2]: json.loads(await self._redis.get(name)) for name in names} or None


class EagerCheckpoints(Checkpoints):
    """Says that a state is kept before it is."""

    async def save(self, session: str, state: State) -> bool:
        await super().save(session, state)
        return True


def insisting_client_of(host: str, port: int) -> Redis:
    """Sends again what the server has refused for good."""
    retry = Retry(NoBackoff(), 5, supported_errors=(RedisError,))
    return Redis(host=host, port=port, protocol=2, socket_timeout=LIMIT_S, retry=retry)


def _key(session: str) -> str:
    return f"session:{session}"
