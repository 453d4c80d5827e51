"""`fozzy proxy status`, `start`, `stop`: talk to a running proxy."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fozzy.cli.command import Arg, Opt
from fozzy.cli.console import Console
from fozzy.cli.options import duration_option
from fozzy.cli.proxy_client import Talking
from fozzy.cli.proxy_documents import ControlDocument
from fozzy.cli.proxy_words import section_words
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit
from fozzy.faults.http.plan import Section
from fozzy.report.text import Line, Span, count, duration, line, one_line, packed, size

FAULT_LINES_MAX = 20

Name = Literal["proxy status", "proxy start", "proxy stop", "proxy journal"]


class Status(Talking, frozen=True, kw_only=True):
    """Show what a running proxy does and has done."""

    name: ClassVar[str] = "proxy status"

    def call(self, console: Console) -> Exit:
        client = self.client()
        status = client.status()
        if status.get("door") == "tcp":
            from fozzy.cli.proxy_tcp_control import say_status

            return say_status(console, self, status)
        stats = client.get("/fozzy/stats")
        config = client.get("/fozzy/config")
        if console.json:
            say_document(console, self, "proxy status", {"status": status, "stats": stats, "config": config})
        elif console.quiet:
            console.answer([line(_brief(status))])
        else:
            console.answer(_status_lines(status, stats, config["in_force"]))
        return Exit.PASS


class Start(Talking, frozen=True, kw_only=True):
    """Start a scenario in a running proxy.

    It takes the place of the one that is active, with --stack it is laid over it; chaos is turned on. Stopping it
    restores exactly what was before.
    """

    name: ClassVar[str] = "proxy start"
    scenario: Annotated[str, Arg("Which; fozzy proxy scenarios lists them.", "NAME")]
    stack: Annotated[bool, Opt(("--stack",), "Lay it over those that are active.")] = False
    for_: Annotated[str | None, Opt(("--for",), "Stop it after this long, such as 30s.", "DURATION")] = None

    def call(self, console: Console) -> Exit:
        duration_option("--for", self.for_)
        in_force = self.client().start(self.scenario, stack=self.stack, for_=self.for_)
        lasts = f" for {self.for_}" if self.for_ else ""
        return _changed(console, self, f"started {one_line(self.scenario)}{lasts}", in_force)


class Stop(Talking, frozen=True, kw_only=True):
    """Stop a scenario in a running proxy, or without a NAME all of them.

    What was before holds again. The proxy itself goes on; SIGINT or SIGTERM ends it.
    """

    name: ClassVar[str] = "proxy stop"
    scenario: Annotated[str | None, Arg("Which; all that are active when not given.", "NAME")] = None
    all: Annotated[bool, Opt(("--all",), "All that are active, as without a NAME.")] = False

    def call(self, console: Console) -> Exit:
        name = None if self.all else self.scenario
        in_force = self.client().stop(name)
        return _changed(console, self, f"stopped {one_line(name) if name else 'all scenarios'}", in_force)


def say_document(console: Console, command: Talking, name: Name, answer: Any) -> None:
    """What a proxy answered, as the one document."""
    document = ControlDocument(
        schema_version=SCHEMA_VERSION, command=name, status="pass", control=str(command.where()), answer=answer
    )
    console.raw(msgspec.json.encode(document).decode() + "\n")


def _changed(console: Console, command: Start | Stop, said: str, in_force: Any) -> Exit:
    name: Name = "proxy start" if isinstance(command, Start) else "proxy stop"
    if console.json:
        say_document(console, command, name, in_force)
        return Exit.PASS
    console.answer([line(f"  {said}"), *([] if console.quiet else _in_force(in_force))])
    return Exit.PASS


def _in_force(in_force: Any) -> list[Line]:
    names = [each["name"] for each in in_force["active"]]
    words = section_words(msgspec.convert(in_force["holds"]["config"], Section)) or ["none"]
    shown = [f"scenario {one_line(' + '.join(names))}"] if names else []
    on = "" if in_force["enabled"] else "chaos is off"
    return _gathered("faults", [*([on] if on else []), *shown, *words])


def _gathered(word: str, parts: list[str]) -> list[Line]:
    lines = packed([f"{word:<8}", *parts], "   ")
    return [lines[0], *([Span(" " * 11), *each] for each in lines[1:])]


def _brief(status: Any) -> str:
    names = " + ".join(each["name"] for each in status["active"])
    on = "chaos is on" if status["enabled"] else "chaos is off"
    return f"{count(status['requests'], 'request')}, {on}{f', scenario {one_line(names)}' if names else ''}"


def _status_lines(status: Any, stats: Any, in_force: Any) -> list[Line]:
    load, took = status["load"], stats["summary"]["took_ns"]
    upstream = (status["upstream"] or "nobody").removeprefix("http://")
    listening = status["listening"].removeprefix("http://")
    head = f"  fozzy proxy  {one_line(listening)} -> {one_line(upstream)}"
    lines = [line(Span(f"{head}   up {duration(status['now_ns'])}   seed {status['seed']}", "strong"))]
    lines += _in_force(in_force)
    lines += _gathered(
        "traffic",
        [
            count(status["requests"], "request"),
            f"{load['requests']} in flight (most {load['requests_max']})",
            count(load["connections"], "connection"),
        ],
    )
    if took["count"]:
        lines += _gathered("took", [f"{name} {duration(took[name])}" for name in ("p50", "p90", "p99", "max")])
    statuses = [f"{'no answer' if code == '0' else code} x {each:,}" for code, each in _by(stats, "by_status")]
    lines += _gathered("answers", statuses) if statuses else []
    lines += _cassette_lines(status)
    return [*lines, *_fault_lines(stats["faults"])]


def _by(stats: Any, name: str) -> list[tuple[str, int]]:
    return sorted(stats["summary"][name].items(), key=lambda pair: (-pair[1], pair[0]))


def _cassette_lines(status: Any) -> list[Line]:
    recording, replaying = status["recording"], status["replaying"]
    lines: list[Line] = []
    if recording["is_on"] or recording["problem"]:
        said = [one_line(recording["file"]), count(recording["requests"], "request"), size(recording["bytes"])]
        lines += _gathered("records", [*said, *([one_line(recording["problem"])] if recording["problem"] else [])])
    if replaying["is_on"]:
        said = [one_line(replaying["file"]), f"{replaying['served']:,} served", f"{replaying['missed']:,} missed"]
        lines += _gathered("replays", said)
    return lines


def _fault_lines(faults: list[Any]) -> list[Line]:
    if not faults:
        return []
    lines: list[Line] = [[], line(Span(f"  {'fault':<18}{'declared by':<26}matched  rolled     hit  applied", "dim"))]
    for each in faults[:FAULT_LINES_MAX]:
        bypassed = f"  {each['bypassed']:,} bypassed" if each["bypassed"] else ""
        numbers = f"{each['matched']:>7,} {each['rolled']:>7,} {each['hit']:>7,} {each['applied']:>8,}"
        place = one_line(each["place"])[:25]
        lines.append(line(f"  {each['name']:<18}{place:<26}{numbers}{bypassed}"))
    more = len(faults) - FAULT_LINES_MAX
    return [*lines, *([line(f"  … {more} more: --json has all")] if more > 0 else [])]
