"""What is left behind is found, and what was there before is not."""

from __future__ import annotations

import socket
import subprocess
import sys

from fozzy.pytest_plugin import leftovers

WAITS = [sys.executable, "-c", "input()"]


def test_a_new_child_is_named() -> None:
    """By its process and its command; one that ends soon, or was there before, is none."""
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as old:
        before = leftovers.now()
        with subprocess.Popen([sys.executable, "-c", "pass"]), subprocess.Popen(WAITS, stdin=subprocess.PIPE) as new:
            left = leftovers.left_behind(before)
            assert len(left) == 1
            assert left[0].startswith(f"a child process: {new.pid} ")
            assert str(old.pid) not in left[0]
            new.communicate(b"\n")
        assert leftovers.left_behind(before) == []
        old.communicate(b"\n")


def test_a_new_socket_that_listens_is_named() -> None:
    """By its port; one that was there before, and one that only connects, is none."""
    with socket.create_server(("127.0.0.1", 0)) as old:
        before = leftovers.now()
        with socket.create_server(("127.0.0.1", 0)) as new, socket.create_connection(old.getsockname()):
            assert leftovers.left_behind(before) == [f"a socket that listens: port {new.getsockname()[1]}"]
        assert leftovers.left_behind(before) == []
