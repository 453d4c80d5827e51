"""Embeddings as the application asks for them: Voyage's own client, in batches, and what is a duplicate by them.

A batch is tried again with growing pauses; what is down for good opens a breaker. Without embeddings nothing is a duplicate,
so every text stays.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import voyageai
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential, wait_fixed
from voyageai.error import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    InvalidRequestError,
    RateLimitError,
    ServerError,
    ServiceUnavailableError,
    Timeout,
    VoyageError,
)

from tests.chaos.app.guard import Guard, Unavailable

LOG = logging.getLogger("app.embeddings")
MODEL = "voyage-3"
KEY = "pa-nobody"
LIMIT_S = 3.0
BATCH = 4
TRIES = 4
THRESHOLD = 8
REST_S = 60.0
AGAIN = (APIConnectionError, RateLimitError, ServerError, ServiceUnavailableError, Timeout)
OURS = (InvalidRequestError, AuthenticationError)

Vector = Sequence[float]


class Embedder:
    """Vectors of texts. *Errors*: `VoyageError`; `Unavailable` without asking."""

    waiting: Any = wait_exponential(multiplier=1, exp_base=2)  # 1, 2, 4 s

    def __init__(self, url: str) -> None:
        self.guard = Guard("embeddings", THRESHOLD, REST_S, exclude=OURS)
        self._client = voyageai.AsyncClient(api_key=KEY, base_url=url, timeout=LIMIT_S)

    async def vectors(self, texts: Sequence[str]) -> list[Vector]:
        """One for each text; equal texts are sent once."""
        known: dict[str, Vector] = {}
        wanted = self.wanted(texts)
        for at in range(0, len(wanted), BATCH):
            batch = wanted[at : at + BATCH]
            known.update(zip(batch, await self._batch(batch), strict=True))
        return [known[text] for text in texts]

    def wanted(self, texts: Sequence[str]) -> list[str]:
        """What is sent."""
        return list(dict.fromkeys(texts))

    async def _batch(self, texts: Sequence[str]) -> Sequence[Vector]:
        again = retry_if_exception_type(AGAIN)
        retrying = AsyncRetrying(stop=stop_after_attempt(TRIES), wait=self.waiting, retry=again, reraise=True)
        async for attempt in retrying:
            with attempt:
                async with self.guard.call():
                    found = await self._client.embed(list(texts), model=MODEL)
        if len(found.embeddings) != len(texts):
            raise APIError("not as many vectors as texts")
        return found.embeddings


async def deduplicated(texts: Sequence[str], embedder: Embedder) -> list[str]:
    """The texts without those that mean the same as one before; all of them where nobody can say."""
    try:
        vectors = await embedder.vectors([_plain(text) for text in texts])
    except (VoyageError, Unavailable) as error:
        LOG.warning("duplicates stay: %s", type(error).__name__)
        return list(texts)
    kept: list[tuple[str, Vector]] = []
    for text, vector in zip(texts, vectors, strict=True):
        if not any(_alike(vector, other) for _, other in kept):
            kept.append((text, vector))
    return [text for text, _ in kept]


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _alike(one: Vector, other: Vector) -> bool:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    size = (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5
    return dot > 0.99 * size


# broken twins


class SteadyEmbedder(Embedder):
    """Tries again every second, however long it lasts."""

    waiting = wait_fixed(1)


class WastefulEmbedder(Embedder):
    """Sends equal texts as often as they come."""

    def wanted(self, texts: Sequence[str]) -> list[str]:
        return list(texts)


async def lossy(texts: Sequence[str], embedder: Embedder) -> list[str]:
    """Without embeddings there are no texts."""
    try:
        await embedder.vectors(texts)
    except (VoyageError, Unavailable):
        return []
    return list(texts)
