"""TLS: asyncio's streams with a certificate of our own, through OpenSSL as it is.

A stream that is secret from the start and one that becomes it, a name that is not the server's, a large answer that
outgrows every buffer, httpx over TLS, a power cut.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import anyio._backends._asyncio  # noqa: F401  httpx imports these when it is first used: here they come once
import httpcore  # noqa: F401
import httpx
from programs.lines import ask, serve_lines

FOLDER = Path(__file__).parent.parent / "certificate"
LARGE = 300_000


def server_side() -> ssl.SSLContext:
    """With a certificate for the name `server`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(FOLDER / "cert.pem", FOLDER / "key.pem")
    return context


def client_side() -> ssl.SSLContext:
    """Trusts that certificate alone."""
    return ssl.create_default_context(cafile=FOLDER / "cert.pem")


async def server(node: Any) -> None:
    """Lines over TLS, a stream that becomes secret, and HTTP over TLS."""
    await asyncio.start_server(upgrade, "0.0.0.0", 81)
    await asyncio.start_server(web, "0.0.0.0", 443, ssl=server_side())
    await serve_lines(node, lambda line: "x" * LARGE if line == "large" else f"you said {line}", ssl=server_side())


async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak in clear until asked not to."""
    assert await reader.readline() == b"STARTTLS\n"
    writer.write(b"go\n")
    await writer.start_tls(server_side())
    writer.write(b"secret " + await reader.readline())
    await writer.drain()
    writer.close()


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The smallest of web servers."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split()[1]
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(path), path))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def client(node: Any) -> None:
    """Everything once, then through a power cut."""
    await asyncio.sleep(0.5)
    assert await ask("server", "hello", ssl=client_side()) == "you said hello"
    both = await asyncio.gather(*[ask("server", f"w{number}", ssl=client_side()) for number in range(4)])
    assert both == [f"you said w{number}" for number in range(4)]
    assert len(await ask("server", "large", ssl=client_side(), limit=2 * LARGE)) == LARGE
    await wrong_name(node)
    await upgraded()
    async with httpx.AsyncClient(verify=client_side()) as session:
        answers = await asyncio.gather(*[session.get(f"https://server/{number}") for number in range(3)])
        assert [each.text for each in answers] == ["/0", "/1", "/2"]
    await after_power_cut()


async def wrong_name(node: Any) -> None:
    """Nobody else's certificate will do."""
    try:
        await ask("server", "hello", ssl=client_side(), server_hostname="somebody")
        raise AssertionError("the name is wrong")
    except ssl.SSLCertVerificationError as error:
        assert "somebody" in str(error)


async def upgraded() -> None:
    """A stream that becomes secret."""
    reader, writer = await asyncio.open_connection("server", 81)
    writer.write(b"STARTTLS\n")
    assert await reader.readline() == b"go\n"
    await writer.start_tls(client_side(), server_hostname="server")
    writer.write(b"word\n")
    assert await reader.readline() == b"secret word\n"
    assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
    writer.close()
    await writer.wait_closed()


async def after_power_cut() -> None:
    """Ask until six seconds are over."""
    loop, good, bad = asyncio.get_running_loop(), 0, 0
    begun = loop.time()
    while loop.time() - begun < 6:
        try:
            async with asyncio.timeout(1):
                await ask("server", "again", ssl=client_side())
            good += 1
        except (OSError, TimeoutError):
            bad += 1
        await asyncio.sleep(0.4)
    assert good and bad, (good, bad)
    print("done", good, bad)
