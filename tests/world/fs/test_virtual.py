"""Files in memory."""

from __future__ import annotations

import pytest

from fozzy.core.blob import Blob
from fozzy.core.limits import Limits
from fozzy.world.fs.virtual import VirtualFs

from .conformance import FsConformance


class TestVirtualFs(FsConformance):
    @pytest.fixture
    def fs(self, limits: Limits) -> VirtualFs:
        return VirtualFs(limits)


def test_every_write_tells_what_was_there(limits: Limits) -> None:
    """A write over a file tells what it held."""
    fs = VirtualFs(limits)
    fs.write("a", b"1")
    assert fs.write("a", b"2").previous == Blob(text="1")


def test_a_snapshot_is_not_changed_later(limits: Limits) -> None:
    """Writing after a snapshot, or after a restore, does not change the snapshot."""
    fs = VirtualFs(limits)
    fs.write("a", b"1")
    token = fs.snapshot()
    fs.write("a", b"2")
    fs.restore(token)
    fs.write("a", b"3")
    fs.restore(token)
    assert fs.read("a").data == Blob(text="1")
