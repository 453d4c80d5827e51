"""Recording from the command line: what is on disk when the proxy has ended."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.started import Started
from tests.chaos.upstream import Upstream


def test_a_folder_gets_a_file_for_each_test(tmp_path: Path) -> None:
    """A name that ends with a slash is a folder, also when it is not there yet; each test id has a stable file in it."""
    with Upstream() as upstream, Started("--record", "tapes/", "--upstream", upstream.url, cwd=tmp_path) as proxy:
        for test in ("t1", "t2", "t1", ""):
            assert proxy.ask("/orders", headers={"x-test-id": test}).status_code == 200
        assert proxy.stop() == 0
    assert sorted(path.name for path in (tmp_path / "tapes").iterdir()) == ["default.fozzy", "t1.fozzy", "t2.fozzy"]
    with Started("--replay", "tapes/", cwd=tmp_path) as proxy:
        answers = [proxy.ask("/orders", headers={"x-test-id": test}).status_code for test in ("t1", "t1", "t2", "")]
        assert answers == [200] * 4
        assert proxy.stop() == 0
