"""A flow that is wrong under one of many faults: the run that fails shrinks to that fault, and replays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.project import Project

TWIN = """
    import pytest
    from tests.chaos.app.flow import KeylessFlow
    from tests.chaos.test_flow_chaos import COUNT, proxies, session, struck
    from tests.chaos.looped import on_a_loop
    from tests.chaos.streaming import stream_proxy, stream_server, the_stream_server

    @pytest.mark.chaos
    @pytest.mark.chaos_runs(50)
    @on_a_loop
    async def test_keyless(proxies, postgres_server, virtual_time, chaos):
        with struck(proxies, chaos.seed):
            await session("a", KeylessFlow, proxies)
        assert postgres_server.ask("SELECT count(*) FROM orders") == [(COUNT,)]
"""


@pytest.mark.slow
def test_three_faults_shrink_to_the_one_that_matters(tmp_path: Path) -> None:
    """The twin without keys, under a fault in each of three services: of one seed's faults only the lost reply to a COMMIT is
    left, and its replay fails in the same way."""
    project = Project(tmp_path)
    project.write("test_it.py", TWIN)
    ran = project.run("--chaos-shrink")
    assert (ran.code, ran.failed) == (1, 1), ran.said
    assert "3 faults made 1" in ran.said
    assert "it needs\n  postgres/pg_drop_commit_reply_downstream (pg_drop_commit_reply)" in ran.said
    kept = next(tmp_path.rglob("*.min.fozzy"))
    again = project.run("test_it.py::test_keyless", "--chaos-replay", str(kept))
    assert (again.code, again.failed) == (1, 1), again.said
    assert "assert [(7,)] == [(6,)]" in again.said
