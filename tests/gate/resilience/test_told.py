"""Lines between a pytest and its runner: whole, in order, whoever of several processes wrote them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fozzy.gate.resilience.told import Chosen, Ended, Phase, Reader, Refused, tell


def test_what_is_told_is_read_once(tmp_path: Path) -> None:
    """Each line comes once, as what it was; half a line comes when it is whole; nothing comes of no file."""
    path = tmp_path / "told"
    reader = Reader(path)
    assert reader.more() == []
    said = [Chosen(tests=2, others=1, seed=7), Phase(pid=7, test="a", phase="call"), Refused(place="b", message="no")]
    for each in said[:2]:
        tell(path, each)
    assert reader.more() == said[:2]
    assert reader.more() == []
    ended = Ended(test="a", outcome="failed", properties=[("chaos.seed", "7")])
    tell(path, ended)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert reader.more() == []
    path.write_bytes(whole)
    assert reader.more() == [ended]


def test_many_may_tell_at_once(tmp_path: Path) -> None:
    """No line is torn by another."""
    path = tmp_path / "told"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: tell(path, Phase(pid=number, test="x" * 500)), range(200)))
    assert sorted(each.pid for each in Reader(path).more() if isinstance(each, Phase)) == list(range(200))
