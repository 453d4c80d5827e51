"""`fozzy test --keep DIR`: the failures of a suite, made smaller and kept where they are tests from then on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fozzy.cli.console import Console
from fozzy.config import Config
from fozzy.core.summary import Member
from fozzy.engine.code import Allowance
from fozzy.engine.record import Keeping
from fozzy.errors import Exit, FozzyError, InterruptedRun
from fozzy.report.text import Line, count, line, one_line
from fozzy.trace.finalize import shown_path

ENDS = {"interrupted": Exit.INTERRUPTED, "terminated": Exit.TERMINATED}


class Keepings:
    """What was kept of a suite: the traces, what people are told, and 130 or 143 when somebody stopped it."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.warnings: list[str] = []
        self.lines: list[Line] = []
        self.exit_status = Exit.PASS


def keep_failures(kept: Keepings, members: Sequence[Member], keep: Keeping, config: Config, console: Console) -> None:
    """Shrink and keep every scenario that did not end as expected, one after the other; `keep`'s target is the folder.

    One that cannot be kept is a warning; Ctrl-C ends the one at work with what it has and leaves the others.
    """
    for member in members:
        if member.passed or member.trace_path is None or member.replay is not None:
            continue  # a trace that is kept already is as small as it should be
        if kept.exit_status != Exit.PASS:
            kept.warnings.append(f"{member.name}: not kept: stopped before its turn")
            continue
        try:
            _keep(kept, member, keep, config, console)
        except KeyboardInterrupt as stop:
            kept.exit_status = Exit(InterruptedRun.by(stop, "").exit_status)
            kept.warnings.append(f"{member.name}: not kept: interrupted")
        except FozzyError as error:
            kept.exit_status = Exit(error.exit_status) if isinstance(error, InterruptedRun) else Exit.PASS
            kept.warnings.append(f"{member.name}: not kept: {error.message}")


def _keep(kept: Keepings, member: Member, keep: Keeping, config: Config, console: Console) -> None:
    from fozzy.cli.shrink_screen import Live
    from fozzy.engine.fresh import check_replays
    from fozzy.search.shrink.regression import keep_smaller

    live = Live(console)
    words = ["--config", str(config.file)] if config.file else []
    words += ["--allow-code"] if member.calls_code else []  # it ran, so it was allowed
    try:
        one = keep_smaller(
            Path(member.trace_path or ""),
            keep,
            lambda trace: check_replays(trace, words),
            names=config.settings.redact,
            allowance=Allowance(member.calls_code, config.root, config.settings.proc_env),
            listen=live,
        )
    finally:
        live.erase()
    path = shown_path(one.path)
    kept.paths.append(path)
    kept.warnings += [f"{member.name}: {one.warning}"] if one.warning else []
    kept.lines.append(
        line("  kept  ", one_line(path), f"   {count(one.steps, 'step')}, {count(one.choices, 'choice')}")
    )
    kept.exit_status = ENDS.get(one.end, Exit.PASS)
