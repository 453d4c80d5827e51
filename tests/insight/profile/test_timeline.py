"""The timeline page: sound, alone, the same every time, and in a browser quick, quiet and usable by keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fozzy.core.backends import Backends
from fozzy.core.events import Ask, Record
from fozzy.insight.profile.load import Profile
from fozzy.insight.profile.spans import build
from fozzy.insight.profile.timeline import timeline
from fozzy.trace.format import EmbeddedScenario, Header
from tests.insight.profile.test_spans import BLOCKS, MS, step, timed
from tests.insight.profile.test_top import function

CHROMIUM = Path("/usr/bin/chromium")
EVIL = "</script><script>alert(1)</script><b onclick=x>\u202e\x1b[31m"
SERVER: list[Record] = [
    Ask(0, "steps[0]", "proc.start", {"name": "web"}, {}, MS),
    step(1, "steps[0]", "proc_start", took=1, note=EVIL),
    step(5, "steps[1]", took=4),
    Ask(5 * MS, "steps[2]", "proc.stop", {"name": "web"}, {}, MS),
    step(6, "steps[2]", "proc_stop", took=1, failed="proc_stop: no"),
]


def profile(records: list[Record], real: bool = True) -> Profile:
    """The profile of some records."""
    scenario = EmbeddedScenario(path=f"a{EVIL}.fozzy.json", digest="", form="json", text="{}")
    header = Header(
        format="fozzy-trace", version=1, mode="run", seed=1, det=True, backends=Backends(), scenario=scenario
    )
    side = timed(*[1000] * len(records), end_ns=5) if real else None
    return Profile(header, Path("t.fozzy"), "0badcafe", build(records, side), side, "" if real else "not measured")


def data_of(page: str) -> Any:
    """What the page carries."""
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def lanes(data: Any) -> dict[str, list[str]]:
    """The names of spans by their lane."""
    found: dict[str, list[str]] = {}
    for lane, name in zip(data["lane"], data["name"], strict=True):
        found.setdefault(data["lanes"][lane], []).append(data["texts"][name])
    return found


def test_branches_questions_and_processes_have_lanes() -> None:
    """Phases come first, then what was asked, then what ran in the background from its start to its stop."""
    assert lanes(data_of(timeline(profile(BLOCKS)))) == {
        "setup": ["sleep"],
        "steps": ["repeat", "sleep", "sleep", "parallel", "http_request", "http.send"],
        "steps branch a": ["sleep"],
        "steps branch b": ["sleep"],
        "end": ["proc.stop"],
        "asked: http": ["http.send"],
        "asked: proc": ["proc.stop"],
    }
    data = data_of(timeline(profile(SERVER)))
    assert data["lanes"][-1] == "background processes" and lanes(data)["background processes"] == ["proc.web"]
    last = data["lane"].index(len(data["lanes"]) - 1)
    assert (data["start"][last], data["virtual"][last]) == (0, 6 * MS)
    assert sum(data["failed"]) == 1 and data["timed"]


def test_a_process_that_is_never_stopped_lives_to_the_end() -> None:
    """Its lane reaches the end of the run."""
    data = data_of(timeline(profile(SERVER[:3])))
    last = data["lane"].index(len(data["lanes"]) - 1)
    assert data["start"][last] + data["virtual"][last] == data["virtualTotal"] == 5 * MS


def test_nothing_gets_out_of_the_page_or_into_it() -> None:
    """Two runs of the renderer make the same bytes; markup in names stays text; nothing is referred to elsewhere."""
    page = timeline(profile(SERVER))
    assert page == timeline(profile(SERVER))
    assert page.count("<script") == 2 and "<b onclick" not in page and "\x1b" not in page and "\u202e" not in page
    assert re.findall(r"(?:src=|url\(|@import|https?://)", page) == [] and page.count("href=") == 1
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None and policy[1].startswith("default-src 'none'") and "unsafe" not in policy[1]


def test_an_empty_run_has_a_page() -> None:
    """A run without records has a page without spans."""
    data = data_of(timeline(profile([], real=False)))
    assert data["lane"] == [] and not data["timed"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, as it is installed."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


def opened(browser: Any, path: Path, page: str, width: int) -> tuple[Any, list[str]]:
    """The page in a browser of that width, and everything it said or asked for."""
    path.write_text(page, encoding="utf-8")
    tab, said = browser.new_page(viewport={"width": width, "height": 700}), list[str]()
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: said.append(request.url))
    tab.goto(path.as_uri())
    tab.wait_for_selector("html[data-ready=yes]", state="attached")
    return tab, said


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_works_by_keys(browser: Any, tmp_path: Path, width: int) -> None:
    """No error and no request; keys walk, zoom and search; nothing is wider than the screen."""
    made = profile([*BLOCKS, step(13, "steps[9]", "trace_event", note="needle")])
    made.root.inside[1].inside[0].inside.append(function("price", 9))
    tab, said = opened(browser, tmp_path / "t.html", timeline(made), width)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "to zoom" in tab.inner_text("#told")
    tab.keyboard.press("n")
    assert "setup[0]" in tab.inner_text("#told") and "virtual 1ms from 0" in tab.inner_text("#told")
    before = tab.evaluate("document.getElementById('canvas').toDataURL()")
    tab.keyboard.press("+")
    tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert tab.evaluate("document.getElementById('canvas').toDataURL()") != before, "it looks otherwise when zoomed"
    tab.keyboard.press("/")
    tab.keyboard.type("needle")
    assert tab.inner_text("#hits") == "1 hit"
    tab.keyboard.press("Enter")
    assert "needle" in tab.inner_text("#told") and "steps[9]" in tab.inner_text("#told")
    tab.select_option("#clock", "virtual")
    tab.keyboard.press("Escape")
    assert said == [(tmp_path / "t.html").as_uri()]
    tab.close()


def test_a_click_tells_of_a_span(browser: Any, tmp_path: Path) -> None:
    """What is clicked is told, with its evil name as text."""
    tab, said = opened(browser, tmp_path / "t.html", timeline(profile(SERVER, real=False)), 1280)
    tab.mouse.click(30, tab.evaluate("document.getElementById('view').getBoundingClientRect().top") + 24 + 17 + 8)
    assert "steps[0]" in tab.inner_text("#told") and "onclick=x" in tab.inner_text("#told")
    assert len(said) == 1
    tab.close()


def test_a_hundred_thousand_events_open(browser: Any, tmp_path: Path) -> None:
    """All are there, and can be searched and walked."""
    records = [step(number, "steps[0].repeat.steps[0]", took=1) for number in range(1, 100_000)]
    page = timeline(profile([*records, step(100_000, "steps[0]", "repeat", took=100_000)]))
    tab, said = opened(browser, tmp_path / "t.html", page, 1280)
    tab.keyboard.press("/")
    tab.keyboard.type("sleep")
    assert tab.inner_text("#hits") == "99,999 hits"
    tab.keyboard.press("Enter")
    assert "steps[0].repeat.steps[0]" in tab.inner_text("#told") and len(said) == 1
    tab.close()
