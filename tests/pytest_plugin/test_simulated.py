"""Async tests in the simulator: many seeds, the smallest failing case, and the command that replays it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pytest_plugin.others import run_with
from tests.pytest_plugin.project import Project
from tests.pytest_plugin.test_items import fozzy

RACE = """
    import asyncio
    import random
    import pytest

    async def add(box, one):
        seen = box["total"]
        await asyncio.sleep(random.choice([0, 1, 2, 3]))
        box["total"] = seen + one

    @pytest.mark.fozzy(seeds=50)
    async def test_nothing_is_lost():
        box = {"total": 0}
        first = asyncio.create_task(add(box, 1))
        await asyncio.sleep(2.5)
        await add(box, 1)
        await first
        assert box["total"] == 2, box

    @pytest.mark.fozzy(seeds=20)
    @pytest.mark.parametrize("hours", [1, 20])
    async def test_hours(hours):
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(3600 * hours)
        assert asyncio.get_running_loop().time() - began == 3600 * hours
"""


def test_the_smallest_failing_case(project: Project) -> None:
    """Which seed it was, how it happened and the line that raised; the command it says replays it in a fresh process."""
    project.write("tests/test_it.py", RACE)
    ran = project.run("tests")
    assert (ran.code, ran.passed, ran.failed) == (1, 2, 1), ran.said
    assert re.search(r"test_nothing_is_lost fails in the simulator: execution \d+ of 50, seed \d+", ran.said)
    assert "AssertionError: {'total': 1}" in ran.said
    assert 'assert box["total"] == 2, box' in ran.said
    assert re.search(r"smallest: \d choices?, [\d.]+s of virtual time", ran.said), ran.said
    command = re.search(r"reproduce   fozzy (replay .*)", ran.said)
    assert command
    again = fozzy(project, *command[1].split())
    assert (again.code, "SAME" in again.said) == (1, True), again.said
    assert project.run("tests").said.split("seed ")[1].split()[0] == ran.said.split("seed ")[1].split()[0]


def test_another_seed_of_the_session_tries_others(project: Project) -> None:
    """Seeds follow from --chaos-seed and the test's name, and `seed` of the marker from nothing else."""
    project.write(
        "test_it.py",
        """
        import random
        import pytest

        @pytest.mark.fozzy
        async def test_one():
            assert random.random() < 0, "never"

        @pytest.mark.fozzy(seed=5)
        async def test_two():
            assert random.random() < 0, "never"
        """,
    )
    seeds = [re.findall(r"simulator: seed (\d+)", project.run("--chaos-seed", seed).said) for seed in ("0", "1")]
    assert seeds[0][0] != seeds[1][0]
    assert seeds[0][1] == seeds[1][1] == "5"


def test_beside_other_machines(project: Project) -> None:
    """A server on a machine of its own, under its name; its faults are the marker's."""
    project.write("app/__init__.py", "")
    project.write(
        "app/server.py",
        """
        import asyncio

        async def main():
            async def talk(reader, writer):
                writer.write(await reader.readline())
                await writer.drain()
                writer.close()
            server = await asyncio.start_server(talk, "0.0.0.0", 80)
            await server.serve_forever()
        """,
    )
    project.write(
        "tests/test_it.py",
        """
        import asyncio
        import pytest

        async def ask():
            reader, writer = await asyncio.wait_for(asyncio.open_connection("server", 80), 10)
            writer.write(b"hello\\n")
            assert await asyncio.wait_for(reader.readline(), 10) == b"hello\\n"
            writer.close()

        @pytest.mark.fozzy(seeds=5, nodes={"server": "app.server:main"})
        async def test_fine():
            await ask()

        @pytest.mark.fozzy(
            seeds=5, nodes={"server": "app.server:main"},
            faults=[{"kind": "crash", "node": "server", "at": "0s"}],
        )
        async def test_down():
            await asyncio.sleep(1)
            await ask()
        """,
    )
    ran = project.run("tests")
    assert (ran.code, ran.passed, ran.failed) == (1, 1, 1), ran.said
    assert "server" in ran.said.partition("how it happened")[2]


