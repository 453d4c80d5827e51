"""A modelled heap: limits, failures, fragmentation and pressure waves without touching real memory.

Effective bytes of the n-th attempt (n from 1) = requested x wave[(n - 1) mod len]; with a fragmentation seed that is
raised by effective x pct // 100, pct = blake3(seed, n, requested; each as 8 bytes little endian)[0] mod 31.
"""

from __future__ import annotations

from typing import NamedTuple

from blake3 import blake3

MAX_FRAGMENTATION_PCT = 31


class Allocation(NamedTuple):
    """One living allocation."""

    id: int
    size_bytes: int
    tag: str


class HeapState(NamedTuple):
    """A snapshot of the whole heap."""

    living: dict[int, Allocation]
    attempts: int
    limit_bytes: int | None
    fail_after: int | None
    fragmentation_seed: int | None
    wave: tuple[int, ...]
    peak_bytes: int


class VirtualHeap:
    """Allocations by id. *Limits*: `limit_bytes` and `fail_after` as the scenario sets them."""

    def __init__(self) -> None:
        self._living: dict[int, Allocation] = {}
        self._in_use = 0
        self._attempts = 0
        self.limit_bytes: int | None = None
        self.fail_after: int | None = None
        self.fragmentation_seed: int | None = None
        self.wave: tuple[int, ...] = (1,)
        self.peak_bytes = 0

    def allocate(self, requested_bytes: int, tag: str) -> Allocation | str:
        """A new allocation, or why there is none."""
        self._attempts += 1
        size = self.effective_bytes(self._attempts, requested_bytes)
        if self.fail_after is not None and self._attempts > self.fail_after:
            return f"allocation {self._attempts} fails: only {self.fail_after} are allowed"
        if self.limit_bytes is not None and self.in_use_bytes() + size > self.limit_bytes:
            return f"{size} bytes do not fit: {self.in_use_bytes()} of {self.limit_bytes} bytes are in use" + (
                f" ({requested_bytes} were requested)" if size != requested_bytes else ""
            )
        made = Allocation(self._attempts, size, tag)
        self._living[made.id] = made
        self._in_use += size
        self.peak_bytes = max(self.peak_bytes, self._in_use)
        return made

    def effective_bytes(self, attempt: int, requested_bytes: int) -> int:
        """What the n-th attempt really takes."""
        size = requested_bytes * self.wave[(attempt - 1) % len(self.wave)]
        if self.fragmentation_seed is None:
            return size
        key = b"".join(value.to_bytes(8, "little") for value in (self.fragmentation_seed, attempt, requested_bytes))
        return size + size * (blake3(key).digest()[0] % MAX_FRAGMENTATION_PCT) // 100

    def free(self, alloc_id: int) -> bool:
        """Give an allocation back; false when it does not live."""
        freed = self._living.pop(alloc_id, None)
        self._in_use -= freed.size_bytes if freed else 0
        return freed is not None

    def had(self, alloc_id: object) -> bool:
        """Whether there ever was an attempt of this number."""
        return type(alloc_id) is int and 1 <= alloc_id <= self._attempts

    def in_use_bytes(self) -> int:
        """Bytes of all living allocations."""
        return self._in_use

    def living(self) -> list[Allocation]:
        """What is still allocated, oldest first."""
        return list(self._living.values())

    def snapshot(self) -> HeapState:
        """The heap as it is now."""
        return HeapState(
            dict(self._living),
            self._attempts,
            self.limit_bytes,
            self.fail_after,
            self.fragmentation_seed,
            self.wave,
            self.peak_bytes,
        )

    def restore(self, kept: HeapState) -> None:
        """The heap as it was."""
        (living, self._attempts, self.limit_bytes, self.fail_after, self.fragmentation_seed, self.wave, peak) = kept
        self._living, self.peak_bytes = dict(living), peak
        self._in_use = sum(allocation.size_bytes for allocation in living.values())
