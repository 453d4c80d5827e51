"""A trace is replayed in a process of its own, and only SAME will do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fozzy.engine import fresh
from fozzy.engine.fresh import check_replays
from fozzy.errors import EvidenceError

if TYPE_CHECKING:
    from tests.conftest import Fz, WriteScenario


@pytest.fixture
def trace(fz: Fz, scenario: WriteScenario) -> Path:
    """A failing run."""
    fz(
        "run",
        scenario("a", [{"type": "rand_u64", "key": "k"}, {"type": "fail", "message": "no"}]),
        "--record",
        "a.fozzy",
    )
    return Path("a.fozzy")


def test_what_replays_is_fine(trace: Path) -> None:
    """It fails as it was recorded: that is SAME, and nothing is raised."""
    check_replays(trace)


def test_what_drifts_is_refused(trace: Path, resealed: Callable[[bytes], bytes]) -> None:
    """With what the replay said."""
    trace.write_bytes(resealed(trace.read_bytes().replace(b'"note":"', b'"note":"x', 1)))
    with pytest.raises(EvidenceError) as raised:
        check_replays(trace)
    assert raised.value.code == "trace.not_alone"


@pytest.mark.parametrize("words", [["--config", "none.toml"], ["--nope"]])
def test_what_cannot_even_start_is_refused(words: list[str], trace: Path) -> None:
    """An error of the command is no SAME."""
    with pytest.raises(EvidenceError):
        check_replays(trace, words)


def test_what_never_ends_or_says_nothing_is_refused(trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a bound, and when the answer is no document."""
    monkeypatch.setattr(fresh, "FRESH_S_MAX", 0.001)
    with pytest.raises(EvidenceError, match="did not end well"):
        check_replays(trace)

    def silent(*args: Any, **kwargs: Any) -> Any:
        return subprocess.CompletedProcess(args, 0, b"", b"")

    monkeypatch.setattr(subprocess, "run", silent)
    with pytest.raises(EvidenceError):
        check_replays(trace)
