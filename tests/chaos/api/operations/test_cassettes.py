"""Recording and replaying are started and stopped through whoever does them, with files below the working directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.api.cassettes import Collision, Mode, Recording, Replaying
from fozzy.errors import StoreError
from tests.chaos.api.asking import Asking


class Tape:
    """Says what it is told, and refuses one file."""

    def __init__(self) -> None:
        self.now, self.shown = Recording(), Replaying()
        self.told: list[object] = []

    def recording(self) -> Recording:
        return self.now

    def start_recording(self, file: Path, collision: Collision) -> Recording:
        if file.name == "taken.fozzy":
            raise StoreError("store.taken", "the name is taken")
        self.told.append((file, collision))
        self.now = Recording(is_on=True, file=file.as_posix())
        return self.now

    def stop_recording(self) -> Recording:
        self.now = Recording(file=self.now.file, requests=3)
        return self.now

    def replaying(self) -> Replaying:
        return self.shown

    def start_replay(self, file: Path, mode: Mode, as_recorded: bool, pace: float) -> Replaying:
        self.told.append((file, mode, as_recorded, pace))
        self.shown = Replaying(is_on=True, file=file.as_posix(), mode=mode)
        return self.shown

    def stop_replay(self) -> Replaying:
        self.shown = Replaying()
        return self.shown


def test_recording_starts_and_stops() -> None:
    """It is told where to record, says so in its status, and ends once."""
    tape = Tape()
    asking = Asking(cassettes=tape)
    assert asking.get("/fozzy/recording/status")["is_on"] is False
    assert asking.do("POST", "/fozzy/recording/start", {"file": "traces/a.fozzy"})["is_on"] is True
    assert asking.get("/fozzy/status")["recording"]["file"] == "traces/a.fozzy"
    again = asking.ask("POST", "/fozzy/recording/start", {"file": "b.fozzy"})
    assert (again.status, again.error["code"]) == (409, "chaos.api_conflict")
    assert asking.do("POST", "/fozzy/recording/stop")["requests"] == 3
    assert asking.ask("POST", "/fozzy/recording/stop").status == 409
    assert tape.told == [(Path("traces/a.fozzy"), "append")]


def test_replay_starts_and_stops() -> None:
    """It is told from where to answer and how, and ends once."""
    tape = Tape()
    asking = Asking(cassettes=tape)
    said = {"file": "a.fozzy", "mode": "auto", "as_recorded": True, "pace": 1}
    assert asking.do("POST", "/fozzy/replay/start", said)["mode"] == "auto"
    assert asking.ask("POST", "/fozzy/replay/start", said).status == 409
    assert asking.get("/fozzy/replay/status")["is_on"] is True
    assert asking.do("POST", "/fozzy/replay/stop", {})["is_on"] is False
    assert asking.ask("POST", "/fozzy/replay/stop").status == 409
    assert tape.told == [(Path("a.fozzy"), "auto", True, 1.0)]


@pytest.mark.parametrize(
    "file",
    [
        "/etc/a.fozzy",
        "../a.fozzy",
        "a/../../b.fozzy",
        "a.txt",
        "a",
        "",
        ".fozzy",
        "..\\a.fozzy",
        "C:a.fozzy",
        "a\n.fozzy",
        "a\0.fozzy",
        "x" * 2000 + ".fozzy",
    ],
)
@pytest.mark.parametrize("what", ["recording", "replay"])
def test_files_elsewhere_are_refused(file: str, what: str) -> None:
    """Whoever can reach the controls can name traces below the working directory and nothing else."""
    tape = Tape()
    said = Asking(cassettes=tape).ask("POST", f"/fozzy/{what}/start", {"file": file})
    assert (said.status, said.error["field"], tape.told) == (400, "file", [])


def test_why_it_cannot_is_told() -> None:
    """What the recorder refuses is answered with its own code and message."""
    said = Asking(cassettes=Tape()).ask("POST", "/fozzy/recording/start", {"file": "taken.fozzy"})
    assert (said.status, said.error["code"], said.error["message"]) == (400, "store.taken", "the name is taken")


def test_a_door_without_a_recorder_says_so() -> None:
    """Where nobody records, status is off and starting is a conflict."""
    asking = Asking()
    assert asking.get("/fozzy/recording/status")["is_on"] is False
    assert asking.get("/fozzy/replay/status")["is_on"] is False
    for what in ("recording", "replay"):
        assert asking.ask("POST", f"/fozzy/{what}/start", {"file": "a.fozzy"}).status == 409
        assert asking.ask("POST", f"/fozzy/{what}/stop").status == 409
