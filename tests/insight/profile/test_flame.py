"""Flame graphs: folded lines that add up, and a picture that is sound, safe and alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fozzy.insight.profile.flame import flame, folded, stacks, svg
from fozzy.insight.profile.spans import Span, build
from tests.insight.profile.test_spans import BLOCKS, timed
from tests.insight.profile.test_top import function

CHROMIUM = Path("/usr/bin/chromium")
EVIL = "</svg><script>alert(1)</script>]]>&\"'; drop 7"


def tree() -> Span:
    """A run with functions."""
    root = build(BLOCKS, timed(*range(1000, 12_000, 1000), end_ns=4))
    root.inside.append(function("total", 9000, function(EVIL, 5000), function("price", 1)))
    root.real_ns += 9000
    return root


def test_folded_lines_add_up() -> None:
    """Every line is names and a number, and the numbers are the real time of the run."""
    root = tree()
    lines = folded(root, "real").splitlines()
    assert all(re.fullmatch(r"\S+ \d+", line) for line in lines) and len(lines) > 8
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == root.real_ns
    assert "run;total;price 1" in lines
    assert len({line.rpartition(" ")[0] for line in lines}) == len(lines), "equal stacks are one line"


def test_rounds_are_one_box() -> None:
    """A repeated step is one box with the number of its rounds."""
    whole = flame(build(BLOCKS, None), "virtual")
    ((stack, own),) = [each for each in stacks(whole) if each[0][-1].label.startswith("steps[0].repeat")]
    assert (stack[-1].times, own, [box.label for box in stack[:2]]) == (2, 4_000_000, ["run", "steps"])


def test_the_picture_is_sound_and_alone() -> None:
    """It is well-formed whatever names hold, has one script of ours, and refers to nothing elsewhere."""
    text = svg(tree(), "real", EVIL)
    root = ElementTree.fromstring(text)
    tag = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f".//{tag}script")) == 1
    boxes = root.findall(f".//{tag}g[@class='b']")
    assert len(boxes) == 15 and any(box.get("data-n") == EVIL for box in boxes)
    assert re.findall(r"(?:href|src|url\()", text) == []
    assert text.count("http") == 1 + text.count("http_request") + text.count("http.send"), "only the name of SVG itself"


def test_what_is_too_narrow_is_counted() -> None:
    """Boxes that nobody could see are left out and the picture says how many."""
    root = Span("run", "run")
    root.inside = [function("wide", 10**9), *(function(f"f{number}", 1) for number in range(50))]
    root.real_ns = 10**9 + 50
    assert "50 boxes are too narrow" in svg(root, "real", "a")


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")
def test_the_picture_zooms_in_a_browser(tmp_path: Path) -> None:
    """A click widens a box, Escape puts all back; no error, no request."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "f.svg"
    path.write_text(svg(tree(), "real", "a"), encoding="utf-8")
    said: list[Any] = []
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url))
        page.goto(path.as_uri())
        box = page.locator("g.b[data-n='total']")
        narrow = float(box.locator("rect").get_attribute("width") or 0)
        box.click()
        assert float(box.locator("rect").get_attribute("width") or 0) == 1180 > narrow
        page.keyboard.press("Escape")
        assert abs(float(box.locator("rect").get_attribute("width") or 0) - narrow) < 0.01
        browser.close()
    assert said == [path.as_uri()]
