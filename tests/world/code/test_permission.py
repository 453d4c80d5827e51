"""The permission to run user code."""

from __future__ import annotations

import pytest

from fozzy.world.code.permission import Permission, permit


def test_only_permit_gives_a_permission() -> None:
    """It is given when it is allowed, refused with the error of whoever asks, and nobody else can make one."""
    assert isinstance(permit(True, AssertionError), Permission)
    with pytest.raises(LookupError, match="no"):
        permit(False, lambda: LookupError("no"))
    with pytest.raises(AssertionError, match="permit"):
        Permission(object())
