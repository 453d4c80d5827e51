"""Identity: a program knows its machine by the machine's own names and numbers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

READ = """
patches.install()
import os, platform, socket, tempfile, threading, uuid, multiprocessing
def read():
    return [os.getpid(), os.getppid(), socket.gethostname(), socket.getfqdn(), socket.getfqdn("n7"), platform.node(),
        os.uname().nodename, platform.uname().node, platform.processor(), threading.get_native_id(), os.cpu_count(),
        multiprocessing.cpu_count(), sorted(os.sched_getaffinity(0)), os.getloadavg(), uuid.getnode() >> 40]
"""


def test_names_and_numbers_are_the_machines(told: Told) -> None:
    """Host name, process, node and cores are the machine's, the same on every host."""
    assert told(f"{READ}\nwith on(Machine('n3', 42)): told(read())") == [
        *(42, 1, "n3", "n3", "n7", "n3", "n3", "n3", "", 42, 1, 1, [0], [0.0, 0.0, 0.0], 2),
    ]


def test_outside_they_are_true(told: Told) -> None:
    """Where no machine runs, a process has its own number."""
    script = f"{READ}\nold = patches.original\ntold([read()[0] == old('os.getpid')(), read()[2] == old('socket.gethostname')(), platform.system() != ''])"
    assert told(script) == [True, True, True]


def test_uuid1_is_made_of_the_machine(told: Told) -> None:
    """It has the machine's time and address, differs each time, and differs between machines."""
    script = """
patches.install()
import uuid
seen = []
for name in ("a", "b"):
    with on(Machine(name)): seen += [str(uuid.uuid1()), str(uuid.uuid1()), str(uuid.uuid1(node=5, clock_seq=9))]
told(seen)
"""
    first = [uuid.UUID(each) for each in told(script, hash_seed="1")]
    assert first == [uuid.UUID(each) for each in told(script, hash_seed="2")]
    assert (
        len(set(first[:2] + first[3:])) == 5
        and {each.version for each in first} == {1}
        and {each.variant for each in first} == {uuid.RFC_4122}
    )
    assert first[1].time == first[0].time + 1 and (first[2].node, first[2].clock_seq) == (5, 9)
    since_1970_ns = (first[0].time - 0x01B21DD213814000) * 100
    assert since_1970_ns == 1_735_689_600 * 10**9


def test_names_of_files_are_counted(told: Told) -> None:
    """Two machines, and two lives of one, never name the same file, though every draw is 0."""
    script = """
patches.install()
import tempfile
seen = []
for name, pid in (("a", 1), ("a", 2), ("b", 3)):
    with on(Calm(name, pid)):
        names = tempfile._get_candidate_names()
        seen += [next(names), next(names)]
with on(Calm()):
    with tempfile.NamedTemporaryFile(dir=".") as file, tempfile.TemporaryDirectory(dir=".") as folder:
        told([seen, os.path.basename(file.name), os.path.isdir(folder)])
"""
    seen, name, is_made = told(script)
    assert len(set(seen)) == 6 and {len(each) for each in seen} == {8}
    assert (name, is_made) == (told(script)[1], True)
