"""The proxy as a whole: it listens where it is told, and leaves nothing behind."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import httpx
import pytest
import trio

from fozzy.chaos.http.connection import Connection
from fozzy.chaos.http.proxy import HttpProxy
from fozzy.chaos.http.wire import Listening, Upstream, Wire
from fozzy.errors import InputError, UsageError
from tests.chaos import upstream as servers
from tests.chaos.http.harness import running, until
from tests.ports import free_port

FIXED = {"routes": [{"path": "*", "answer": {"text": "ok"}}]}


def test_it_listens_where_it_is_told() -> None:
    """At a port that is free, at a given one, and at an address of version 6."""
    port = free_port()
    with running(FIXED, listening=Listening(port=port)) as run:
        assert run.port == port and httpx.get(run.url).text == "ok"
    with running(FIXED, listening=Listening(host="::1")) as run:
        assert httpx.get(f"http://[::1]:{run.port}").text == "ok"
        assert run.only().client == "::1"


def test_a_port_that_is_taken() -> None:
    """An error that names it, before anything else."""
    with running(FIXED) as first:
        proxy = HttpProxy(first.session, Wire(), Upstream())
        with pytest.raises(UsageError) as caught:
            trio.run(proxy.serve, Listening(port=first.port))
    assert caught.value.code == "chaos.listen" and str(first.port) in caught.value.message


def test_an_upstream_that_cannot_be() -> None:
    """A URL that cannot be asked is an error at once."""
    with pytest.raises(InputError), running({}, to=Upstream(url="nonsense")):
        pass


def test_certificates_to_believe_that_are_none(tmp_path: Path) -> None:
    """A file that is no PEM is an error at once, and not of each request."""
    (tmp_path / "ca.pem").write_text("hello")
    with pytest.raises(InputError) as caught, running({}, to=Upstream(ca=str(tmp_path / "ca.pem"))):
        pass
    assert caught.value.code == "chaos.tls"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list open files")
def test_nothing_is_left() -> None:
    """After it ended no socket and no thread is left, whatever was going on."""

    def held() -> tuple[int, int]:
        return len(os.listdir("/proc/self/fd")), threading.active_count()

    with servers.Upstream() as upstream:
        upstream.on("/hang", servers.hangs())
        upstream.on("/events", servers.sse(["x"] * 100, gap_s=0.05))
        before = held()
        with running({}, upstream.url) as run, httpx.Client(base_url=run.url) as client:
            for n in range(5):
                client.get(f"/{n}")
            open_ones = [run.connect() for _ in range(5)]
            for sock, path in zip(open_ones, ("/hang", "/events", "/hang", "/events", ""), strict=True):
                if path:
                    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            until(lambda: upstream.count == 9)
            run.stop()
        for sock in open_ones:
            sock.close()
        assert len(run.exchanges) == 9
        upstream.cut()
        until(lambda: held()[0] <= before[0] and held()[1] <= before[1])


def test_a_bug_ends_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours resets the connection it is in, is kept for whoever runs the proxy, and leaves the others alone."""
    good = Connection._handle

    async def bad(self: Connection, head: object, settings: object) -> object:
        if getattr(head, "target", "") == "/bug":
            raise ZeroDivisionError
        return await good(self, head, settings)  # type: ignore[arg-type]

    monkeypatch.setattr(Connection, "_handle", bad)
    with running(FIXED) as run:
        with pytest.raises(httpx.ReadError):
            httpx.get(f"{run.url}/bug")
        assert httpx.get(run.url).text == "ok"
        assert [type(bug) for bug in run.proxy.bugs] == [ZeroDivisionError]
        run.proxy.bugs.clear()


def test_it_serves_two_listeners() -> None:
    """One session, one record each, whichever port a request came to."""
    with running(FIXED) as one, running(FIXED) as two:
        assert [httpx.get(each.url).text for each in (one, two)] == ["ok", "ok"]


def test_the_schedule_runs_without_requests() -> None:
    """A scenario that is due starts although nobody asks, and the change is told."""
    plan = {
        **FIXED,
        "scenarios": {"rush": {"faults": {"drop": 1}, "for": "10s"}},
        "schedule": [{"start": "rush", "at": "2s"}],
    }
    with running(plan) as run:
        assert httpx.get(run.url).status_code == 200
        until(lambda: len(run.records) == 2)
        assert httpx.get(run.url).status_code == 500
