"""What a test holds of a proxy: toxics for a block, and what came of them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

import fozzy
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.core.events import Event
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import InputError, UsageError
from fozzy.faults.tcp.plan import Toxic
from tests.chaos.tcp.echo import Echo
from tests.chaos.tcp.harness import until


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    """A server."""
    with Echo() as server:
        yield server


@pytest.fixture
def proxy(echo: Echo) -> Iterator[TcpProxy]:
    """A proxy before it."""
    with fozzy.chaos.tcp(echo.address, seed=7) as proxy:
        yield proxy


def ask(client: socket.socket, text: bytes) -> bytes:
    """What comes back."""
    client.sendall(text)
    return client.recv(65536)


def client_of(proxy: TcpProxy) -> socket.socket:
    """A connection."""
    return socket.create_connection(proxy.address, timeout=30)


def test_a_toxic_strikes_within_its_block_alone(proxy: TcpProxy) -> None:
    """On a connection that was open before, too; how often it did is known after."""
    with client_of(proxy) as client:
        assert ask(client, b"a") == b"a"
        with proxy.toxic("latency", latency=1) as late:
            assert [ask(client, b"b"), ask(client, b"c")] == [b"b", b"c"]
            assert late.applied == 2
        assert ask(client, b"d") == b"d"
    assert late.applied == 2 and late.name == "latency_downstream"


def test_two_of_a_kind_have_two_names(proxy: TcpProxy) -> None:
    """The second gets a number; each counts for itself, also one that comes later under the same name."""
    with client_of(proxy) as client:
        with proxy.toxic("latency", latency=1) as first, proxy.toxic("latency", latency=1, first=1) as second:
            ask(client, b"a")
            ask(client, b"b")
            assert (first.name, second.name) == ("latency_downstream", "latency_downstream_2")
        with proxy.toxic("latency", latency=1) as third:
            ask(client, b"c")
    assert (first.applied, second.applied, third.applied) == (2, 1, 1)
    assert third.name == first.name and proxy.applied("latency") == 4


def test_the_name_of_a_type_means_the_type(proxy: TcpProxy) -> None:
    """A toxic of another type that is called so does not count for it; by any other word toxics are named."""
    with (
        proxy.toxic("timeout", name="latency", timeout=1, first=1) as named,
        proxy.toxic("latency", name="slow") as slow,
    ):
        with client_of(proxy) as client:
            client.sendall(b"a")
            with contextlib.suppress(ConnectionError):
                assert client.recv(1) == b""
        assert proxy.wait_closed()
        assert (named.applied, slow.applied, proxy.applied("timeout"), proxy.applied("latency")) == (1, 0, 1, 0)
    with proxy.toxic("latency", name="slow"), client_of(proxy) as client:
        ask(client, b"a")
        assert (proxy.applied("slow"), proxy.applied("latency"), proxy.applied("sloww")) == (1, 1, 0)


def test_a_block_is_entered_once_at_a_time(proxy: TcpProxy) -> None:
    """And again after it was left."""
    toxic = proxy.toxic("latency", latency=1)
    with toxic, pytest.raises(UsageError), toxic:
        pass
    with toxic:
        assert len(proxy.toxics) == 1
    assert proxy.toxics == []


def test_a_toxic_that_somebody_else_took_away(proxy: TcpProxy) -> None:
    """Is no error at the end of its block."""
    with proxy.toxic("latency", latency=1) as toxic:
        proxy.remove(toxic.name)
    with pytest.raises(InputError, match="no toxic"):
        proxy.remove(toxic.name)


@pytest.mark.parametrize("words", [{"latncy": 1}, {"latency": -1}, {"latency": 1, "jitter": -2}, {"first": 0}])
def test_what_cannot_be_in_force_is_not(words: dict[str, int], proxy: TcpProxy) -> None:
    """It is refused before or when it is entered, and nothing has changed."""
    with pytest.raises(InputError), proxy.toxic("latency", **words):
        pass
    assert proxy.toxics == []


def test_records_tell_what_happened(proxy: TcpProxy) -> None:
    """Messages, the connection when it is over, and each change; decisions are the same bytes for the same messages."""
    logs = []
    for _ in range(2):
        with client_of(proxy) as client:
            ask(client, b"a")
        assert proxy.wait_closed()
    kinds = [type(each) for each in proxy.records]
    assert kinds.count(Spoken) == 4 and kinds.count(Connected) == 2 and Event not in kinds
    logs = proxy.decisions().splitlines()
    assert len(logs) == 6
    with proxy.toxic("latency", latency=1):
        pass
    assert [each.fields["what"] for each in proxy.records if isinstance(each, Event)] == [
        "toxic added",
        "toxic removed",
    ]


def test_records_stay_when_the_run_is_over(echo: Echo) -> None:
    """Who looks at them later finds the end of every connection; addresses are gone."""
    with contextlib.ExitStack() as stack, fozzy.chaos.tcp(echo.address) as proxy:
        client = stack.enter_context(client_of(proxy))
        ask(client, b"a")
        assert proxy.connections == 1
    assert [each.by for each in proxy.records if isinstance(each, Connected)] == ["stopped"]
    with pytest.raises(UsageError) as caught:
        proxy.address  # noqa: B018
    assert caught.value.code == "chaos.not_running"


def test_a_run_tells_only_of_itself(echo: Echo) -> None:
    """Entered again, a proxy begins anew: what came before is neither in its records nor in its decisions."""
    proxy = fozzy.chaos.tcp(echo.address, seed=7)
    found = []
    for _ in range(2):
        with proxy:
            assert proxy.records == []
            with client_of(proxy) as client:
                ask(client, b"a")
            assert proxy.wait_closed()
            found.append(proxy.decisions())
        assert len(proxy.records) == 3
    assert found[0] == found[1]


def pop() -> None:
    """What somebody wrote, and did not try."""
    raise ZeroDivisionError("pop")


def test_what_a_function_raises_is_told_as_its_own(echo: Echo) -> None:
    """Traffic goes on; the error comes at the end of the block, with the function's as its cause, and once."""
    proxy = fozzy.chaos.tcp(echo.address, seed=7)
    with (
        pytest.raises(UsageError, match='the toxic "latency_upstream" strikes raised ZeroDivisionError: pop') as caught,
        proxy,
    ):
        name = proxy.add(Toxic(type="latency", stream="upstream"), pop)
        proxy.when_applied(name, pop)
        with client_of(proxy) as client:
            assert [ask(client, b"a"), ask(client, b"b")] == [b"a", b"b"]
    assert caught.value.code == "chaos.then_raised" and isinstance(caught.value.__cause__, ZeroDivisionError)
    with proxy:
        pass


