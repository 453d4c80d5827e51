"""A lane: one stream of a connection through its stages. It is a small simulation: items move when they are due.

Rule 1: what a stage gives at a time goes into the next one at that time, however late somebody looks. So the result does
not depend on when that was.
"""

from __future__ import annotations

from fozzy.faults.tcp.message import NEVER_NS, Cut, Item
from fozzy.faults.tcp.stage import Stage


class Lane:
    """The stages of one stream, in the order of the plan."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.is_cut = False  # a stage gave a cut: what comes now reaches nobody

    @property
    def due_ns(self) -> int:
        """When something moves next."""
        return min((stage.due_ns for stage in self.stages), default=NEVER_NS)

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return sum(stage.held for stage in self.stages)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing will be due."""
        return all(stage.due_ns >= NEVER_NS and not stage.is_holding for stage in self.stages)

    def push(self, items: list[Item], now_ns: int) -> list[Item]:
        """Items come in; returns what comes out at once."""
        return self._through(0, items, now_ns)

    def advance(self, now_ns: int) -> list[Item]:
        """Move what is due by now; returns what comes out, in order."""
        found: list[Item] = []
        while self.stages:
            at = min(range(len(self.stages)), key=lambda index: (self.stages[index].due_ns, -index))
            due_ns = self.stages[at].due_ns
            if due_ns > now_ns:
                break
            stage = self.stages[at]
            found += self._through(at + 1, self._until_cut(stage, stage.pull(due_ns)), due_ns)
        return found

    def restage(self, stages: list[Stage], now_ns: int) -> list[Item]:
        """Other stages from now on. Those that go give what they hold to the one behind them; returns what comes out."""
        found: list[Item] = []
        kept = set(map(id, stages))
        for index in range(len(self.stages) - 1, -1, -1):  # from the last, so that order stays
            stage = self.stages[index]
            if id(stage) not in kept:
                found += self._kept(index + 1, kept, self._until_cut(stage, stage.flush()), now_ns)
        self.stages = stages
        return found

    def _kept(self, start: int, kept: set[int], items: list[Item], now_ns: int) -> list[Item]:
        for stage in self.stages[start:]:
            if id(stage) in kept:
                items = self._until_cut(stage, [out for item in items for out in stage.push(item, now_ns)])
        return items

    def _through(self, start: int, items: list[Item], now_ns: int) -> list[Item]:
        for stage in self.stages[start:]:
            if not items:
                break
            items = self._until_cut(stage, [out for item in items for out in stage.push(item, now_ns)])
        return items

    def _until_cut(self, stage: Stage, items: list[Item]) -> list[Item]:
        """What a stage gives, up to a cut: nothing comes behind one, now or later, however much was read at once."""
        if stage.has_cut:
            return []
        for at, item in enumerate(items):
            if type(item) is Cut:
                stage.has_cut = self.is_cut = True
                return items[: at + 1]
        return items
