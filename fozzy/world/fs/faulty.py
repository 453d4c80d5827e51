"""Files with faults: rolls for every read and write."""

from __future__ import annotations

from typing import Any

from fozzy.core.blob import Blob
from fozzy.faults.actions import Change, Refuse, Send
from fozzy.faults.engine import Faults
from fozzy.world.failure import Failure
from fozzy.world.fs.base import Fs, FsContent, FsDone, FsWrote


class FaultyFs:
    """Stands before a backend once a fault is armed; snapshots and restores are never struck."""

    def __init__(self, inner: Fs, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def read(self, path: str) -> FsContent:
        """The file's content, as the fault leaves it."""
        planned = self._faults.roll("fs", {"op": "read", "path": path})
        if planned is None:
            return self._inner.read(path)
        action = planned.action
        if isinstance(action, Refuse):
            self._faults.applied(planned)
            return FsContent(failure=Failure("io", f"{path!r}: {action.message}"))
        assert isinstance(action, Change), f"{planned.rule.kind.name} is no fault of reading"
        true = self._inner.read(path)
        if true.failure is not None:
            self._faults.bypassed(planned, "read_failed")
            return true
        self._faults.applied(planned)
        return FsContent(data=Blob.of(action.change(true.data.data())))

    def write(self, path: str, data: bytes) -> FsWrote:
        """Write the whole file, as the fault lets it."""
        planned = self._faults.roll("fs", {"op": "write", "path": path})
        if planned is None:
            return self._inner.write(path, data)
        action = planned.action
        if isinstance(action, Refuse):
            self._faults.applied(planned)
            return FsWrote(failure=Failure("io", f"{path!r}: {action.message}"))
        assert isinstance(action, Send), f"{planned.rule.kind.name} is no fault of writing"
        self._faults.applied(planned)
        return self._inner.write(path, action.change(data))

    def snapshot(self) -> Any:
        """The files as they are now."""
        return self._inner.snapshot()

    def restore(self, token: Any) -> FsDone:
        """The files as they were."""
        return self._inner.restore(token)
