"""purgatory: a circuit breaker that opens, waits a minute of virtual time, and closes again.

A server that fails for a while; while the circuit is open nobody bothers it; listeners hear of every change.
"""

from __future__ import annotations

import asyncio
from typing import Any

from programs.lines import ask, serve_lines
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState


async def server(node: Any) -> None:
    """Fail in the first ten seconds; tell how often it was asked."""
    loop, asked = asyncio.get_running_loop(), 0
    begun = loop.time()

    def answer(line: str) -> str:
        nonlocal asked
        asked += 1
        return "failed" if loop.time() - begun < 10 else f"asked {asked}"

    await serve_lines(node, answer)


async def client(node: Any) -> None:
    """Ask every second for two minutes."""
    await asyncio.sleep(0.5)
    changes: list[str] = []
    breakers = AsyncCircuitBreakerFactory(default_threshold=3, default_ttl=60)
    breakers.add_listener(lambda name, kind, event: changes.append(kind))
    outcomes: list[str] = []

    async def once() -> str:
        try:
            async with await breakers.get_breaker("server"):
                answer = await ask("server", "work")
                if answer == "failed":
                    raise RuntimeError(answer)
                return answer
        except OpenedState:
            return "open"
        except (RuntimeError, OSError):
            return "failed"

    for _ in range(100):
        outcomes.append((await once()).partition(" ")[0])
        await asyncio.sleep(1)
    assert outcomes[:3] == ["failed"] * 3, outcomes
    assert outcomes.count("open") in range(55, 62), outcomes.count("open")
    assert outcomes[-1] == "asked"
    assert {"circuit_breaker_created", "failed", "recovered", "state_changed"} <= set(changes), changes
    print("done", outcomes.count("open"), len(changes))
