"""TLS over simulated streams: true encryption, whose clear text is the evidence."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from fozzy.core.events import Net
from tests.sim.harness import Played, play

PEM = Path(__file__).parent.parent / "world" / "http" / "self_signed.pem"


def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's that trusts anybody."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(PEM)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    return server, client


def echoed(upgrade: bool) -> tuple[Played, list[Any]]:
    """A line sent and answered; with `upgrade` the first is clear and the second encrypted."""
    there, here = contexts()
    told: list[Any] = []

    async def server() -> None:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if upgrade:
                told.append(await reader.readline())
                writer.write(b"go on\n")
                await writer.start_tls(there)
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()

        made = await asyncio.start_server(handler, "0.0.0.0", 443, ssl=None if upgrade else there)
        await made.serve_forever()

    async def client() -> None:
        await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("n0", 443, ssl=None if upgrade else here)
        if upgrade:
            writer.write(b"start\n")
            told.append(await reader.readline())
            await writer.start_tls(here)
        told.append(writer.get_extra_info("cipher") is not None)
        writer.write(b"hello\n")
        told.append(await reader.readline())
        told.append(await reader.read())
        writer.close()

    return play(server, client), told


@pytest.mark.parametrize("upgrade", [False, True])
def test_a_stream_is_encrypted(upgrade: bool) -> None:
    """From its beginning, or from where both sides agree to."""
    played, told = echoed(upgrade)
    assert played.found is None
    assert told == ([b"start\n", b"go on\n"] if upgrade else []) + [True, b"HELLO\n", b""]


def test_two_runs_are_the_same_though_their_secrets_differ() -> None:
    """What travels is no evidence, and takes its time nevertheless."""

    def sizes(played: Played) -> list[Any]:
        return [each for each in played.records if not isinstance(each, Net)]

    first, second = (echoed(False)[0] for _ in range(2))
    assert sizes(first) == sizes(second)
    secret = [each for each in first.net("data") if each.bytes]
    assert secret == []
    assert crc32(b"hello\n") not in [each.digest for each in first.net("data")]


def test_a_certificate_that_nobody_trusts_is_an_error() -> None:
    """A handshake that fails raises where it is waited for, and the server goes on."""
    there, _ = contexts()
    strict = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    told: list[str] = []

    async def server() -> None:
        async def handler(reader: Any, writer: Any) -> None:
            told.append("accepted")

        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        await (await asyncio.start_server(handler, "0.0.0.0", 443, ssl=there)).serve_forever()

    async def client() -> None:
        await asyncio.sleep(0.01)
        for _ in range(2):
            with pytest.raises(ssl.SSLError):
                await asyncio.open_connection("n0", 443, ssl=strict)
            told.append("refused")

    assert play(server, client).found is None
    assert told == ["refused", "refused"]


def test_only_our_own_transports_are_upgraded() -> None:
    """Anybody else's is a mistake."""

    async def main() -> None:
        with pytest.raises(TypeError):
            await asyncio.get_running_loop().start_tls(object(), asyncio.Protocol(), contexts()[0])  # type: ignore[arg-type]

    assert play(main).found is None
