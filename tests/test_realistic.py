"""Scenarios as people write them: the same steps in both notations leave the same recording, and no secret in it."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from blake3 import blake3

import fozzy
from fozzy.dsl.scenario import StepsFile
from fozzy.dsl.steps.base import Step, bodies_of

ROOT = Path(__file__).parent.parent
FOLDER = "scenarios/realistic"
SHOP_JSON = f"{FOLDER}/shop.pass.fozzy.json"
SHOP_TOML = f"{FOLDER}/shop_toml.pass.fozzy.toml"
PAIRS = [
    (SHOP_JSON, SHOP_TOML),
    (f"{FOLDER}/checkout.pass.fozzy.json", f"{FOLDER}/checkout_toml.pass.fozzy.toml"),
]
TOKEN = "tok-5c0ffee5-not-for-your-eyes"
PASSWORDS = ("open sesame", "open+sesame", "open caraway", "open+caraway")
STEPS_MIN = 40
ASKS_MIN = 25

Fz = Callable[..., Any]


class Recording(NamedTuple):
    """A live run of the shop: its trace, everything it said, and the folder it ran in."""

    trace: Path
    said: str
    folder: Path


def steps_of(steps: list[Any]) -> Iterator[Step]:
    """Steps and all steps inside them."""
    for step in steps:
        yield step
        for body in bodies_of(step).values():
            yield from steps_of(body)


def file_of(name: str) -> StepsFile:
    file = fozzy.load(ROOT / name).file
    assert isinstance(file, StepsFile)
    return file


def all_steps(file: StepsFile) -> list[Step]:
    return list(steps_of([*(file.setup or []), *file.steps, *(file.teardown or [])]))


def records_of(trace: Path) -> list[str]:
    """The lines between header and footer."""
    return trace.read_text(encoding="utf-8").splitlines()[1:-1]


def digest(lines: list[str]) -> str:
    return blake3("\n".join(lines).encode()).hexdigest()


@pytest.fixture
def shop(fz: Fz, project: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """The shop, recorded live once with a token that is known here; then there is nothing left that could answer."""
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    for part in ("realistic", "host"):
        shutil.copytree(ROOT / "scenarios" / part, project / "scenarios" / part)
    shutil.copy(ROOT / "fozzy.toml", project)
    ran = fz("run", SHOP_JSON, "--record", "shop.fozzy", "-vv", "--reporter", "html=report.html")
    assert ran.code == 0, ran.said
    shutil.rmtree(project / "scenarios" / "host")
    return Recording(project / "shop.fozzy", ran.said, project)


def test_the_shop_is_a_long_scenario() -> None:
    """It has forty steps and more, of many types, and asks the real service often."""
    steps = all_steps(file_of(SHOP_JSON))
    types = {str(step.__struct_config__.tag) for step in steps}
    assert len(steps) >= STEPS_MIN
    assert {"retry", "repeat", "if", "parallel", "within", "assert_eventually", "http_request", "proc_start"} <= types


@pytest.mark.parametrize(("in_json", "in_toml"), PAIRS)
def test_both_notations_say_the_same(in_json: str, in_toml: str) -> None:
    """The two files of a pair are one scenario but for name and description."""
    left, right = (msgspec.structs.replace(file_of(name), name="-", description="") for name in (in_json, in_toml))
    assert left == right


def test_the_shop_replays_against_either_notation(shop: Recording, fz: Fz) -> None:
    """A live recording of the JSON file replays SAME against the TOML file, and both replays are equal to the byte."""
    own = fz("replay", shop.trace, "--dump-events")
    other = fz("replay", shop.trace, "--scenario", SHOP_TOML, "--dump-events")
    assert (own.code, other.code) == (0, 0), own.err + other.err
    written = records_of(shop.trace)
    assert digest(own.out.splitlines()) == digest(other.out.splitlines()) == digest(written)
    assert sum('"kind":"ask"' in line for line in written) >= ASKS_MIN
    replayed = fozzy.replay(shop.trace, scenario=SHOP_TOML)
    assert (replayed.verdict, replayed.replay.records) == ("SAME", len(written))


def test_a_changed_notation_does_not_replay(shop: Recording) -> None:
    """The equality above can fail: with one value changed in the TOML file the replay drifts."""
    text = Path(SHOP_TOML).read_text(encoding="utf-8")
    changed = Path("changed.fozzy.toml")
    changed.write_text(text.replace('max = "${in_stock}"', "max = 4"), encoding="utf-8")
    assert changed.read_text(encoding="utf-8") != text
    assert fozzy.replay(shop.trace, scenario=changed).verdict == "DRIFT"


def test_the_service_gives_the_token_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the next test looks for is what the service hands out."""
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    service = runpy.run_path(str(ROOT / "scenarios" / "host" / "shop_service.py"))
    form = "user=ada&password=open+sesame"
    request = service["Request"](service["Shop"](), (), {}, form, "")
    assert service["login"](request).value == {"user": "ada", "token": TOKEN}


def test_no_secret_is_kept(shop: Recording, fz: Fz) -> None:
    """Neither the token nor a password stands in the trace, the store, a report, or on the screen, also of a replay."""
    said = shop.said + fz("replay", shop.trace, "-vv").said + fz("trace", "show", shop.trace, "--json").said
    kept = [path for path in shop.folder.rglob("*") if path.is_file() and "scenarios" not in path.parts]
    assert {"shop.fozzy", "report.html"} <= {path.name for path in kept}
    for secret in (TOKEN, *PASSWORDS):
        assert secret not in said
        assert [path.name for path in kept if secret.encode() in path.read_bytes()] == []
    assert '["authorization","<redacted>"]' in shop.trace.read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", [0, 7, 1234567])
def test_virtual_recordings_of_both_notations_are_equal(seed: int, tmp_path: Path) -> None:
    """Recorded apart with one seed, a scripted scenario in JSON and in TOML has the same records, byte for byte."""
    traces = [
        fozzy.run(ROOT / name, seed=seed, record=tmp_path / f"{number}.fozzy").trace
        for number, name in enumerate(PAIRS[1])
    ]
    left, right = (records_of(trace) for trace in traces if trace is not None)
    assert left == right
    assert digest(left) == digest(right)
    assert {"draw", "ask", "step", "event"} >= {msgspec.json.decode(line)["kind"] for line in left} > {"draw", "step"}


def test_another_seed_is_another_recording(tmp_path: Path) -> None:
    """The equality above is not empty: with another seed the same scenario has other records."""
    traces = [fozzy.run(ROOT / PAIRS[1][0], seed=seed, record=tmp_path / f"{seed}.fozzy").trace for seed in (7, 8)]
    left, right = (digest(records_of(trace)) for trace in traces if trace is not None)
    assert left != right
