"""What git knows of files: how often each changed in the year before the newest commit, and when it last did.

One call of `git log`, bounded. The year ends with the newest commit and not today, so that a map depends on the tree
alone.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from fozzy.insight.map.sources import git

COMMITS_MAX = 5_000
YEAR_S = 365 * 86_400
_MARK = "\x01"


class History(NamedTuple):
    """Commits of each file in the last year, when each was last committed, and which differ from what was committed."""

    counts: Counter[str]
    committed_s: dict[str, int]
    edited: frozenset[str]
    oldest_s: int  # a file that is not in `committed_s` did not change since
    notes: list[str]
    root: str = ""

    def commits(self, path: str) -> int:
        """How many commits of the last year changed the file."""
        return self.counts[path]

    def changed_s(self, path: str) -> float:
        """The latest that the file can have become what it is, in seconds since the epoch.

        A file's own time is that of a checkout too; where git says that it is what was committed, the commit counts.
        """
        try:
            own = os.stat(os.path.join(self.root, path)).st_mtime
        except OSError:
            return float("inf")
        if not self.oldest_s or path in self.edited:
            return own
        return min(own, self.committed_s.get(path, self.oldest_s))


def history(root: Path) -> History:
    """The history of the files below a folder, empty outside of git."""
    folder = os.fspath(root)
    said = git(
        folder,
        "log",
        f"--max-count={COMMITS_MAX}",
        "--no-merges",
        "--no-renames",
        "--relative",
        "--name-only",
        "-z",
        "--format=%x01%ct",
        "--",
        ".",
    )
    changed = git(folder, "status", "--porcelain", "-z", "--no-renames", "-uall", "--", ".")
    prefix = git(folder, "rev-parse", "--show-prefix")
    if not said or changed is None or prefix is None:
        note = "there is no history of git here, so churn is not a signal"
        return History(Counter(), {}, frozenset(), 0, [note], folder)
    counts, committed_s, oldest_s, commits = _read(os.fsdecode(said))
    notes = [f"churn is that of the newest {COMMITS_MAX:,} commits"] if commits == COMMITS_MAX else []
    below = os.fsdecode(prefix).rstrip("\n")
    edited = frozenset(each[3:].removeprefix(below) for each in os.fsdecode(changed).split("\0") if len(each) > 3)
    return History(counts, committed_s, edited, oldest_s, notes, folder)


def _read(said: str) -> tuple[Counter[str], dict[str, int], int, int]:
    """The log as git writes it: a mark and a time, then names, all ended by NUL or line ends."""
    counts: Counter[str] = Counter()
    committed_s: dict[str, int] = {}
    blocks = [block.partition("\0") for block in said.split(_MARK)[1:]]
    times_s = [int(first.split("\n")[0]) for first, _, _ in blocks]
    newest_s, oldest_s = max(times_s, default=0), min(times_s, default=0)
    for time_s, (_, _, rest) in zip(times_s, blocks, strict=True):
        for name in rest.lstrip("\n").split("\0"):
            if name:
                committed_s[name] = max(committed_s.get(name, 0), time_s)
                counts[name] += time_s > newest_s - YEAR_S
    return counts, committed_s, oldest_s, len(blocks)
