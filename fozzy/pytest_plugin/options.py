"""Our options. Another plugin may have one of the same name: then its option is the one there is, ours has its default, and
the head of the session says so.

To add one: a line in `OPTIONS`, one in `WORDS` where it may also have a word; it is read with `option_of`.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

import pytest

NAME = "fozzy"  # of our entry point
OPTIONS: dict[str, dict[str, Any]] = {
    "--chaos-seed": {
        "metavar": "N",
        "default": "0",
        "help": "the seed of tests whose marker says none, or `random` (default 0)",
    },
    "--chaos-runs": {
        "metavar": "N",
        "type": int,
        "default": 1,
        "help": "run each chaos test with N seeds, as one test",
    },
    "--chaos-replay": {
        "metavar": "TRACE",
        "default": None,
        "help": "run the test of a trace again, as it was recorded",
    },
    "--chaos-shrink": {
        "action": "store_true",
        "default": False,
        "help": "find the smallest faults with which a failing test still fails so",
    },
    "--chaos-trace-dir": {
        "metavar": "DIR",
        "default": None,
        "help": "where traces of failing tests go (.fozzy/chaos)",
    },
    "--chaos-time": {"choices": ("virtual", "real"), "default": "virtual", "help": "the time of chaos tests"},
    "--chaos-strict": {
        "action": "store_const",
        "const": "on",
        "default": "on",
        "help": "a declared fault that never came to pass fails its test (default)",
    },
    "--chaos-state": {
        "choices": ("reset", "keep"),
        "default": "reset",
        "help": "what breakers, limiters and caches know of earlier tests: nothing (default), or all",
    },
    "--chaos-require-services": {
        "action": "store_true",
        "default": False,
        "help": "a service that is not installed fails the test",
    },
}

# What may stand behind `=` where the option alone has no word: argparse would take a path that follows for one that may.
WORDS: dict[str, dict[str, str]] = {
    "--chaos-strict": {"on": "the same", "off": "it is a warning"},
}


def add_options(parser: pytest.Parser, manager: pytest.PytestPluginManager) -> None:
    """Add what no other plugin has."""
    if manager.has_plugin(NAME) and not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):  # noqa: TID251  # pytest's word
        manager.load_setuptools_entrypoints("pytest11")  # the others first: they were not made to yield
    group = parser.getgroup("chaos", "resilience testing (fozzy)")
    for name, words in OPTIONS.items():
        try:
            group.addoption(name, dest=_dest(name), **words)
        except (ValueError, argparse.ArgumentError):
            continue  # it is another plugin's; `foreign_options` says so
        for word, said in WORDS.get(name, {}).items():
            group.addoption(f"{name}={word}", dest=_dest(name), **{**words, "const": word, "help": said})
    parser.addini("chaos_upstreams", "servers beyond loopback that proxies may stand before, as HOST:PORT", "linelist")


def option_of(config: pytest.Config, name: str) -> Any:
    """What an option of ours says, such as `chaos_seed`; its default where it is another plugin's."""
    flag = f"--{name.replace('_', '-')}"
    return config.getoption(_dest(flag), OPTIONS[flag]["default"])


def foreign_options(config: pytest.Config) -> list[str]:
    """A line for each option that is another plugin's."""
    return [
        f"fozzy: the option {name} is another plugin's, so fozzy goes by its own default ({words['default']})"
        for name, words in OPTIONS.items()
        if not hasattr(config.option, _dest(name))
    ]


def _dest(flag: str) -> str:
    return f"{NAME}_{flag.removeprefix('--').replace('-', '_')}"
