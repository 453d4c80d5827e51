"""What Windows does not have is only used where it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# Other packages look for these too, so they are imported first; what is left of the system then is Windows' share.
LACKING = """
import asyncio, concurrent.futures, importlib, multiprocessing, os, pkgutil, select, selectors, shutil, signal, socket, sys
import httptools, pytest, rich.console, rich.live, trio, typer, yaml

for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
for name in dir(os):
    if name in (
        "chown fchmod fork geteuid getgid getloadavg getpgid getpgrp getuid killpg mkfifo posix_spawn pread pwrite"
        " register_at_fork sched_getaffinity sendfile setpgid setsid sysconf tcgetpgrp tcsetpgrp uname waitid"
        " O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK P_PID WEXITED WNOHANG"
    ).split():
        delattr(os, name)
for name in dir(signal):
    known = name in "SIGABRT SIGFPE SIGILL SIGINT SIGSEGV SIGTERM SIG_DFL SIG_IGN".split()
    if (name.startswith("SIG") and not known) or name in "ITIMER_REAL alarm pthread_sigmask setitimer sigwait".split():
        delattr(signal, name)
for name in dir(select):
    if name in ("epoll", "poll") or name.startswith("POLL"):  # of epoll we ask the system by name
        delattr(select, name)
del socket.AF_UNIX
"""
IMPORTS = """
import fozzy

for module in pkgutil.walk_packages(fozzy.__path__, "fozzy."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
RUNS = """
from fozzy.cli.main import main

for words in (["run", "{scenario}", "--det"], ["test", "{scenario}", "-j1"], ["run", "{scenario}", "--record", "t.fozzy"],
              ["replay", "t.fozzy"], ["fuzz", "scenario:{scenario}", "--runs", "20"], ["env"]):
    status = main(words)
    assert status == 0, (words, status)
"""


def ran(script: str, folder: Path) -> None:
    """Run a script where Windows' share is all there is."""
    words = [sys.executable, "-c", LACKING + script]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout


def test_everything_can_be_imported(tmp_path: Path) -> None:
    """No module needs more than Windows has before somebody asks for what it does."""
    ran(IMPORTS, tmp_path)


def test_what_needs_no_groups_works(tmp_path: Path) -> None:
    """A virtual scenario is run, recorded, replayed and fuzzed."""
    scenario = ROOT / "scenarios/http/retry_after_503.pass.fozzy.json"
    ran(RUNS.replace("{scenario}", str(scenario)), tmp_path)