WRONG = {
    "@pytest.mark.fozzy(sedes=3)\nasync def test_a(): ...": 'did you mean "seeds"?',
    "@pytest.mark.fozzy(3)\nasync def test_b(): ...": "takes no 3 without a name",
    "@pytest.mark.fozzy(seeds=0)\nasync def test_c(): ...": "seeds must be from 1",
    "@pytest.mark.fozzy\ndef test_d(): ...": "test_d is not async",
    "@pytest.mark.fozzy\nasync def test_e(tmp_path): ...": "the fixture tmp_path gives a PosixPath, which cannot be handed",
    "class TestIt:\n    @pytest.mark.fozzy\n    async def test_f(self): ...": "test_f is a method",
    "@pytest.mark.fozzy(nodes={'a': {'programm': 'x:y'}})\nasync def test_g(): ...": "programm",
    "@pytest.mark.fozzy\n@pytest.mark.parametrize('what', [{1}])\nasync def test_h(what): ...": "what={1} cannot be handed",
}


def test_what_cannot_be_is_said(project: Project) -> None:
    """A word that is not ours, a value that cannot go there, a method: each fails the test and says why, without a traceback
    of ours."""
    (project.folder / "test_it.py").write_text("\n".join(["import pytest", *WRONG]))
    ran = project.run()
    assert (ran.code, ran.failed) == (1, len(WRONG)), ran.said
    assert [said for said in WRONG.values() if said not in ran.said] == [], ran.said
    assert "site-packages" not in ran.said and "Traceback" not in ran.said


def test_fixtures_are_made_here_and_handed_over(project: Project) -> None:
    """Plain values of any scope, by `parametrize` through a fixture too, and what a fixture does for a test without a value."""
    project.write(
        "test_it.py",
        """
        import pytest

        DONE = []

        @pytest.fixture(scope="module")
        def config():
            return {"retries": [1, 2], "name": "a"}

        @pytest.fixture
        def size(request):
            return 10 * request.param

        @pytest.fixture
        def prepared():
            DONE.append("prepared")
            yield
            DONE.append("done")

        @pytest.mark.fozzy(seeds=3)
        @pytest.mark.parametrize("size", [1, 2], indirect=True)
        async def test_it(config, size, prepared):
            assert (config, prepared, DONE) == ({"retries": [1, 2], "name": "a"}, None, [])
            assert size in (10, 20)

        def test_after():
            assert DONE == ["prepared", "done"] * 2
        """,
    )
    ran = project.run()
    assert (ran.code, ran.passed) == (0, 3), ran.said


def test_a_deadlock_and_a_skip(project: Project) -> None:
    """What waits for ever fails at once, with where it waits; a test may leave itself out."""
    project.write(
        "test_it.py",
        """
        import asyncio
        import pytest

        @pytest.mark.fozzy
        async def test_waits():
            await asyncio.Event().wait()

        @pytest.mark.fozzy
        async def test_skips():
            pytest.skip("not here")
        """,
    )
    ran = project.run("-rs")
    assert (ran.code, ran.failed, ran.count("skipped")) == (1, 1, 1), ran.said
    assert "deadlock" in ran.said and "not here" in ran.said


@pytest.mark.parametrize("name", ["pytest-asyncio", "pytest-trio"])
def test_no_other_runner_runs_it(project: Project, name: str, tmp_path: Path) -> None:
    """In their own modes other plugins take every async test; this marker comes first."""
    project.write("test_it.py", RACE)
    mode = {"pytest-asyncio": "asyncio_mode=auto", "pytest-trio": "trio_mode=true"}[name]
    more = ["-o", "asyncio_default_fixture_loop_scope=function"] if name == "pytest-asyncio" else []
    ran = run_with(project, name, "-o", mode, *more, "-k", "hours")
    assert (ran.code, ran.passed) == (0, 2), ran.said
