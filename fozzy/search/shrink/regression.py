"""Kept failures: small traces in a folder of the repository, each a test that passes once its failure is mended."""

from __future__ import annotations

import os
from pathlib import Path

from fozzy.errors import StoreError
from fozzy.trace.finalize import NAMES_MAX, display_name, numbered
from fozzy.trace.format import FOOTER_OPENING, SUFFIX


def kept_name(scenario: str) -> str:
    """The file a scenario's failure is kept in; another failure of it takes the next free name."""
    return display_name(scenario).removesuffix(".min").strip("./").replace("/", "-") + SUFFIX


def kept_already(trace: Path, folder: Path, name: str) -> Path | None:
    """The trace in a folder that holds the very same run, none when there is none."""
    run = _run_of(trace)
    for path in _taken(folder / name):
        if _run_of(path) == run:
            return path
    return None


def folder_for(folder: Path) -> Path:
    """The folder, made when it is missing. *Errors*: `StoreError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("store.unwritable", f"cannot write {folder}: {error.strerror or error}") from error
    return folder


def _taken(target: Path) -> list[Path]:
    found = [target] if os.path.isfile(target) else []
    for number in range(1, NAMES_MAX):
        path = numbered(target, number)
        if not os.path.isfile(path):
            break
        found.append(path)
    return found


def _run_of(path: Path) -> bytes:
    """Header and records: all of a trace that follows from the run."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError("trace.unreadable", f"cannot read {path}: {error.strerror or error}") from error
    return data[: data.rfind(b"\n" + FOOTER_OPENING) + 1]