def test_a_function_for_no_toxic_is_refused(proxy: TcpProxy) -> None:
    """A name that is wrong, or of what was taken away, would never have it called."""
    name = proxy.add(Toxic(type="latency"))
    for wrong in ("latncy_downstream", name):
        with pytest.raises(InputError) as caught:
            proxy.when_applied(wrong, pop)
        assert caught.value.code == "chaos.unknown_toxic"
        with contextlib.suppress(InputError):
            proxy.remove(name)


def test_a_port_that_somebody_else_has_is_no_bug(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the block says so where the proxy could not listen to the last; what it got over is not told."""
    monkeypatch.setattr("fozzy.chaos.tcp.listener.TAKEN_NS", 10**7)
    proxy = fozzy.chaos.tcp(echo.address, seed=7)

    def taken() -> socket.socket:
        with proxy.down():
            port = proxy._hosted.look(lambda run: run.parts.doors.listeners[proxy.name].port)
            proxy._hosted.look(lambda _: port.close())
            return socket.create_server(tuple(port.address))

    def is_listening() -> bool:
        return proxy._hosted.look(lambda run: run.parts.doors.listeners[proxy.name].mode == "open")

    with proxy:
        with taken():
            assert not is_listening()
        until(is_listening)
    with pytest.raises(UsageError, match="cannot listen on") as caught, proxy, taken():
        proxy._hosted.stop()
    assert caught.value.code == "chaos.listen"


def test_waiting_for_the_end_of_connections_has_an_end(proxy: TcpProxy) -> None:
    """It says whether they have ended."""
    with client_of(proxy) as client:
        ask(client, b"a")
        assert not proxy.wait_closed(0.01)
    assert proxy.wait_closed()


def test_a_proxy_is_down_for_a_block(proxy: TcpProxy) -> None:
    """Open connections are cut, new ones refused; then it listens at the same address again."""
    with client_of(proxy) as client:
        ask(client, b"a")
        address = proxy.address
        with proxy.down() as down:
            with contextlib.suppress(ConnectionError):
                assert client.recv(1) == b""
            with pytest.raises(ConnectionError):
                socket.create_connection(address, timeout=30)
        assert down.applied >= 1
    assert proxy.address == address
    with client_of(proxy) as client:
        assert ask(client, b"b") == b"b"


def test_connections_are_refused_for_a_block(proxy: TcpProxy) -> None:
    """Those that are open live on."""
    with client_of(proxy) as client:
        ask(client, b"a")
        with proxy.refuse():
            with pytest.raises(ConnectionError):
                client_of(proxy)
            assert ask(client, b"b") == b"b"
    client_of(proxy).close()


def test_one_direction_is_dead_for_a_block(proxy: TcpProxy) -> None:
    """What is asked arrives, what is answered does not."""
    with client_of(proxy) as client, proxy.partition("downstream") as dead:
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            ask(client, b"a")
        until(lambda: dead.applied == 1)
