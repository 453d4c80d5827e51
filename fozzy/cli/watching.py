"""`fozzy test --watch`: runs everything once, and then what a change affects, until it is told to stop.

Rule 1: a run of a watch is a run of `fozzy test`: the same screen, the same store, the same seeds, one for all of it.
Rule 2: whatever is written while it is only half right, a scenario or the configuration, is shown and the watch goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fozzy import wall
from fozzy.cli import watch_screen as screen
from fozzy.cli.console import Console
from fozzy.cli.failures import show_error
from fozzy.cli.keyboard import Keyboard, keyboard
from fozzy.cli.last_failed import EVERYTHING, last_failed
from fozzy.cli.options import suite_seed
from fozzy.cli.watched import Watched, key, place
from fozzy.engine.discover import Chosen
from fozzy.engine.standing import Standing
from fozzy.engine.suite import Told
from fozzy.errors import Exit, FozzyError, InputError, Problem, Terminated, UsageError, worst
from fozzy.report.text import Line, line
from fozzy.trace.finalize import shown_path
from fozzy.trace.store import Store

if TYPE_CHECKING:
    from fozzy.cli.commands.test import Test

POLL_NS = 50 * 10**6  # between two looks: nobody notices it, and a thousand files take a twentieth of it
POLL_SHARE = 20  # looking takes no more than one part of so many
QUIET_NS = 30 * 10**6  # an editor writes a file in several steps; a tool writes several files
QUIET_NS_MAX = 10**9  # who never stops writing is not waited for
QUIT, FAILED, ALL, HELP = "q", "f", "enter", "?"


def watch(command: Test, console: Console) -> Exit:
    """Watch until told to stop. *Errors*: `FozzyError` for what is wrong before the first run. *Closes*: the workers,
    and the terminal is as it was."""
    _refuse(command)
    command = msgspec.structs.replace(command, seed=suite_seed(command))
    with closing(Standing()) as standing, keyboard() as typed:
        return Watcher(command, console, standing, typed).go()


def _refuse(command: Test) -> None:
    """What means nothing for runs that go on. *Errors*: `UsageError`."""
    given = {"--record": command.record, "--keep": command.keep, "--json": command.json, "--events": command.events}
    for flag, value in given.items():
        if value:
            message = f"--watch runs again and again, so it takes no {flag}"
            raise UsageError("usage.watch", message, hint=f"fozzy test {flag} without --watch does it once")


class Watcher:
    """One watch: how everything ran last, and what happens next."""

    def __init__(self, command: Test, console: Console, standing: Standing, typed: Keyboard) -> None:
        self._command = command
        self._console = console
        self._standing = standing
        self._typed = typed
        self._watched = Watched(command)
        self._broken: FozzyError | None = None  # why nothing can run: the configuration, mostly
        self._latest: dict[str, Told] = {}
        self._is_running = False  # scenarios are, so an interrupt ends something

    def go(self) -> Exit:
        """Run, wait, run again. *Errors*: `FozzyError` for what is wrong before the first run."""
        try:
            self._first()
            while not self._typed.is_over:
                if self._next():
                    break
        except KeyboardInterrupt as stop:
            if self._is_running:
                raise
            return Exit.TERMINATED if isinstance(stop, Terminated) else Exit.INTERRUPTED
        return self._exit()

    def _first(self) -> None:
        """Everything, or what failed when `test` ran last."""
        command, config = self._command, self._watched.config
        last = last_failed(Store(config.base_dir()), config.root) if command.last_failed else EVERYTHING
        if last.said:
            self._say([line(f"  {last.said}")])
        if last.seed is not None:
            self._command = msgspec.structs.replace(command, seed=last.seed)
        self._show(self._watched.problems)
        self._run([each for each in self._watched.chosen if last.takes(each)])

    def _next(self) -> bool:
        """Wait for what happens next and do it; says whether to stop."""
        began = wall.elapsed_ns()
        changed = self._watched.changed()
        within_ns = max(POLL_NS, POLL_SHARE * (wall.elapsed_ns() - began))
        keys = self._typed.take(0 if changed else within_ns)
        if changed:
            changed |= self._rest()
        if QUIT in keys or not self._console.is_read():
            return True
        if changed:
            self._changed(changed)
        for each in dict.fromkeys(keys):
            self._pressed(each)
        return False

    def _rest(self) -> set[str]:
        """What else changes until it is quiet. *Limits*: `QUIET_NS_MAX`."""
        began, found = wall.elapsed_ns(), set[str]()
        while wall.elapsed_ns() - began < QUIET_NS_MAX:
            wall.pause_ns(QUIET_NS)
            more = self._watched.changed()
            if not more:
                break
            found |= more
        return found

    def _pressed(self, pressed: str) -> None:
        if pressed == HELP:
            self._say(screen.help_of_keys(self._watched.files))
            self._stand()
        elif pressed in (ALL, FAILED):
            self._clear()
            if not self._looked():
                return
            chosen = self._watched.chosen
            failed = [each for each in chosen if not self._is_passed(each)]
            if pressed == FAILED and not failed:
                self._say([screen.said_line("nothing has failed")])
                self._stand()
                return
            self._show(self._watched.problems if pressed == ALL else [])
            self._run(chosen if pressed == ALL else failed)

    def _is_passed(self, chosen: Chosen) -> bool:
        told = self._latest.get(key(chosen))
        return told is None or told.member.passed

    def _changed(self, changed: set[str]) -> None:
        """Run what these files affect; everything, when the configuration is among them or was in the way."""
        is_config = bool(changed & self._watched.config_files())
        if is_config or self._broken is not None:
            self._clear()
            self._say(screen.changed_lines("changed", _shown(sorted(changed & self._watched.config_files()))))
            if self._looked(configure=is_config):
                self._show(self._watched.problems)
                self._run(self._watched.chosen)
            return
        try:
            affected = self._watched.affected(changed)
        except FozzyError as error:
            self._clear()
            self._break(error)
            return
        if affected.chosen or affected.problems or affected.gone:
            self._clear()
            self._say(screen.changed_lines("changed", _shown([e for e in affected.changed if e not in affected.gone])))
            self._say(screen.changed_lines("gone", _shown(affected.gone)))
            self._show(affected.problems)
            self._run(affected.chosen)

    def _looked(self, *, configure: bool = False) -> bool:
        """Look again; says whether anything can run."""
        try:
            if configure or self._broken is not None:
                self._watched.configure()
            self._watched.look()
        except FozzyError as error:
            self._break(error)
            return False
        self._broken = None
        return True

    def _break(self, error: FozzyError) -> None:
        self._broken = error
        show_error(self._console, self._command.name, error)
        self._stand()

    def _run(self, chosen: Sequence[Chosen]) -> None:
        """Run these as one run, and say how everything stands."""
        from fozzy.cli.commands.test import Suite

        watched = self._watched
        there = {key(each) for each in watched.chosen}
        self._latest = {name: told for name, told in self._latest.items() if name in there}
        if chosen or not there and not watched.problems:
            self._say([[]] if watched.problems else [])
            suite = Suite(self._console, watched.reports, watched.config)
            found = len(watched.found.chosen) if len(chosen) == len(there) else len(chosen)
            self._standing.heard = self._typed.heard(QUIT)
            self._is_running = True
            try:
                ran = self._command.run(suite, chosen, found, self._standing.answers)
            except UsageError:
                raise  # the words of the command are wrong, so no run can be right
            except FozzyError as error:
                show_error(self._console, self._command.name, error)
            else:
                self._latest |= {key(each): told for each, told in zip(chosen, ran.told, strict=False)}
                watched.learn(chosen, ran.told)
            self._is_running = False
        self._stand()

    def _show(self, problems: Sequence[Problem]) -> None:
        if problems:
            show_error(self._console, self._command.name, InputError.of(list(problems)))

    def _stand(self) -> None:
        """Say how everything stands."""
        passed = sum(told.member.passed for told in self._latest.values())
        failed, waiting = len(self._latest) - passed, len(self._watched.chosen) - len(self._latest)
        invalid = len({place(each) for each in self._watched.problems})
        standings = screen.Standings(passed, failed, waiting, invalid, self._broken is not None)
        self._say(screen.standings_lines(standings, has_keys=self._typed.has_keys))

    def _say(self, lines: Sequence[Line]) -> None:
        if not self._command.quiet:
            self._console.talk(lines)

    def _clear(self) -> None:
        if not self._command.quiet:
            self._console.clear()

    def _exit(self) -> Exit:
        """How everything stands, as a status."""
        from fozzy.cli.commands.test import exit_of_told

        invalid = [Exit.USAGE] if self._watched.problems or self._broken is not None else []
        return worst([exit_of_told(list(self._latest.values())), *invalid])


def _shown(paths: Sequence[str]) -> list[str]:
    return [shown_path(Path(path)) for path in paths]
