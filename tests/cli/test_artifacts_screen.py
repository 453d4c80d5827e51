"""Runs and their files on a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fozzy.cli.artifacts_screen import files_lines, runs_lines
from fozzy.insight.artifacts import Artifact, StoredRun
from fozzy.insight.recall import Named
from fozzy.report.text import plain


def run(**changed: Any) -> StoredRun:
    """A run in a store."""
    fields = {
        "run_id": "7f3c2a1d",
        "status": "pass",
        "command": "run",
        "seed": 9007199254740991,
        "started_at": "2026-01-02T03:04:05.006Z",
        "size_bytes": 123_400_000,
        "files": 2,
        "traces": 1,
        "side_files": 0,
        "aliases": [],
    }
    return StoredRun(**{**fields, **changed})  # type: ignore[arg-type]


def lines(*runs: StoredRun, quiet: bool = False) -> list[str]:
    """What is shown of these."""
    return [plain(each) for each in runs_lines(runs, lambda run_id: run_id[:4], quiet)]


def test_the_longest_run_fits_the_screen() -> None:
    """The largest seed, a long status and a large size fit eighty columns, in columns."""
    shown = lines(run(), run(status="timeout", command="explore", seed=1, size_bytes=12))
    assert all(len(each) <= 80 for each in shown)
    assert len({each.index("2026-01-02 03:04") for each in shown[1:3]}) == 1


def test_what_is_not_whole_is_said() -> None:
    """A killed run and a damaged summary have their words, and what is unknown is a dash."""
    shown = "\n".join(lines(run(status="unfinished", seed=None, command="", traces=0), run(status="damaged")))
    assert "CUT OFF" in shown and "DAMAGED" in shown and " - " in shown


def test_aliases_stand_at_the_end() -> None:
    """The last line says how many, how large, and what the aliases name; quiet has only it."""
    shown = lines(run(aliases=["latest", "last-pass"]), run(run_id="00000000"))
    assert shown[-1] == "  2 runs, 246.8 MB, @latest is 7f3c, @last-pass is 7f3c"
    assert lines(run(aliases=["latest"]), quiet=True) == ["  1 run, 123.4 MB, @latest is 7f3c"]
    assert lines()[0] == "  no run yet"


def test_files_have_their_sizes_and_digests() -> None:
    """Each file is a line, and the last line says which run it is."""
    named = Named("7f3", "prefix", "7f3c2a1d", Path("runs/7f3c2a1d"))
    file = Artifact(name="summary.json", kind="summary", size_bytes=12, blake3="ab" * 32)
    shown = [plain(each) for each in files_lines(named, [file], False)]
    assert shown == [
        "  summary   summary.json      12 bytes  blake3 abababab…",
        "  1 file, 12 bytes",
        '  run 7f3c2a1d, named by "7f3"',
    ]
