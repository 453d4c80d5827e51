"""The pages that show stories: a command, and below it what it tells. Rewrite them with `python -m tests.stories`.

A block of one line `fozzy run FILE --seed N …` that is followed by a block beginning with `how it happened` belongs to
it. Where the seed shows the bug no longer (the simulator changed, or a library), the next seed that does takes its place.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fozzy.core.summary import Beat
from fozzy.report.story_screen import story_lines
from fozzy.report.text import plain

ROOT = Path(__file__).parent.parent
PAGES = ["scenarios/distributed/README.md", "docs/guides/first-distributed-bug.md"]
SEEDS_MAX = 300
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
RUN = re.compile(r"(?P<prompt>(?:\$ )?)fozzy run (?P<file>\S+)(?P<flags>( --allow-code)?) --seed (?P<seed>\d+)\n")


class Shown(NamedTuple):
    """A run and the story that a page tells of it."""

    file: str
    flags: str
    seed: int
    prompt: str
    run: re.Match[str]
    story: re.Match[str]


def shown(page: str) -> Iterator[Shown]:
    """The runs of a page that have a story below them."""
    blocks = list(BLOCK.finditer(page))
    for run, story in zip(blocks, blocks[1:], strict=False):
        found = RUN.fullmatch(run[2])
        if found and story[2].lstrip().startswith("how it happened"):
            yield Shown(found["file"], found["flags"], int(found["seed"]), found["prompt"], run, story)


def told(file: str, seed: int, folder: Path) -> list[str]:
    """The story of a run that fails; nothing when it passes."""
    words = [sys.executable, "-m", "fozzy", "run", file, "--allow-code", "--seed", str(seed), "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, check=False, timeout=100)
    return story_of(json.loads(done.stdout))


def story_of(summary: dict[str, Any]) -> list[str]:
    """The story in the document of a run that failed; nothing when it passed."""
    if summary["status"] != "fail":
        return []
    beats = [
        Beat(at_ns=each["atNs"], who=each["who"], what=each["what"], outcome=each.get("outcome", ""))
        for each in summary["story"]
    ]
    return [plain(line).rstrip() for line in story_lines(beats, summary.get("storyLeftOut", 0))]


def rewritten(page: str, folder: Path) -> str:
    """A page with stories as they are now."""
    for each in reversed(list(shown(page))):
        seeds = [each.seed, *(seed for seed in range(1, SEEDS_MAX) if seed != each.seed)]
        seed, lines = next((seed, lines) for seed in seeds if (lines := told(each.file, seed, folder)))
        run = f"```{each.run[1]}\n{each.prompt}fozzy run {each.file}{each.flags} --seed {seed}\n```\n"
        story = "```\n" + "".join(f"{line}\n" for line in lines) + "```\n"
        page = page[: each.story.start()] + story + page[each.story.end() :]
        page = page[: each.run.start()] + run + page[each.run.end() :]
    return page


def files_in(page: str) -> dict[str, list[str]]:
    """The files a page shows, each with its versions in order: a block below a line that names it."""
    named = re.compile(
        r"^`(?P<name>[\w./]+\.(?:py|toml))`[^\n]*:\n\n```\w*\n(?P<text>.*?)^```\n", re.DOTALL | re.MULTILINE
    )
    files: dict[str, list[str]] = {}
    for found in named.finditer(page):
        files.setdefault(found["name"], []).append(found["text"])
    return files


def main() -> None:
    """Rewrite every page."""
    import shutil
    import tempfile

    for name in PAGES:
        path = ROOT / name
        page = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "scenarios" / "distributed", Path(folder) / "scenarios" / "distributed")
            for file, versions in files_in(page).items():
                Path(folder, file).write_text(versions[0], encoding="utf-8")
            path.write_text(rewritten(page, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
