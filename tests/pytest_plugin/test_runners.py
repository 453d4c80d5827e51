"""Async tests on the clock of their test, under each plugin that runs them, and what is said where none does."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.async_tests import PASSED, TALK, file_under
from tests.pytest_plugin.others import run_with
from tests.pytest_plugin.project import Project

NEVER = "fault never applied"
SCOPE = ("-o", "asyncio_default_fixture_loop_scope=function")


def test_under_pytest_asyncio(project: Project) -> None:
    """Tests and async fixtures are on the clock; a test that is not ours keeps its own loop; nobody has another name."""
    project.write("test_it.py", file_under("asyncio"))
    ran = run_with(project, "pytest-asyncio", *SCOPE, "-vv", "-o", "asyncio_mode=auto")
    assert (ran.code, ran.passed, ran.failed) == (1, PASSED, 1), ran.said
    assert NEVER in ran.said
    assert "test_it.py::test_ours PASSED" in ran.said


def test_a_test_that_is_not_ours_keeps_its_loop(project: Project) -> None:
    """Beside a test of ours, in one module."""
    project.write(
        "test_it.py",
        """
        import asyncio
        import pytest

        @pytest.mark.asyncio
        async def test_theirs():
            assert type(asyncio.get_running_loop()) is type(asyncio.new_event_loop())
            assert type(asyncio.get_running_loop()).__module__.startswith("asyncio")

        @pytest.mark.asyncio
        @pytest.mark.chaos
        async def test_ours():
            assert type(asyncio.get_running_loop()).__name__ == "TestLoop"
        """,
    )
    ran = run_with(project, "pytest-asyncio", *SCOPE)
    assert (ran.code, ran.passed) == (0, 2), ran.said


def test_a_loop_for_a_whole_module(project: Project) -> None:
    """It waits on the clock of the test that runs; its own time never goes back."""
    project.write(
        "test_it.py",
        TALK
        + """
    import asyncio
    pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.chaos(seed=7)]
    seen = []

    @pytest.mark.parametrize("number", range(3))
    async def test_ours(redis_proxy, virtual_time, number):
        loop = asyncio.get_running_loop()
        seen.append((id(loop), loop.time()))
        await talk(redis_proxy, virtual_time)
        assert len({each for each, _ in seen}) == 1
        assert loop.time() - seen[-1][1] == pytest.approx(3602)
        assert [at for _, at in seen] == sorted(at for _, at in seen)
        """,
    )
    ran = run_with(project, "pytest-asyncio", *SCOPE)
    assert (ran.code, ran.passed) == (0, 3), ran.said


def test_a_loop_that_is_not_ours_is_refused(project: Project) -> None:
    """Somebody else's loop lives in real time: the test says whose it is and does not wait for ever."""
    project.write("test_it.py", file_under("asyncio"))
    conftest = project.folder / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + "import asyncio\ndef pytest_asyncio_loop_factories():\n    return {'own': asyncio.SelectorEventLoop}\n"
    )
    ran = run_with(project, "pytest-asyncio", *SCOPE, "-k", "test_never_applied or test_plain or test_real")
    assert (ran.code, ran.passed, ran.failed) == (1, 2, 1), ran.said
    assert "this test has virtual time, and pytest-asyncio runs it on asyncio." in ran.said
    assert "real_time=True" in ran.said


def test_under_anyio_with_both_backends(project: Project) -> None:
    """asyncio and trio, the latter as a guest of the test's thread."""
    project.write("test_it.py", file_under("anyio"))
    ran = project.run("-vv")
    assert (ran.code, ran.passed, ran.failed) == (1, 2 * PASSED, 2), ran.said
    assert ran.said.count(NEVER) >= 2
    for backend in ("asyncio", "trio"):
        assert f"test_it.py::test_ours[{backend}] PASSED" in ran.said


def test_a_fixture_of_anyio_for_a_whole_module(project: Project) -> None:
    """Its loop was there before the test: it goes over to the test's clock, and back to real time after it."""
    project.write(
        "test_it.py",
        TALK
        + """
    pytestmark = pytest.mark.anyio

    @pytest.fixture(scope="module")
    async def wide(anyio_backend):
        await anyio.sleep(0.01)
        yield
        await anyio.sleep(0.01)

    @pytest.mark.chaos(seed=7)
    async def test_one(wide, redis_proxy, virtual_time):
        await talk(redis_proxy, virtual_time)

    async def test_plain(wide):
        began = time.monotonic()
        await anyio.sleep(0.02)
        assert 0.02 <= time.monotonic() - began < 60

    @pytest.mark.chaos(seed=7)
    async def test_two(wide, redis_proxy, virtual_time):
        await talk(redis_proxy, virtual_time)
        """,
    )
    ran = project.run()
    assert (ran.code, ran.passed) == (0, 6), ran.said


@pytest.mark.parametrize("mode", ["false", "true"])
def test_under_pytest_trio(project: Project, mode: str) -> None:
    """With its marker and in its own mode, where it has chosen how to run long before the test."""
    project.write("test_it.py", file_under("trio"))
    ran = run_with(project, "pytest-trio", "-o", f"trio_mode={mode}")
    assert (ran.code, ran.passed, ran.failed) == (1, PASSED, 1), ran.said
    assert NEVER in ran.said


def test_loops_that_a_sync_test_makes(project: Project) -> None:
    """`asyncio.run`, `trio.run` under any name and `anyio.run` are on the clock, as the thread that calls them is."""
    project.write(
        "test_it.py",
        TALK
        + """
    import asyncio
    from trio import run

    @pytest.mark.chaos(seed=7)
    @pytest.mark.parametrize("how", [asyncio.run, run, anyio.run])
    def test_it(redis_proxy, virtual_time, how):
        if how is anyio.run:
            anyio.run(talk, redis_proxy, virtual_time)
        else:
            how(*([talk, redis_proxy, virtual_time] if how is run else [talk(redis_proxy, virtual_time)]))
        began = virtual_time.now
        time.sleep(60)
        assert virtual_time.now - began == 60
        """,
    )
    ran = project.run()
    assert (ran.code, ran.passed) == (0, 3), ran.said


def test_nobody_runs_it(project: Project) -> None:
    """An async test of ours without a runner says what to install; another one is left to pytest."""
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.chaos
        async def test_ours(): ...

        async def test_theirs(): ...
        """,
    )
    ran = project.run()
    assert (ran.code, ran.failed) == (1, 2), ran.said
    assert "test_ours is async, and nothing here runs async tests" in ran.said
    assert "pip install pytest-asyncio" in ran.said
    assert "test_theirs is async, and" not in ran.said
