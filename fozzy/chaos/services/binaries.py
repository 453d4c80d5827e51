"""Where the programs of services are, and as whom they run."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from fozzy.errors import UsageError

if TYPE_CHECKING:
    import pwd

MISSING = "chaos.no_program"
HOMEBREW = ("/opt/homebrew/bin", "/usr/local/bin")
PACKAGES = {"redis-server": "redis-server", "postgres": "postgresql", "initdb": "postgresql"}
NOBODIES = ("postgres", "nobody")  # who may run what refuses to run as root


def binary(name: str) -> str | None:
    """The path of a program, in PATH or where Debian and Homebrew keep it; of several versions the newest."""
    beside = os.pathsep.join([*_debian(), *HOMEBREW])
    return shutil.which(name) or shutil.which(name, path=beside)


def needed(name: str) -> str:
    """The same. *Errors*: `UsageError` `chaos.no_program`, which says what to install."""
    found = binary(name)
    if found is None:
        package = PACKAGES.get(name)
        hint = f"apt-get install {package}" if package else "install it, or put it into PATH"
        raise UsageError(MISSING, f"{name} is not on this machine", hint=hint)
    return found


def unprivileged() -> pwd.struct_passwd | None:
    """The user for programs that refuse to run as root; none where we are not root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd  # not on Windows

    known = {each.pw_name: each for each in pwd.getpwall()}
    return next((known[name] for name in NOBODIES if name in known), None)


def _debian() -> list[str]:
    """The folders of PostgreSQL's versions."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return [str(path) for path in sorted(found, key=lambda path: _version(path.parent.name), reverse=True)]


def _version(name: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", name)))
