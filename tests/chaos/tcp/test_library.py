"""`fozzy.chaos.tcp`: a proxy in a test, whatever loop the test has, or none."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

import fozzy
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.errors import InputError, StoreError, UsageError
from tests.chaos.tcp.echo import Echo


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    """A server."""
    with Echo() as server:
        yield server


def said(address: tuple[str, int], *texts: bytes) -> list[bytes]:
    """What comes back over one connection; what ended it, where it ended."""
    found: list[bytes] = []
    with contextlib.suppress(ConnectionResetError), socket.create_connection(address, timeout=30) as client:
        for text in texts:
            client.sendall(text)
            found.append(client.recv(65536))
        return found
    return [*found, b"reset"]


def threads() -> list[str]:
    """Those of proxies."""
    return [thread.name for thread in threading.enumerate() if thread.name == "fozzy-tcp"]


def test_a_test_without_a_loop(echo: Echo) -> None:
    """`with`: it listens inside, and nothing of it is left outside, not even a thread."""
    with fozzy.chaos.tcp(echo.address, seed=7) as proxy:
        assert isinstance(proxy, TcpProxy)
        assert said(proxy.address, b"a", b"b") == [b"a", b"b"]
        assert proxy.seed == 7 and proxy.url == f"tcp://{proxy.host}:{proxy.port}"
        address = proxy.address
    assert threads() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_a_test_on_asyncio(echo: Echo) -> None:
    """`async with` there: its own loop is not the proxy's."""

    async def test() -> None:
        async with fozzy.chaos.tcp(echo.address) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            async with proxy.toxic("reset_peer"):
                writer.write(b"a")
                with pytest.raises(ConnectionResetError):
                    await reader.read(10)
            writer.close()
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(b"b")
            assert await reader.read(10) == b"b"
            writer.close()
            await writer.wait_closed()

    asyncio.run(test())


def test_a_test_on_trio(echo: Echo) -> None:
    """And so does trio, whose loop is another one than the proxy's."""

    async def test() -> None:
        async with fozzy.chaos.tcp(echo.address) as proxy:
            stream = await trio.open_tcp_stream(*proxy.address)
            with proxy.toxic("reset_peer"), pytest.raises(trio.BrokenResourceError):
                await stream.send_all(b"a")
                await stream.receive_some(10)
            await stream.aclose()
            assert proxy.toxics == []

    trio.run(test)


def test_an_exception_in_a_body_takes_everything_away(echo: Echo) -> None:
    """The toxic is gone, the exception is the body's; so is the proxy after its own."""
    with fozzy.chaos.tcp(echo.address) as proxy:
        with pytest.raises(ZeroDivisionError), proxy.toxic("reset_peer") as toxic:
            assert [each.called for each in proxy.toxics] == [toxic.name]
            raise ZeroDivisionError
        assert proxy.toxics == [] and said(proxy.address, b"a") == [b"a"]
        address = proxy.address
    with pytest.raises(ZeroDivisionError), fozzy.chaos.tcp(echo.address) as proxy:
        address = proxy.address
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_several_proxies_of_a_plan(echo: Echo, tmp_path: Path) -> None:
    """From a file, or from what it holds; each by its name."""
    plan = {"seed": 3, "proxies": [{"name": name, "upstream": echo.address} for name in ("a", "b")]}
    with fozzy.chaos.tcp(plan=plan) as proxy:
        assert (proxy.name, proxy["b"].name, proxy.seed) == ("a", "b", 3)
        with proxy["b"].toxic("reset_peer"):
            assert said(proxy.address, b"x") == [b"x"]
            assert said(proxy["b"].address, b"x") == [b"reset"]
        with pytest.raises(UsageError, match='no proxy "c"'):
            proxy["c"]
    (tmp_path / "chaos.toml").write_text(f'[[proxies]]\nname = "a"\nupstream = "{echo.address}"\n')
    with fozzy.chaos.tcp(plan=tmp_path / "chaos.toml") as proxy:
        assert said(proxy.address, b"x") == [b"x"]


def test_toxics_from_the_beginning(echo: Echo) -> None:
    """What `toxics` holds is in force before the first connection."""
    with fozzy.chaos.tcp(echo.address, toxics=[{"type": "reset_peer", "first": 1}]) as proxy:
        assert said(proxy.address, b"x") == [b"reset"]
        assert said(proxy.address, b"x") == [b"x"]
        assert proxy.applied("reset_peer") == 1


def test_a_url_names_a_server(echo: Echo) -> None:
    """Its protocol is spoken, and the proxy's URL has its path."""
    with fozzy.chaos.tcp(f"redis://127.0.0.1:{echo.port}/3") as proxy:
        assert proxy.url == f"redis://127.0.0.1:{proxy.port}/3"
        assert said(proxy.address, b"PING\r\n") == [b"PING\r\n"]
    assert fozzy.chaos.tcp(f"redis://127.0.0.1:{echo.port}", protocol="raw") is not None


def test_a_recording_is_kept_when_the_run_is_over(echo: Echo, tmp_path: Path) -> None:
    """It is sealed, and says what was decided; a name that is taken is left alone."""
    for name in ("t.fozzy", "t.1.fozzy"):
        with fozzy.chaos.tcp(echo.address, record=tmp_path / "t.fozzy", seed=7) as proxy:
            said(proxy.address, b"a")
            assert proxy.trace is None
        assert proxy.trace == tmp_path / name
        assert fozzy.verify(tmp_path / name)
    with pytest.raises(StoreError), fozzy.chaos.tcp(echo.address, record=tmp_path / "t.fozzy" / "x"):
        pass


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({}, UsageError),
        ({"upstream": "127.0.0.1:1", "plan": {}}, UsageError),
        ({"plan": {}}, UsageError),
        ({"upstream": "nowhere"}, UsageError),
        ({"upstream": "127.0.0.1:1", "protocol": "smtp"}, InputError),
        ({"upstream": "127.0.0.1:1", "toxics": [{"type": "laten"}]}, InputError),
        ({"plan": "none.toml"}, InputError),
        ({"upstream": "127.0.0.1:1", "seed": -1}, UsageError),
        ({"upstream": "127.0.0.1:1", "seed": 1.5}, UsageError),
        ({"upstream": "127.0.0.1:1", "seed": "7"}, UsageError),
        ({"upstream": ("127.0.0.1", 1)}, UsageError),
    ],
)
def test_what_cannot_be_is_an_error_of_fozzy(words: dict[str, Any], error: type[Exception]) -> None:
    """Before anything listens."""
    with pytest.raises(error):
        fozzy.chaos.tcp(**words)


def test_a_port_that_is_taken_is_an_error(echo: Echo) -> None:
    """Told by who enters it; nothing is left of it."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError) as caught:
        fozzy.chaos.tcp(echo.address, listen=f"127.0.0.1:{taken.getsockname()[1]}").__enter__()
    assert caught.value.code == "chaos.listen" and threads() == []


def test_the_package_is_the_function_and_costs_nothing_until_it_is_called() -> None:
    """`import fozzy` and naming it import no trio; other things of the package are still there."""
    code = (
        "import sys, fozzy; f = fozzy.chaos.tcp; assert callable(f); "
        "print([name for name in ('trio', 'msgspec') if name in sys.modules]); "
        "from fozzy.chaos.tcp.words import toxic_of"
    )
    root = Path(__file__).parents[3]
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert shown.stdout.strip() == "[]"
    with pytest.raises(AttributeError):
        fozzy.chaos.udp  # noqa: B018
