"""Follows a page as a reader would: writes its files, types its commands, and holds what comes against what it shows.

A block of `console` has lines `$ command` and below each what it says. `name$ command` is a terminal of its own, whose
command goes on; `name^C` is Ctrl-C there. A command must end well unless `# exit N` stands behind it, or behind `^C`. A line `…` stands
for any lines. Ports of the page are replaced by free ones; times, dates and identifiers are not compared.
`python -m tests.following PAGE …` writes what comes into the pages.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

from tests.ports import free_ports

ROOT = Path(__file__).parent.parent
PLUGIN = "fozzy.pytest_plugin.plugin"  # by name, where this tree is not installed
STRANGERS = (
    "-p no:langsmith_plugin -p no:schemathesis"  # come with libraries of ours, which a reader has not; slow to load
)
SOON_S = 30.0  # for what must come, on a machine that is busy with other things
QUIET_S, LOOK_S = 0.1, 0.01  # who says nothing for so long has said it; how often it is looked at
LAG_S = 3.0  # a command that is told to end may have this long to say what it saw before
PAGE_PORTS = re.compile(r"(?:127\.0\.0\.1|localhost):(\d{4,5})\b")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"`([\w./-]+\.(?:py|toml|json|yaml|ini))`([^\n]*):\n\n\Z")
GOES_ON = "goes on"  # said of a file that is written already: this comes behind it
PROMPT = re.compile(r"(?P<terminal>\w*)(?:\$ (?P<words>.*)|(?P<stop>\^C(?:\s+# exit \d+)?))")
EXIT = re.compile(r"\s+# exit (\d+)$")
GAP = "…"
MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "DAY"),
    (re.compile(r"blake3 [0-9a-f]{4}…[0-9a-f]{2}"), "DIGEST"),
    (re.compile(r"\b\d+(\.\d+)? ([kM]?B|bytes?)\b"), "SIZE"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "DATE"),
    (re.compile(r" {2,}\d[\d,]*(\.\d+)?(ms|s|m\d\ds)$"), ""),  # a column that only says what took its time
    (re.compile(r"\b\d[\d,]*(\.\d+)?(ns|us|µs|ms|s|m\d\ds)\b"), "DURATION"),
    (re.compile(r'("[a-zA-Z_]*(?:_ns|Ns|_ms|Ms|At)": ?)-?\d+(\.\d+)?'), r"\1N"),
    (re.compile(r"(retry-after: |try again in |curl/|Python/)[\d.]+", re.IGNORECASE), r"\1N"),
    (re.compile(r"\b\d+\.\d{3}\b"), "SECONDS"),
    (re.compile(r"\b[0-9a-f]{8,}\b"), "ID"),
    (re.compile(r"\b(replay|shrink|run|resume) [0-9a-f]{4,7}\b"), r"\1 ID"),
    (re.compile(r"\bjobs \d+\b"), "jobs N"),
    (re.compile(r"\(\d[\d,]*/s\)"), "(RATE)"),
    (re.compile(r"(\bfree_port +|\.py |/127\.0\.0\.1:)\d{4,5}\b"), r"\1PORT"),
    (re.compile(r"\s+"), " "),
)


class Command(NamedTuple):
    """A command of a page, and where what it shows stands. `stop` is Ctrl-C in a terminal."""

    terminal: str
    words: str
    stop: bool
    shown: list[str]
    start: int  # of what is shown, in the page
    end: int

    @property
    def exit(self) -> int:
        """The status it is to end with."""
        found = EXIT.search(self.words)
        return int(found[1]) if found else 0


class File(NamedTuple):
    """A file of a page."""

    name: str
    text: str
    goes_on: bool = False


def parts(page: str) -> Iterator[Command | File]:
    """What a reader does, in order."""
    for block in BLOCK.finditer(page):
        named = NAMED.search(page[: block.start()])
        if block[1] == "console":
            yield from _commands(block[2], block.start(2))
        elif named:
            yield File(named[1], block[2], GOES_ON in named[2])


def _commands(text: str, at: int) -> Iterator[Command]:
    found: Command | None = None
    more = False
    for line in text.splitlines(keepends=True):
        at += len(line)
        prompt = PROMPT.fullmatch(line.rstrip("\n"))
        if more and found is not None:
            found = found._replace(words=f"{found.words[:-1]}{line.strip()}", start=at, end=at)
        elif prompt:
            if found is not None:
                yield found
            words = prompt["words"] or prompt["stop"]
            found = Command(prompt["terminal"], words, bool(prompt["stop"]), [], at, at)
        elif found is not None:
            found = found._replace(shown=[*found.shown, line.rstrip("\n")], end=at)
        more = found is not None and found.words.endswith("\\")
    if found is not None:
        yield found


def masked(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, word in MASKS:
        line = pattern.sub(word, line)
    return line.strip()


def same(shown: list[str], said: list[str]) -> bool:
    """Whether a command said what is shown."""
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == GAP:
            pieces.append([])
        else:
            pieces[-1].append(masked(line))
    lines = [masked(line) for line in said]
    if len(pieces) == 1:
        return lines == pieces[0]
    first, *middle, last = pieces
    if lines[: len(first)] != first or (last and lines[-len(last) :] != last):
        return False
    lines = lines[len(first) : len(lines) - len(last)]
    for piece in middle:
        at = next((n for n in range(len(lines) + 1) if lines[n : n + len(piece)] == piece), None)
        if at is None:
            return False
        lines = lines[at + len(piece) :]
    return True


class Terminal:
    """A command that goes on, and what it has said. *Closes*: `stop` ends it and reads to its end."""

    def __init__(self, words: str, folder: Path, env: dict[str, str]) -> None:
        self.words = words
        command = shlex.split(words, comments=True)
        self._process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._lines: list[str] = []
        self._taken = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line.decode("utf-8", "replace").rstrip())

    def said(self, least: int) -> list[str]:
        """What it has said since the last time, when it is so many lines and quiet, or it has ended."""
        end_s = time.monotonic() + SOON_S
        seen, since_s = -1, 0.0
        while (now_s := time.monotonic()) < end_s:
            now = len(self._lines)
            if now != seen:
                seen, since_s = now, now_s
            if now - self._taken >= least and now_s - since_s >= QUIET_S:
                break
            if self._process.poll() is not None and not self._reader.is_alive():
                break
            time.sleep(LOOK_S)
        found = self._lines[self._taken :]
        self._taken += len(found)
        return found

    def await_lines(self, count: int) -> None:
        """Wait a while until it has said so many lines since the last time; what it does may lag behind who asks it."""
        end_s = time.monotonic() + LAG_S
        while len(self._lines) - self._taken < count and time.monotonic() < end_s and self._process.poll() is None:
            time.sleep(LOOK_S)

    def stop(self, sent: signal.Signals = signal.SIGINT) -> tuple[int, list[str]]:
        """End it. Returns its status and what it said at the end."""
        self._process.send_signal(sent)
        try:
            status = self._process.wait(SOON_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._reader.join(SOON_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return status, self.said(0)


class Difference(NamedTuple):
    """A command that did not do what the page shows."""

    words: str
    shown: list[str]
    said: list[str]
    status: int
    start: int
    end: int

    def __str__(self) -> str:
        shown, said = "\n".join(self.shown), "\n".join(self.said)
        return f"$ {self.words}\n--- shown\n{shown}\n--- said, with status {self.status}\n{said}\n"


class Reader:
    """Somebody who follows a page in a folder. *Closes*: leaving the context ends what still runs in its terminals."""

    def __init__(self, folder: Path, page: str) -> None:
        self.folder = folder
        self.terminals: dict[str, Terminal] = {}
        named = sorted(set(PAGE_PORTS.findall(page)))
        self._ports = dict(zip(named, map(str, free_ports(len(named))), strict=True))
        self._env = self._environment()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        for terminal in self.terminals.values():
            terminal.stop(signal.SIGKILL)

    def _environment(self) -> dict[str, str]:
        words = self.folder / ".bin"
        words.mkdir()
        for name, command in {
            "fozzy": "-m fozzy",
            "python3": "",
            "pytest": "-m pytest",
            "uvicorn": "-m uvicorn",
        }.items():
            path = words / name
            path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {command} "$@"\n', encoding="utf-8")
            path.chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FOZZY_", "PYTEST_"))}
        kept = {name: value for name, value in kept.items() if name not in ("GITHUB_ACTIONS", "FORCE_COLOR", "CI")}
        path = f"{words}{os.pathsep}{os.environ['PATH']}"
        is_there = any(each.value == PLUGIN for each in entry_points(group="pytest11"))
        kept |= {} if is_there else {"PYTEST_PLUGINS": PLUGIN}
        return {
            **kept,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            "PYTEST_ADDOPTS": STRANGERS,
        }

    def ours(self, text: str) -> str:
        """A text of the page with free ports."""
        for page, free in self._ports.items():
            text = re.sub(rf"\b{page}\b", free, text)
        return text

    def theirs(self, text: str) -> str:
        """What a command said, with the page's ports."""
        for page, free in self._ports.items():
            text = re.sub(rf"\b{free}\b", page, text)
        return text

    def do(self, part: Command | File) -> Difference | None:
        """Do what the page says next. Returns what was different."""
        if isinstance(part, File):
            path = self.folder / part.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a" if part.goes_on else "w", encoding="utf-8") as file:
                file.write(f"\n\n{self.ours(part.text)}" if part.goes_on else self.ours(part.text))
            return None
        status, said = self.type(part)
        if status == part.exit and same(part.shown, said):
            return None
        words = f"{part.terminal}{part.words}" if part.stop else part.words
        return Difference(words, part.shown, said, status, part.start, part.end)

    def type(self, part: Command) -> tuple[int, list[str]]:
        """Type a command. Returns its status and what it said, with the page's ports."""
        status, said = self._done(part)
        said = [self.theirs(line) for line in said]
        while said and not said[-1]:
            said.pop()
        return status, said

    def _done(self, part: Command) -> tuple[int, list[str]]:
        if part.stop:
            terminal = self.terminals.pop(part.terminal)
            terminal.await_lines(_before_the_end(part.shown))
            return terminal.stop()
        words = self.ours(EXIT.sub("", part.words))
        if part.terminal:
            assert part.terminal not in self.terminals, f"{part.terminal} is still busy with another command"
            self.terminals[part.terminal] = terminal = Terminal(words, self.folder, self._env)
            return 0, terminal.said(max(1, len(part.shown)))
        done = subprocess.run(
            ["bash", "-c", words],
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=2 * SOON_S,
            check=False,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace").splitlines()


def _before_the_end(shown: list[str]) -> int:
    """How many lines come before the empty one that begins a summary; none where there is no summary."""
    return shown.index("") if "" in shown and GAP not in shown else 0


def differences(page: str, folder: Path) -> list[Difference]:
    """Follow a page to its end. Returns each command that did not say what is shown."""
    with Reader(folder, page) as reader:
        return [found for part in parts(page) if (found := reader.do(part)) is not None]


def rewritten(page: str, found: list[Difference]) -> str:
    """A page that shows what came."""
    for each in sorted(found, key=lambda each: each.start, reverse=True):
        said = "".join(f"{line.rstrip()}\n" for line in each.said)
        page = page[: each.start] + said + page[each.end :]
    return page


def main() -> None:
    """Rewrite the pages that are named."""
    for name in sys.argv[1:]:
        path = Path(name)
        page = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            found = differences(page, Path(folder))
        path.write_text(rewritten(page, found), encoding="utf-8")
        sys.stdout.write("".join(f"{each}\n" for each in found))


if __name__ == "__main__":
    main()
