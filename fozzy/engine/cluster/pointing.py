"""Finds the line of the user's that made a record of an execution, by executing it again.

What arrives at a machine was sent by another one: the line is that of whoever had it happen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fozzy.core.events import Record
from fozzy.core.log import Log
from fozzy.sim.cluster import Cluster
from fozzy.sim.node import Node


class PointingLog(Log):
    """A log that keeps nothing but `at`: where the user's code was when it made the record of this number."""

    __slots__ = ("at", "_number", "_made", "_cluster", "_cause")

    def __init__(self, number: int) -> None:
        super().__init__()
        self.at = ""
        self._number = number
        self._made = 0
        self._cluster: Cluster | None = None
        self._cause = ""
        self.append = self._look

    def watch(self, cluster: Cluster) -> None:
        """Remember who has something happen later; before the cluster starts."""
        self._cluster, kernel, plan = cluster, cluster.kernel, cluster.kernel.at

        def at(when_ns: int, node: Node | None, origin: int, what: Callable[[Any], None], arg: Any) -> None:
            asker = self._asker()

            def happen(given: Any) -> None:
                self._cause = asker
                try:
                    what(given)
                finally:
                    self._cause = ""

            plan(when_ns, node, origin, happen, arg)

        kernel.at = at  # type: ignore[method-assign]

    def _asker(self) -> str:
        return self._cause or (self._cluster.user.caller() if self._cluster is not None else "")

    def _look(self, record: Record) -> None:
        if self._made == self._number:
            self.at = self._asker()
        self._made += 1
