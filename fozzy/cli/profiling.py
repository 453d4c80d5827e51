"""What the profile and memory commands share: which run, by which time, and how times are written."""

from __future__ import annotations

from typing import Annotated

from fozzy.cli.command import Arg, Command
from fozzy.cli.options import config_of
from fozzy.cli.profile_documents import ProfiledRun
from fozzy.core.summary import code_flag
from fozzy.errors import UsageError
from fozzy.insight.profile.load import Profile, load_profile
from fozzy.insight.profile.top import By
from fozzy.report.text import Line, Span, line, one_line, quoted
from fozzy.trace.finalize import shown_path
from fozzy.trace.store import TRACE_NAME, Store

RunWord = Annotated[str, Arg("A run id, a run's member as 7f3/2, @latest, or a trace file.", "RUN")]


def profile_of(command: Command, word: str) -> Profile:
    """The profile of the run a word names. *Errors*: `StoreError`, `EvidenceError`."""
    return load_profile(Store(config_of(command).base_dir()), word, unsafe=not command.strict)


def chosen_by(asked: By | None, profile: Profile) -> By:
    """By which time to go: what was asked for, else real time where there is one. *Errors*: `UsageError`."""
    if asked == "real" and not profile.is_timed:
        message = f"{shown_path(profile.trace)} has no real times: {profile.why}"
        raise UsageError("profile.not_timed", message, hint=again(profile))
    return asked or ("real" if profile.is_timed else "virtual")


def again(profile: Profile, flag: str = "--profile") -> str:
    """The command that makes the run again and measures it."""
    header = profile.header
    host = [f" --{name} host" for name in ("proc", "fs", "http") if getattr(header.backends, name) == "host"]
    case = " ".join(f"{name}={value}" for name, value in header.case.items())
    words = f"fozzy run {quoted(header.scenario.path)} --seed {header.seed} {'--det' if header.det else '--no-det'}"
    return f"{words}{''.join(host)}{f' --case {quoted(case)}' if case else ''}{code_flag(profile.calls > 0)} {flag}"


def run_body(profile: Profile) -> ProfiledRun:
    """Which run it is, for documents."""
    return ProfiledRun(
        run_id=profile.run_id,
        trace_path=shown_path(profile.trace),
        scenario=profile.header.scenario.path,
        name=profile.name,
        seed=profile.header.seed,
        timed=profile.is_timed,
        why=profile.why,
        virtual_ns=profile.root.virtual_ns,
        real_ns=profile.root.real_ns if profile.is_timed else None,
    )


def headline(profile: Profile) -> Line:
    """Which run it is, and how long it took."""
    real = f", {fine(profile.root.real_ns)} real" if profile.is_timed else ""
    path = shown_path(profile.trace)
    is_own = path.endswith(f"/{profile.run_id}/{TRACE_NAME}")  # then the run's id says it all
    said = f"   run {profile.run_id}" + ("" if is_own else f"  {path}")
    times = f"{fine(profile.root.virtual_ns)} virtual{real}"
    return line("  ", Span(one_line(profile.name), "strong"), Span(one_line(said), "dim"), f"   {times}")


def not_timed(profile: Profile) -> list[Line]:
    """That there is no real time, and how to measure it."""
    if profile.is_timed:
        return []
    return [[], line(f"  {one_line(profile.why)}; this measures it"), pasted(again(profile))]


def pasted(command: str) -> Line:
    """A command in a line of its own: it may be longer than a screen is wide."""
    return line("    ", Span(command, "code"))


def next_line(command: str, said: str) -> Line:
    """What to do next."""
    return line("  next  ", Span(command, "code"), f"   {said}")


def fine(nanoseconds: int) -> str:
    """A time for people down to nanoseconds: `1.24s`, `12.3ms`, `4.56us`, `80ns`, `0`."""
    if nanoseconds < 0:
        return f"-{fine(-nanoseconds)}"
    if nanoseconds >= 60 * 10**9:
        minutes, seconds = divmod(nanoseconds // 10**9, 60)
        return f"{minutes}m{seconds:02d}s"
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if nanoseconds >= size:
            number = nanoseconds / size
            return (
                f"{number:.2f}{unit}"
                if number < 10
                else f"{number:.1f}{unit}"
                if number < 100
                else f"{number:.0f}{unit}"
            )
    return f"{nanoseconds}ns" if nanoseconds else "0"
