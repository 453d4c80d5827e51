"""Beside other plugins: options, markers and fixtures of the same name, other orders, other processes."""

from __future__ import annotations

import re

import pytest

from tests.pytest_plugin.others import run_with
from tests.pytest_plugin.project import ROOT, Project

OTHER = """
    import pytest

    def pytest_addoption(parser):
        parser.getgroup("monkey").addoption("--chaos-seed", type=int, default=9, help="theirs")

    def pytest_configure(config):
        config.addinivalue_line("markers", "chaos(level): of another plugin")

    @pytest.fixture
    def clock():
        return "theirs"
"""
TESTS = """
    import pytest

    @pytest.mark.chaos(level=3)
    def test_theirs(): ...

    @pytest.mark.chaos
    def test_ours(chaos):
        print("seed", chaos.seed)

    def test_fixture(clock):
        assert clock == "theirs"
"""
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"


def entry_point(project: Project, name: str, module: str) -> None:
    """As if a distribution with a plugin were installed in the folder `installed`."""
    project.write(f"installed/{name}-1.dist-info/METADATA", METADATA.format(name=name))
    project.write(f"installed/{name}-1.dist-info/entry_points.txt", f"[pytest11]\n{name} = {module}\n")


def run_beside(project: Project, *words: str, other: str) -> str:
    """pytest with a plugin of somebody and ours, both found as installed plugins are."""
    (project.folder / "conftest.py").unlink()
    project.write("installed/monkey.py", OTHER)
    entry_point(project, other, "monkey")
    entry_point(project, "fozzy", "fozzy.pytest_plugin.plugin")
    project.write("test_it.py", TESTS)
    path = f"{ROOT}:{project.folder / 'installed'}"
    return project.run(*words, "-rA", PYTHONPATH=path, PYTEST_DISABLE_PLUGIN_AUTOLOAD="").said


@pytest.mark.parametrize("other", ["aaa", "zzz"])
def test_names_of_another_plugin(project: Project, other: str) -> None:
    """Whoever is found first, it keeps its option and its fixture, and the session says so. A marker's word that is not ours
    fails its test; nothing crashes."""
    said = run_beside(project, "-v", "--chaos-seed=5", other=other)
    assert "the option --chaos-seed is another plugin's, so fozzy goes by its own default (0)" in said, said
    assert "the fixture clock is another plugin's" in said
    assert "the marker chaos of fozzy has no level" in said
    assert "-p no:fozzy" in said
    assert re.search(r"2 passed, 1 (error|failed)", said), said
    assert "INTERNALERROR" not in said


NEVER = """
    import pytest

    @pytest.mark.chaos
    def test_it(redis_proxy):
        with redis_proxy.toxic("latency", latency=1):
            pass
"""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--chaos-strict", "test_it.py"], 1),
        (["test_it.py", "--chaos-strict"], 1),
        (["--chaos-strict=on", "test_it.py"], 1),
        (["--chaos-strict=off", "test_it.py"], 0),
        (["--chaos-strict=off", "--chaos-strict", "test_it.py"], 1),
        (["--chaos-strict=maybe", "test_it.py"], 4),
    ],
)
def test_strict_takes_no_path_for_its_word(project: Project, words: list[str], code: int) -> None:
    """Alone it is on, whatever follows; its word stands behind `=`, and the last one counts."""
    project.write("test_it.py", NEVER)
    ran = project.run(*words)
    assert ran.code == code, ran.said
    assert code == 4 or "fault never applied" in ran.said


def test_strict_of_another_plugin(project: Project) -> None:
    """Then its words are that plugin's, too."""
    project.write(
        "monkey.py", OTHER.replace("--chaos-seed", "--chaos-strict").replace("type=int, default=9", "default=''")
    )
    project.write(
        "test_it.py",
        NEVER + "\n    def test_theirs(request):\n        assert request.config.option.chaos_strict == 'off'\n",
    )
    ran = project.run("--chaos-strict=off", "test_it.py", plugins=["monkey"])
    assert (ran.code, ran.passed, ran.failed) == (1, 1, 1), ran.said


def test_seeds_do_not_follow_the_order(project: Project) -> None:
    """pytest-randomly shuffles tests and seeds `random`; each test still has the seed and the decisions it had alone."""
    project.write(
        "test_it.py",
        """
        import pytest

        import redis

        @pytest.mark.chaos
        @pytest.mark.parametrize("number", range(5))
        def test_it(redis_proxy, chaos, virtual_time, number):
            client = redis.Redis.from_url(redis_proxy.url, protocol=2)
            with redis_proxy.toxic("latency", latency=100, jitter=50):
                client.ping()
            client.close()
            print(f"<{number} {chaos.seed} {virtual_time.now_ns}>")
        """,
    )
    seen = []
    for seed in ("1", "2"):
        ran = run_with(project, "pytest-randomly", "-s", "--randomly-seed", seed)
        assert (ran.code, ran.passed) == (0, 5), ran.said
        seen.append(re.findall(r"<(.*?)>", ran.said))
    assert seen[0] != seen[1]
    assert sorted(seen[0]) == sorted(seen[1])


def test_workers_have_services_of_their_own(project: Project) -> None:
    """Under pytest-xdist each worker starts its own, so tests side by side do not see each other's data."""
    project.write(
        "test_it.py",
        """
        import time
        import pytest
        import redis

        @pytest.mark.chaos
        @pytest.mark.parametrize("number", range(6))
        def test_it(redis_proxy, number):
            client = redis.Redis.from_url(redis_proxy.url, protocol=2)
            client.flushall()
            with redis_proxy.toxic("latency", latency=1000):
                assert client.incr("n") == 1
            time.sleep(3600)
            assert client.incr("n") == 2
            client.close()
        """,
    )
    ran = project.run("-n", "2")
    assert (ran.code, ran.passed) == (0, 6), ran.said


def test_what_workers_find_is_said(project: Project) -> None:
    """The verdict of a replay under pytest-xdist; a test that is not there, and options that cannot be, are refused."""
    project.write("test_it.py", "def test_it(chaos): assert chaos.seed == 7\n")
    project.run()
    trace = ".fozzy/chaos/test_it.test_it.fozzy"
    assert (
        f"replay of {trace}: SAME: AssertionError at test_it.py:1" in project.run("-n1", "--chaos-replay", trace).said
    )
    project.write("test_it.py", "def test_other(chaos): ...\n")
    ran = project.run("-n1", "--chaos-replay", trace)
    assert (ran.code, "the trace is of test_it.py::test_it, which is not among" in ran.said) == (4, True), ran.said
    ran = project.run("-n1", "--chaos-seed=x")
    assert (ran.code, 'or "random", got "x"' in ran.said) == (4, True), ran.said
