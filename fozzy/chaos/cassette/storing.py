"""What the store keeps of a recording: its files under the store's own names, wherever they were written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from fozzy.errors import StoreError
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.store import TRACE_NAME


def store_traces(folder: Path, paths: list[Path]) -> None:
    """Give the folder of a run its names for the run's traces: `trace.fozzy`, or `1.fozzy`, `2.fozzy` for several.

    Linked where the system can, else copied; so the run keeps what it recorded when a later one goes on with the file.
    *Errors*: `StoreError`.
    """
    for number, path in enumerate(paths, 1):
        name = folder / (TRACE_NAME if len(paths) == 1 else f"{number}{SUFFIX}")
        try:
            _keep(path, name)
        except OSError as error:
            message = f"cannot write {shown_path(name)}: {error.strerror or error}"
            raise StoreError("store.unwritable", message) from error


def _keep(path: Path, name: Path) -> None:
    if path.resolve() == name.resolve():
        return
    try:
        os.link(path, name)
    except OSError:
        shutil.copyfile(path, name)
