"""What a session was told by its options and its configuration, read once."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from fozzy import wall
from fozzy.errors import UsageError
from fozzy.pytest_plugin.options import option_of
from fozzy.trace.finalize import shown_path
from fozzy.wall import SEED_BITS

TRACES = ".fozzy/chaos"
FRESH = pytest.StashKey[int]()
WORKER_SEED = "fozzy_seed"


class Settings:
    """*Errors*: `UsageError` for what cannot be."""

    def __init__(self, config: pytest.Config) -> None:
        option = partial(option_of, config)
        self.seed = session_seed(config)
        self.runs = int(option("chaos_runs"))
        self.is_virtual = option("chaos_time") == "virtual"
        self.is_strict = option("chaos_strict") == "on"
        self.keeps_state = option("chaos_state") == "keep"
        self.shrinks = bool(option("chaos_shrink"))
        self.limit_s = float(config.getoption("fozzy_chaos_limit", None) or 0)  # an option of `telling`
        self.upstreams = frozenset(config.getini("chaos_upstreams"))
        self.root = config.rootpath
        self._here = here = config.invocation_params.dir
        replayed, folder = option("chaos_replay"), option("chaos_trace_dir")
        self.replay: Path | None = None if replayed is None else here / replayed
        self.folder = config.rootpath / TRACES if folder is None else here / folder
        if self.runs < 1:
            raise UsageError("usage.bad_value", f"--chaos-runs must be at least 1, got {self.runs}")

    def shown(self, nodeid: str) -> str:
        """A test as it is named on the command line here."""
        path, colons, rest = nodeid.partition("::")
        return f"{os.path.relpath(self.root / path, self._here)}{colons}{rest}"

    def trace_of(self, nodeid: str, *, is_shrunk: bool = False) -> Path:
        """Where the trace of a failing test goes."""
        return self.folder / f"{_file_name(nodeid)}{'.min' if is_shrunk else ''}.fozzy"


def command_of(settings: Settings, nodeid: str, trace: Path, *more: str) -> str:
    """The command that replays the trace of a test."""
    import shlex

    words = ["pytest", settings.shown(nodeid), "--chaos-replay", shown_path(trace), *more]
    return shlex.join(words)


def fresh_seed(config: pytest.Config) -> int:
    """A seed that nobody said: one for a session, in all processes of pytest-xdist."""
    told: dict[str, int] = getattr(config, "workerinput", {})
    if FRESH not in config.stash:
        config.stash[FRESH] = told[WORKER_SEED] if WORKER_SEED in told else wall.fresh_seed()
    return config.stash[FRESH]


def session_seed(config: pytest.Config) -> int:
    """What the seeds of tests follow from. *Errors*: `UsageError`."""
    said = option_of(config, "chaos_seed")
    if said == "random":
        return fresh_seed(config)
    if not said.isdecimal() or int(said) >= 1 << SEED_BITS:
        raise UsageError("usage.bad_value", f'--chaos-seed must be from 0 to 2^{SEED_BITS}-1 or "random", got "{said}"')
    return int(said)


NAME_CHARS_MAX = 120


def _file_name(nodeid: str) -> str:
    """A test's name as that of a file; where that loses something, with a digest of it."""
    import re

    from blake3 import blake3

    plain = re.sub(r"\.py::|::|/", ".", nodeid)
    name = re.sub(r"[^\w.\-]+", "-", plain, flags=re.ASCII)[:NAME_CHARS_MAX].strip("-.")
    return name if name == plain else f"{name}-{blake3(nodeid.encode()).hexdigest()[:8]}"
