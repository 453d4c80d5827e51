"""What is around: the interpreter, the terminal, git, optional parts. All of it is information, but for a Python or an
encoding that cannot work."""

from __future__ import annotations

import shutil
import sys

from fozzy import wall
from fozzy.config import Config
from fozzy.errors import Problem
from fozzy.gate.checked import Checked, judged, told
from fozzy.gate.parts import PARTS, is_there, way_to
from fozzy.version import VERSION

OLDEST = (3, 11)


def python() -> Checked:
    """Whether this Python is one that fozzy supports."""
    found = []
    if sys.version_info[:2] < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        found.append(
            Problem(
                code="doctor.old_python",
                message=f"this is Python {wall.python_version()}, fozzy needs {wanted}",
                hint=f"install Python {wanted} or newer, and fozzy into it",
            )
        )
    return judged("python", f"fozzy {VERSION}, python {wall.python_version()}, {wall.system_name()}", found)


def configuration(config: Config) -> Checked:
    """Which configuration is in force. One that cannot be read ended the command before."""
    given = sum(origin == (config.file or "").rpartition("/")[2] for origin in config.origins.values())
    keys = f"{given} keys, all known" if given != 1 else "1 key, known"
    from_environment = sorted(
        {origin for origin in (*config.origins.values(), *config.parts.values()) if origin.startswith("FOZZY_")}
    )
    also = f"; from the environment: {', '.join(from_environment)}" if from_environment else ""
    return judged("config", (f"{config.file} ({keys})" if config.file else "no file, defaults") + also)


def terminal() -> Checked:
    """How the terminal writes: symbols need UTF-8, without it there are words."""
    encoding = (getattr(sys.stdout, "encoding", None) or "unknown").lower()
    if encoding.replace("-", "") == "utf8":
        return told("terminal", "utf-8")
    problem = Problem(
        code="doctor.terminal_encoding",
        message=f"the terminal's encoding is {encoding}: symbols are written as words",
        hint="export PYTHONUTF8=1",
    )
    return told("terminal", encoding, [problem])


def hash_seed() -> Checked:
    """How this Python hashes. It decides nothing in a run: user code has an interpreter with a fixed seed."""
    return told("hash seed", f"{wall.hash_seed()}; runs do not depend on it, user code always has 0")


def git() -> Checked:
    """Whether git is there: `gate` without `--scope` asks it what changed."""
    if shutil.which("git"):
        return told("git", "found")
    problem = Problem(
        code="doctor.no_git", message="git is not installed: gate needs --scope", hint="fozzy gate --scope WORD"
    )
    return told("git", "not found", [problem])


def optional() -> Checked:
    """Parts that only some commands need: the same as `fozzy env` tells, which also says what each is for."""
    here = [part.name for part in PARTS.values() if is_there(part)]
    problems = [
        Problem(
            code="doctor.optional_part",
            message=f"{part.name} is not installed: {part.purpose}",
            hint=way_to(part),
        )
        for part in PARTS.values()
        if part.name not in here
    ]
    return told("optional", f"{', '.join(here) or 'none'}; completion: fozzy --install-completion", problems)
