from __future__ import annotations

import errno
import os
import resource
import socket
import subprocess
import sys

import pytest

from fozzy.chaos.http.descriptors import RESERVE, SHARE, Spare, make_room, room


def limited(code: str, soft: int, hard: int) -> str:
    """What a process says that may have so many file descriptors."""
    first = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
    command = [sys.executable, "-c", f"{first} from fozzy.chaos.http.descriptors import *; {code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_there_is_room_for_what_the_system_allows() -> None:
    """Two descriptors for each connection, some for those above the most, and a reserve."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert room() == max(1, int((soft - RESERVE) / SHARE))
    assert limited("print(room())", 564, 564) == "200"
    assert limited("print(room())", 20, 20) == "1"


@pytest.mark.parametrize(("wanted", "hard", "there"), [(100, 2000, 100), (100, 264, 80), (10, 2000, 14)])
def test_room_is_made_up_to_the_hard_limit(wanted: int, hard: int, there: int) -> None:
    """The soft limit is raised as far as it must, and never lowered."""
    assert limited(f"print(make_room({wanted}))", 100, hard) == str(there)


def test_room_that_is_there_already_is_left_alone() -> None:
    """Nothing is changed for connections there is room for."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert make_room(1) == room()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_a_spare_turns_somebody_away_where_there_is_no_descriptor() -> None:
    """With every descriptor taken a client is reset instead of left waiting."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        spare = Spare()
        taken: list[int] = []
        client.connect(listener.getsockname())
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 8, before[1]))
            with pytest.raises(OSError) as exhausted:
                while True:
                    taken.append(os.open(os.devnull, os.O_RDONLY))
            assert exhausted.value.errno == errno.EMFILE
            spare.turn_away(listener)
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            for number in taken:
                os.close(number)
            spare.close()
        spare.close()
