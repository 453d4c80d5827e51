"""A bundle has everything for a bug report, the same bytes every time, and never a secret."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fozzy.config import load_config
from fozzy.gate.bundle import bundle
from fozzy.insight.recall import recall_traced
from fozzy.trace.store import Store

STORE = Store(Path(".fozzy"))
FAIL = [{"type": "rand_u64", "key": "k"}, {"type": "assert_eq_int", "a": 1, "b": 2}]
SECRET = "hunter22-and-more"


def held(path: str) -> dict[str, str]:
    """The texts in an archive."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def made(word: str, out: str = "b.zip", **more: Any) -> dict[str, str]:
    """A bundle of a run, read."""
    asked = {"overwrite": True, "allow_code": False, **more}
    bundle(recall_traced(STORE, word, unsafe=True), load_config(None), Path(out), **asked)
    return held(out)


def test_everything_a_report_needs_is_there(fz: Any, scenario: Any) -> None:
    """Trace, verification, replay, surroundings, scenario and commands; the page names every file."""
    path = scenario("a", FAIL)
    fz("run", path, "--seed", "3", "--det")
    found = made("@latest")
    assert sorted(found) == [
        "README.txt",
        "commands.txt",
        "environment.json",
        "replay.json",
        "scenario.fozzy.json",
        "summary.json",
        "trace.fozzy",
        "verification.json",
    ]
    assert found["scenario.fozzy.json"] == path.read_text()
    assert json.loads(found["verification.json"])["trusted"] is True
    replay = json.loads(found["replay.json"])
    assert (replay["verdict"], replay["exitStatus"]) == ("SAME", 1)
    assert all(f"  {name} " in found["README.txt"] for name in found if name != "README.txt")
    assert "assert_eq_int: 1 is not 2" in found["README.txt"]


def test_the_commands_see_it_again(fz: Any, scenario: Any) -> None:
    """Both commands in the bundle end as the run did, the first where the bundle is unpacked."""
    path = scenario("a", [FAIL[0], {"type": "assert_eq_int", "a": "${n}", "b": 2}], matrix={"n": [1, 2]})
    assert fz("run", path, "--seed", "3", "--det", "--case", "n=1").code == 1
    commands = made("@latest")["commands.txt"].splitlines()
    with zipfile.ZipFile("b.zip") as archive:
        archive.extractall("there")
    replay, run = (each.split()[1:] for each in commands if each.startswith("fozzy "))
    assert fz(*run).code == 1
    os.chdir("there")
    ran = fz(*replay)
    assert ran.code == 1 and "SAME" in ran.out
    os.chdir("..")


def test_the_same_run_makes_the_same_bytes(fz: Any, scenario: Any) -> None:
    """Two bundles are equal byte for byte, however the run is named and whenever its files were touched."""
    fz("run", scenario("a", FAIL), "--seed", "3", "--record", "t.fozzy")
    run_id = STORE.run_of("latest")
    for index, word in enumerate(("@latest", run_id, run_id[:5], "t.fozzy")):
        made(word, f"{index}.zip")
        for path in STORE.folder(run_id).iterdir():
            os.utime(path, (1, 1))
    assert len({Path(f"{index}.zip").read_bytes() for index in range(4)}) == 1


def test_a_secret_is_in_no_file(fz: Any, scenario: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords of the scenario, of its answers, of the configuration and of the environment are nowhere in it."""
    Path("fozzy.toml").write_text(f'http_base_url = "http://ada:{SECRET}@localhost:1"\nredact = ["pin_code"]\n')
    monkeypatch.setenv("API_TOKEN", SECRET)
    steps = [
        {"type": "http_when", "method": "GET", "path": "/a", "status": 200, "json": {"access_token": SECRET}},
        {"type": "http_request", "method": "GET", "path": "/a", "headers": {"Authorization": f"Bearer {SECRET}"}},
        {"type": "trace_event", "name": "x", "fields": {"pin_code": SECRET, "said": f"it is {SECRET}"}},
        {"type": "fail", "message": f"it is {SECRET} again"},
    ]
    assert fz("run", scenario("a", steps), "--seed", "3").code == 1
    found = made("@latest")
    assert [name for name, text in found.items() if SECRET in text] == []
    assert SECRET.encode() not in Path("b.zip").read_bytes()
    assert "<redacted>" in found["scenario.fozzy.json"] and "<redacted>" in found["environment.json"]


def test_side_files_and_members_have_plain_names(fz: Any, scenario: Any) -> None:
    """A scenario of a suite and a shrunk run are bundled as trace.fozzy with the side files beside it."""
    scenario("s/a", FAIL)
    scenario("s/b", FAIL)
    fz("test", "s", "-j1")
    folder = STORE.folder(STORE.run_of("latest"))
    (folder / "2.profile.json").write_text("{}")
    (folder / "1.profile.json").write_text("{}")
    found = made("@latest/2")
    assert "trace.fozzy" in found and "trace.profile.json" in found and "summary.json" not in found
    assert found["trace.fozzy"] == (folder / "2.fozzy").read_text()
    fz("shrink", "@latest/2")
    assert "trace.fozzy" in made("@latest") and "summary.json" in made("@latest")


def test_included_files_are_there(fz: Any, scenario: Any) -> None:
    """What a scenario includes, and what that includes, is in the bundle under names of its own."""
    scenario("deep", FAIL)
    scenario("inner", [{"type": "include", "file": "deep.fozzy.json"}])
    other = scenario("other", FAIL[:1])
    path = scenario("a", [{"type": "include", "file": each} for each in ("inner.fozzy.json", "other.fozzy.json")])
    assert fz("run", path).code == 1
    found = made("@latest")
    included = [text for name, text in sorted(found.items()) if name.startswith("included-")]
    assert len(included) == 3 and other.read_text() in included


def test_what_cannot_be_replayed_is_told(fz: Any, scenario: Any) -> None:
    """A run of user code is bundled without calling it, and with --allow-code it is called."""
    Path("shop.py").write_text("def one():\n    open('called', 'a').write('x')\n    return 1\n")
    path = scenario("a", [{"type": "call", "function": "shop:one", "expect": 2}])
    assert fz("run", path, "--allow-code").code == 1
    Path("called").unlink()
    replay = json.loads(made("@latest")["replay.json"])
    assert (replay["verdict"], replay["error"]["code"]) == (None, "code.not_allowed")
    assert not Path("called").exists()
    assert json.loads(made("@latest", allow_code=True)["replay.json"])["verdict"] == "SAME"
    assert Path("called").exists()


def test_a_cut_off_run_is_bundled_when_asked(fz: Any, scenario: Any) -> None:
    """Without a seal the trace is not trusted, its replay is incomplete, and both are told."""
    fz("run", scenario("a", FAIL), "--record", "t.fozzy")
    Path("cut.fozzy").write_bytes(b"".join(Path("t.fozzy").read_bytes().splitlines(keepends=True)[:-2]))
    shutil.rmtree(".fozzy")
    found = made("cut.fozzy")
    assert json.loads(found["verification.json"])["trusted"] is False
    assert json.loads(found["replay.json"])["verdict"] == "INCOMPLETE"
    assert "CANNOT BE TRUSTED" in found["README.txt"]
