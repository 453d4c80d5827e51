"""The environment of a host process: a few ordinary variables, what was allowed by name, and what the step gives.

Everything else of fozzy's own environment stays behind: a token of the CI, a proxy or a display must neither reach a
program under test nor decide how it behaves. A program that needs more is given it by name, under `proc_env` in
fozzy.toml or `env` of the scenario, or with its value, in `env` of the step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

ORDINARY = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "SYSTEMROOT",
        "COMSPEC",
        "PATHEXT",
        "TERM",
    ]
)
LOCALE = "LC_"


def child_environment(ours: Mapping[str, str], allowed: Collection[str], given: Mapping[str, str]) -> Mapping[str, str]:
    """What a process gets of `ours`, with what its step gives it. Names are compared as written, as the system does."""
    passed = {name: value for name, value in ours.items() if _is_ordinary(name) or name in allowed}
    return {**passed, **given}


def _is_ordinary(name: str) -> bool:
    return name in ORDINARY or name.startswith(LOCALE)
