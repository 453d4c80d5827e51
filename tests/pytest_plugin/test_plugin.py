"""The plugin in a project of somebody: fixtures work, faults that never came and what is left behind fail a test."""

from __future__ import annotations

import subprocess
import sys

from fozzy.pytest_plugin import plugin
from tests.pytest_plugin.project import ROOT, Project

REDIS = """
    import time
    import pytest
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    def client_of(proxy, **more):
        return redis.Redis.from_url(proxy.url, protocol=2, retry=Retry(NoBackoff(), 1), **more)
"""


def test_a_lost_reply_and_an_hour_of_sleep(project: Project) -> None:
    """A sync test before a real Redis: the fault strikes once, time is virtual, and the test takes no time."""
    project.write(
        "test_it.py",
        REDIS
        + """
    @pytest.mark.chaos(seed=7)
    def test_incr(redis_proxy, redis_server, virtual_time, chaos):
        client = client_of(redis_proxy)
        with redis_proxy.toxic("drop_reply", match="INCR", first=1):
            client.incr("orders")
        with redis_proxy.toxic("latency", latency=2000):
            client.get("orders")
        time.sleep(3600)
        client.close()
        assert redis_server.get("orders") == "2"
        chaos.assert_fired("drop_reply", times=1)
        assert 3602 <= virtual_time.now < 3604.1
        assert chaos.seed == 7
    """,
    )
    ran = project.run()
    assert (ran.code, ran.passed) == (0, 1), ran.said


def test_a_fault_that_never_came_fails_the_test(project: Project) -> None:
    """In its call phase, saying which fault and why; with `--chaos-strict=off` it is a warning."""
    project.write(
        "test_it.py",
        REDIS
        + """
    @pytest.mark.chaos(seed=7)
    def test_never(redis_proxy):
        client = client_of(redis_proxy)
        with redis_proxy.toxic("drop_reply", match="INCR", first=1):
            client.get("orders")
        client.close()
    """,
    )
    ran = project.run()
    assert (ran.code, ran.failed, ran.errors) == (1, 1, 0), ran.said
    assert "fault never applied" in ran.said
    assert "redis/drop_reply_downstream (drop_reply) came to pass 0 times" in ran.said
    ran = project.run("--chaos-strict=off")
    assert (ran.code, ran.passed) == (0, 1), ran.said
    assert "fault never applied" in ran.said


def test_what_is_left_behind_fails_the_teardown(project: Project) -> None:
    """A toxic, a child and a socket that listens: each is named; fixtures for several tests may leave theirs."""
    project.write(
        "test_it.py",
        REDIS
        + """
    import socket, subprocess, sys

    @pytest.fixture(scope="session")
    def a_child():
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
            yield child

    def test_toxic(redis_proxy, a_child):
        from fozzy.pytest_plugin.proxies import said_toxic
        redis_proxy.add(said_toxic("latency:latency=1"))
        client = client_of(redis_proxy)
        client.get("orders")
        client.close()

    def test_child(chaos, request):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        request.config.left = child

    def test_socket(chaos, request):
        request.config.listens = socket.create_server(("127.0.0.1", 0))

    def test_nothing(chaos, a_child):
        pass
    """,
    )
    ran = project.run()
    assert (ran.code, ran.passed, ran.errors) == (1, 4, 3), ran.said
    for said in ("a toxic in force: redis/latency_downstream", "a child process", "a socket that listens"):
        assert said in ran.said


def test_proxies_that_die_fail_the_test(project: Project) -> None:
    """By what they died of, whether the body noticed or not; the session goes on and the next test has its own."""
    project.write(
        "test_it.py",
        REDIS
        + """
    def pop():
        raise ZeroDivisionError("pop")

    @pytest.mark.chaos(seed=7)
    @pytest.mark.parametrize("notices", [True, False, None])
    def test_it(redis_proxy, chaos, notices):
        with client_of(redis_proxy) as client:
            client.get("orders")
        if notices is not None:
            redis_proxy._hosted._token.run_sync_soon(pop)
            redis_proxy._hosted._thread.join()
        if notices:
            redis_proxy.toxics
    """,
    )
    ran = project.run()
    assert (ran.code, ran.passed, ran.failed, ran.errors) == (1, 1, 2, 0), ran.said
    assert ran.said.count("the proxies were ended by a bug of fozzy: ZeroDivisionError: pop") >= 4, ran.said
    assert "INTERNALERROR" not in ran.said


MODULES = {f"fozzy.pytest_plugin{part}" for part in ("", ".fixtures", ".options", ".provided", ".services")}
MODULES |= {"fozzy", "fozzy.version", plugin.__name__, *plugin.pytest_plugins}


def test_loading_it_changes_nothing(project: Project) -> None:
    """A session without markers of ours imports nothing of fozzy but the plugin, and time is Python's own."""
    project.write(
        "test_it.py",
        f"""
        import sys, time

        def test_plain():
            assert {{name for name in sys.modules if name.partition(".")[0] == "fozzy"}} <= {MODULES!r}
            assert type(time.sleep).__name__ == "builtin_function_or_method"
            assert not {{"trio", "asyncio", "msgspec", "time_machine"}} & set(sys.modules)
        """,
    )
    project.write("conftest.py", "pytest_plugins = ('fozzy.pytest_plugin.plugin',)")
    ran = project.run(
        "-p", "no:fozzy", "-p", "no:anyio", "-p", "no:hypothesispytest", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"
    )
    assert (ran.code, ran.passed) == (0, 1), ran.said


def test_loading_it_is_cheap() -> None:
    """It imports nothing that pytest has not imported, but a few modules of its own."""
    code = (
        "import sys, pytest; before = set(sys.modules);"
        f"import fozzy.pytest_plugin.plugin, {', '.join(plugin.pytest_plugins)};"
        "print(sorted(set(sys.modules) - before))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert set(eval(shown.stdout)) == MODULES


def test_kinds_of_chaos_are_chaos(project: Project) -> None:
    """`-m` selects by the kind and by `chaos`; a plain run leaves nothing out; strict markers know all of them."""
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.chaos_network
        def test_network(): pass

        @pytest.mark.chaos_service
        @pytest.mark.slow
        def test_service(): pass

        @pytest.mark.chaos
        @pytest.mark.chaos_runs(2)
        def test_chaos(): pass

        def test_plain(): pass
        """,
    )
    assert project.run("--strict-markers").passed == 4
    assert project.run("-m", "chaos").passed == 3
    assert project.run("-m", "not chaos").passed == 1
    assert project.run("-m", "chaos and not chaos_network").passed == 2


def test_a_marker_of_another_plugin_is_said_plainly(project: Project) -> None:
    """The word that is not ours is named, and no traceback of ours is shown."""
    project.write("test_it.py", "import pytest\n\n@pytest.mark.chaos(intensity=3)\ndef test_it(): pass\n")
    ran = project.run()
    assert (ran.code, ran.errors) == (1, 1)
    assert "the marker chaos of fozzy has no intensity" in ran.said
    assert "Traceback" not in ran.said and "session.py" not in ran.said
