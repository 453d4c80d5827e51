"""The toxics in the live view: turned off and on while proxies run, through the keys alone."""

from __future__ import annotations

from typing import Any

import trio
import trio.testing

from fozzy.chaos.tcp.parts import TcpRunning
from fozzy.chaos.tcp.running import running
from fozzy.chaos.tcp.settings import TcpSettings
from fozzy.cli.proxy_tcp_faults import ToxicPanel
from fozzy.core.events import Record
from fozzy.faults.tcp import control
from fozzy.faults.tcp.plan import Proxy, TcpPlan, Toxic
from fozzy.report.text import plain

TOXICS = [
    Toxic(type="latency", attributes={"latency": 10}),
    Toxic(type="bandwidth", attributes={"rate": 100}),
    Toxic(type="reset_peer", name="cut"),
]
PLAN = TcpPlan(
    proxies=[Proxy(name=name, listen="127.0.0.1:0", upstream="127.0.0.1:9", toxics=TOXICS) for name in ("a", "b")]
)


class Panel:
    """Running proxies, their panel, and what it had to say."""

    def __init__(self, run: TcpRunning) -> None:
        self.run = run
        self.said: list[str] = []
        self.changes: list[Record] = []
        self.panel = ToxicPanel(run, self.said.append)
        run.session.listeners.append(self.changes.append)

    async def presses(self, *names: str) -> None:
        """Keys, one after the other; each is done before the next."""
        for name in names:
            assert self.panel.key(name) == ("", False)
            with trio.move_on_after(5):
                await trio.testing.wait_all_tasks_blocked()

    def shown(self) -> list[str]:
        """The panel without addresses."""
        return [plain(each).split("  127.")[0].rstrip() for each in self.panel.lines(20)]

    def toxics(self, at: int = 0) -> list[str]:
        """What is in force on a proxy."""
        return [toxic.called for toxic in self.run.engine.plan.proxies[at].toxics]


def with_panel(work: Any) -> None:
    """Run it over two proxies."""

    async def main() -> None:
        async with running(TcpSettings(plan=PLAN, seed=7)) as run:
            await work(Panel(run))

    trio.run(main)


def test_a_toxic_is_taken_away_and_put_back_in_its_place() -> None:
    """It stays in the list, off; on again it is the one it was, before those that stood behind it."""

    async def work(at: Panel) -> None:
        await at.presses("down", "down", " ")
        assert at.toxics() == ["latency_downstream", "cut"]
        assert at.shown()[:4] == [
            "    on  a",
            "        on  latency 10",
            "  >     off bandwidth rate 100",
            "        on  reset_peer as cut",
        ]
        assert at.toxics(1) == ["latency_downstream", "bandwidth_downstream", "cut"]
        await at.presses("up", " ", "down", " ")
        assert at.toxics() == ["bandwidth_downstream", "cut"]
        await at.presses("up", " ")
        assert at.toxics() == ["latency_downstream", "bandwidth_downstream", "cut"]
        assert at.run.engine.plan.proxies[0].toxics == TOXICS
        assert len(at.changes) == 4

    with_panel(work)


def test_a_proxy_is_turned_off_and_on() -> None:
    """Its port is closed, its toxics stay."""

    async def work(at: Panel) -> None:
        await at.presses("down", "down", "down", "down", " ")
        assert [proxy.enabled for proxy in at.run.engine.plan.proxies] == [True, False]
        assert at.shown()[4] == "  > off b"
        await at.presses(" ")
        assert [proxy.enabled for proxy in at.run.engine.plan.proxies] == [True, True]
        assert len(at.toxics(1)) == 3

    with_panel(work)


def test_what_was_changed_by_others_meanwhile_is_told() -> None:
    """A toxic that somebody else brought back is not there twice, and one whose proxy went is an error in words."""

    async def work(at: Panel) -> None:
        await at.presses("down", " ")
        await at.run.session.alter(
            lambda plan: control.return_toxic(plan, "a", TOXICS[0], ["bandwidth_downstream", "cut"]), "toxic added"
        )
        assert [each.count("latency") for each in at.shown()].count(1) == 2  # one for each proxy
        await at.presses(" ")
        assert at.toxics() == ["bandwidth_downstream", "cut"]
        at.panel.key(" ")
        await at.run.session.alter(lambda plan: control.delete_proxy(plan, "a"), "proxy deleted")
        await trio.testing.wait_all_tasks_blocked()
        assert at.said in (['there is no proxy "a"'], [])
        await at.presses(*["down"] * 20)
        assert at.shown()[-1].startswith("  >")

    with_panel(work)


def test_keys_that_lead_back_and_a_panel_that_is_low() -> None:
    """`f`, `escape` and `q` leave it; however few lines there are, the chosen one is among them."""

    async def work(at: Panel) -> None:
        assert [at.panel.key(name) for name in ("f", "escape", "q")] == [("", True)] * 3
        await at.presses("j", "j", "j", "j", "j", "k")
        for room in (1, 2, 3):
            shown = [plain(each) for each in at.panel.lines(room)]
            assert len(shown) == room and any(each.startswith("  > ") for each in shown)

    with_panel(work)
