"""The one finalizer: every trace gets its name here, by one collision policy, sealed with the path it really has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from fozzy.core.forms import without_ending
from fozzy.errors import StoreError, whole
from fozzy.trace.format import SUFFIX, Footer
from fozzy.trace.staging import claim
from fozzy.trace.writer import Recorder

Policy = Literal["error", "overwrite", "append"]
NAMES_MAX = 100_000  # more traces of one name than that are a mistake


def shown_path(path: Path) -> str:
    """A path relative to the working directory where it lies below it, with `/` everywhere."""
    absolute = os.path.abspath(path)
    here = os.getcwd()
    relative = absolute[len(here) + 1 :] if absolute.startswith(here + os.sep) else absolute
    return whole(relative.replace(os.sep, "/"))


def project_name(path: Path, root: Path) -> str:
    """A path relative to the project's folder, with `/`; as given when it lies elsewhere."""
    name, base = os.path.abspath(path), os.path.abspath(root)
    if base == os.sep or name.startswith(base + os.sep):
        name = os.path.relpath(name, base)
    return whole(name.replace(os.sep, "/"))


def display_name(name: str) -> str:
    """A scenario's or kept trace's name for people: its path without the scenarios folder and the ending."""
    return without_ending(name).removesuffix(SUFFIX).removeprefix("scenarios/")


def numbered(target: Path, number: int) -> Path:
    """`t.fozzy` -> `t.1.fozzy`."""
    stem = target.name.removesuffix(SUFFIX)
    return target.with_name(f"{stem}.{number}{SUFFIX if target.name.endswith(SUFFIX) else ''}")


def partial_of(target: Path, run_id: str) -> Path:
    """Where a trace is written before it has its name."""
    return target.with_name(f"{target.name}.{run_id}.partial")


def check_target(target: Path, policy: Policy) -> None:
    """Refuse early what would be refused at the end. *Errors*: `StoreError`."""
    if os.path.isdir(target):
        raise StoreError("trace.is_a_folder", f"{shown_path(target)} is a folder", hint="name a file: --record t.fozzy")
    if policy == "error" and os.path.lexists(target):
        raise _taken(target)


def finalize(
    recorder: Recorder,
    target: Path,
    policy: Policy,
    footer: Callable[[str], Footer],
    *,
    durable: bool = True,
    check: Callable[[Path], None] | None = None,
) -> Path:
    """Seal a trace and give it its name. Returns the path it has.

    `footer` makes the footer for a path, and is asked again when a name turns out to be taken. `check` looks at the
    sealed trace once, before it has its name; when it raises, the trace is gone. *Errors*: `StoreError`, after which
    the sealed `.partial` stays; those of `check`.
    """
    try:
        if recorder.late_secrets():
            recorder.rewrite()
        for path in _candidates(target, policy):
            recorder.seal(footer(shown_path(path)), durable=durable)
            if check is not None:
                _checked(recorder, check)
                check = None
            if _claim(recorder.partial, path, policy):
                return path
    except OSError as error:
        message = f"cannot write {shown_path(target)}: {error.strerror or error}"
        raise StoreError("trace.unwritable", message) from error
    finally:
        recorder.close()
    raise _taken(target, recorder.partial)


def _checked(recorder: Recorder, check: Callable[[Path], None]) -> None:
    try:
        check(recorder.partial)
    except BaseException:
        recorder.discard()
        raise


def _candidates(target: Path, policy: Policy) -> Iterator[Path]:
    if policy != "append" or not os.path.lexists(target):
        yield target
    if policy == "append":
        for number in range(1, NAMES_MAX):
            path = numbered(target, number)
            if not os.path.lexists(path):
                yield path


def _claim(partial: Path, path: Path, policy: Policy) -> bool:
    """Give the file its name; false when the name is taken."""
    if policy == "overwrite":
        os.replace(partial, path)
        return True
    if not claim(partial, path):
        return False
    partial.unlink(missing_ok=True)  # where there are no hard links the name is gone already
    return True


def _taken(target: Path, partial: Path | None = None) -> StoreError:
    kept = f"; the trace is kept as {shown_path(partial)}" if partial else ""
    return StoreError(
        "trace.exists",
        f"{shown_path(target)} exists already{kept}",
        hint="--record-collision append takes the next free name, overwrite replaces it",
    )
