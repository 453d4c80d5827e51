"""Saved values: a dictionary with snapshots. Values are JSON values and are never changed in place."""

from __future__ import annotations

from typing import Any


class VirtualKv(dict[str, Any]):
    """What steps keep under a key."""

    def snapshot(self) -> dict[str, Any]:
        """The values as they are now."""
        return dict(self)

    def restore(self, kept: dict[str, Any]) -> None:
        """Put the values of a snapshot back."""
        self.clear()
        self.update(kept)
