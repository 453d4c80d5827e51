"""An ASGI application is served by uvicorn, as it is on a real machine."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from fozzy.sim.cluster import Cluster
from fozzy.sim.settings import ClusterSetting, NodeSetting
from tests.sim.harness import Functions, S, choices_of, linked

pytest.importorskip("uvicorn")


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answers every request with its path."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(scope["path"]))]}
    )
    await send({"type": "http.response.body", "body": scope["path"].encode()})


async def broken(scope: Any, receive: Any, send: Any) -> None:
    """Fails to start."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})


def cluster_of(app: Any, main: Any = None) -> Cluster:
    """An application on n0, a program on n1."""
    nodes = [NodeSetting(name="n0", kind="asgi", target="app", port=8000)]
    nodes += [NodeSetting(name="n1", kind="program", target="main")] if main is not None else []
    cluster = Cluster(
        ClusterSetting(nodes=tuple(nodes), link=linked(), duration_ns=10 * S),
        choices_of()[0],
        Functions({"app": app, "main": main}),
    )
    cluster.start()
    return cluster


def test_an_application_answers() -> None:
    """Over the simulated network, on the machine's port."""
    told: list[bytes] = []

    async def main() -> None:
        await asyncio.sleep(1)
        reader, writer = await asyncio.open_connection("n0", 8000)
        writer.write(b"GET /hello HTTP/1.1\r\nhost: n0\r\nconnection: close\r\n\r\n")
        told.append(await reader.read())
        writer.close()

    cluster = cluster_of(hello, main)
    cluster.settle()
    assert told[0].startswith(b"HTTP/1.1 200 OK")
    assert told[0].endswith(b"/hello")
    assert 1 * S <= cluster.kernel.clock.now < 2 * S
    assert all(program.serves for program in cluster.programs.values() if program.is_running)
    cluster.close()


def test_an_application_that_does_not_start_is_found() -> None:
    """Its lifespan failed."""
    cluster = cluster_of(broken)
    with pytest.raises(Exception) as found:
        cluster.settle()
    assert "n0" in str(found.value)
    cluster.close()


def test_a_missing_uvicorn_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    cluster = cluster_of(hello)
    with pytest.raises(Exception) as found:
        cluster.settle()
    assert "pip install uvicorn" in str(found.value)
    cluster.close()
