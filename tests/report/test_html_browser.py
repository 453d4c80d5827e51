"""The HTML report in a real browser: nothing is asked for, nothing overflows, keys and filters work without JavaScript.

The browser is an installed Chromium, driven by the `playwright` package; nothing is downloaded.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fozzy.report.html import render

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (1280, 400)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed: the HTML report was not seen in a browser"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window. *Closes* with the module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Seen:
    """A page that is open, and all it did."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def focused(self) -> str:
        """What has the focus, in words."""
        said = "e => e.id || e.getAttribute('href') || e.className || e.textContent"
        return str(self.page.evaluate(f"({said})(document.activeElement)"))

    def shown(self, selector: str) -> int:
        """How many of the elements can be seen."""
        return sum(each.is_visible() for each in self.page.locator(selector).all())


Open = Callable[..., Seen]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a report: `opened(summary, width=400, scripts=False)`."""
    contexts = []

    def show(summary: Any, width: int = 1280, scripts: bool = True, url: str = "", **more: Any) -> Seen:
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts, **more)
        contexts.append(context)
        context.set_default_timeout(20_000)
        seen = Seen(context.new_page())
        path = tmp_path / "report.html"
        path.write_text(render(summary), encoding="utf-8")
        seen.page.goto(url or path.as_uri())
        return seen

    yield show
    for context in contexts:
        context.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """An address under which the report can be had, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/report.html", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sort", ["suite", "evil", "single", "replay"])
def test_nothing_is_asked_for_and_nothing_overflows(opened: Open, made: Any, sort: str, width: int) -> None:
    """One request, no complaint, no sideways scrolling of the page; hostile data runs nothing."""
    seen = opened(getattr(made, sort)(), width)
    assert len(seen.requests) == 1 and seen.complaints == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    assert seen.page.title().endswith(" · fozzy")


def test_a_web_server_is_asked_once(opened: Open, made: Any, served: tuple[str, list[str]]) -> None:
    """From a server too only the page itself is loaded, not even an icon."""
    url, asked = served
    seen = opened(made.suite(), url=url)
    seen.page.wait_for_load_state("networkidle")
    assert asked == ["/report.html"] and seen.complaints == []


def test_the_policy_stops_what_is_put_in(opened: Open, made: Any, served: tuple[str, list[str]]) -> None:
    """Even if markup got into the page, it could neither load nor run anything."""
    url, asked = served
    seen = opened(made.suite(), url=url)
    seen.page.evaluate(
        """() => {
            document.body.insertAdjacentHTML("beforeend", '<img src="/pixel" onerror="window.ran = 1">');
            const script = document.createElement("script");
            script.textContent = "window.ran = 1";
            document.body.append(script);
        }"""
    )
    seen.page.wait_for_load_state("networkidle")
    assert asked == ["/report.html"] and seen.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in each for each in seen.complaints)


@pytest.mark.parametrize("width", WIDTHS)
def test_keys_reach_everything_in_order(opened: Open, made: Any, width: int) -> None:
    """Tab leads from the skip link over the filter and the list to the commands; what has the focus shows it."""
    seen = opened(made.suite(), width)
    order = []
    for _ in range(12):
        seen.page.keyboard.press("Tab")
        order.append(seen.focused)
        ring = "e => getComputedStyle(e).outlineStyle + getComputedStyle(e.closest('label') || e).outlineStyle"
        assert "solid" in seen.page.evaluate(f"({ring})(document.activeElement)"), order[-1]
    assert order[:7] == ["#failures", "show-all", "#case-2", "#case-3", "#case-4", "#case-5", "2 passed"]
    assert order[7:] == ["screen", "Copy", "Copy", "#scenarios", "screen"]


def test_the_skip_link_leads_to_the_failures(opened: Open, made: Any) -> None:
    """The first key and Enter bring the failures to the top of the window."""
    seen = opened(made.suite(), scripts=False)
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**#failures", timeout=10_000)
    assert seen.page.locator("#failures").bounding_box()["y"] < 300


@pytest.mark.parametrize("scripts", [True, False])
def test_the_filter_needs_no_script(opened: Open, made: Any, scripts: bool) -> None:
    """Arrow keys choose a status: only its rows and failures stay, and passing scenarios are then unfolded."""
    seen = opened(made.suite(), scripts=scripts)
    assert (seen.shown("tr.case"), seen.shown("article")) == (4, 4)
    seen.page.locator("#show-all").focus()
    seen.page.keyboard.press("ArrowRight")
    assert seen.page.locator("#show-fail").is_checked()
    assert (seen.shown("tr.case"), seen.shown("article"), seen.shown("details")) == (1, 1, 0)
    seen.page.locator("label", has_text="PASS").click()
    assert (seen.shown("tr.is-pass"), seen.shown("tr.case"), seen.shown("article")) == (2, 2, 0)
    seen.page.locator("label", has_text="All").click()
    assert (seen.shown("tr.case"), seen.shown("article")) == (4, 4)


def test_all_is_there_without_scripts(opened: Open, made: Any) -> None:
    """Without JavaScript every failure reads the same, no dead button is left, a click selects a whole command."""
    seen = opened(made.suite(), scripts=False)
    assert seen.page.locator("button").count() == 0
    code = seen.page.locator("#case-2 .commands code").first
    code.click()
    seen.page.keyboard.press("Control+c")
    assert code.evaluate("() => getSelection().toString()").strip() == "fozzy replay .fozzy/runs/7f3c0a11/2.fozzy"
    seen.page.locator("summary").click()
    assert seen.shown("tr.case") == 6


def test_the_button_copies(opened: Open, made: Any) -> None:
    """With JavaScript a button copies its command and says so, also to who cannot see it."""
    seen = opened(made.suite(), permissions=["clipboard-read", "clipboard-write"])
    button = seen.page.locator("#case-3 .commands button").last
    button.click()
    seen.page.locator("#said", has_text="Copied fozzy run").wait_for(state="attached")
    run = "fozzy run 'scenarios/area/timeout 3.fozzy.json' --seed 4180291377017"
    assert seen.page.evaluate("navigator.clipboard.readText()") == run
    assert button.text_content() == "Copied"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(opened: Open, made: Any, scheme: str) -> None:
    """Every text has a contrast of at least 4.5 to its background, by day and by night."""
    seen = opened(made.suite(warnings=["old"]), color_scheme=scheme)
    weak = seen.page.evaluate(
        """() => {
            const numbers = color => color.match(/[\\d.]+/g).map(Number);
            const light = color => {
                const [r, g, b] = numbers(color).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                return .2126 * r + .7152 * g + .0722 * b;
            };
            const ground = e => {
                const color = getComputedStyle(e).backgroundColor;
                const clear = numbers(color)[3] === 0;
                return clear && e.parentElement ? ground(e.parentElement) : color;
            };
            const texts = [...document.body.querySelectorAll("*")].filter(
                e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility());
            return texts.map(e => {
                const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
                return [e.tagName + "." + e.className, (a + .05) / (b + .05)];
            }).filter(([, contrast]) => contrast < 4.5);
        }"""
    )
    assert weak == []


def test_it_prints(opened: Open, made: Any) -> None:
    """On paper the controls are gone, everything is unfolded, and long lines are not cut off."""
    seen = opened(made.suite())
    seen.page.emulate_media(media="print")
    assert (seen.shown("fieldset"), seen.shown("button"), seen.shown("tr.case")) == (0, 0, 6)
    assert seen.page.locator("pre").first.evaluate("e => getComputedStyle(e).whiteSpace") == "pre-wrap"
