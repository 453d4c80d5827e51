"""Failures of the modelled network, heap and files."""

from __future__ import annotations

from typing import Any

from fozzy.core.limits import MIB
from tests.zoo.animal import Animal, Json, Least, all_steps, block, grow, kept, kv, never, noise, only, scenario

END = never("log", ".*xx")
DELIVER: Json = {"type": "net_deliver_one"}


def send(payload: str, sender: str = "a", to: str = "b") -> Json:
    """Sends a message."""
    return {"type": "net_send", "from": sender, "to": to, "payload": payload}


def receive(payload: str, node: str = "b") -> Json:
    """Wants a message to have come."""
    return {"type": "net_recv_assert", "node": node, "payload": payload}


def tries(attempts: int, steps: list[Json], **more: Any) -> Json:
    """Tries again until the steps hold, and counts how often."""
    return block("retry", [grow("log", "x"), *steps], attempts=attempts, **more)


def two_attempts(raw: Json) -> bool:
    """The retry is left with as many attempts as it needs."""
    return only(raw, "retry").get("attempts") == 2


def swap() -> Animal:
    """The second message arrives first."""
    reorder: Json = {"type": "net_set_reorder", "enabled": True}
    more = [send(f"m{index}") for index in range(2, 10)]
    loud = [*noise(4), kv("log", ""), reorder, send("m0"), send("m1"), *more, *noise(3, "m")]
    return Animal(
        name="net-swap",
        why="Of ten messages any must arrive before the first one, which is then waited for.",
        scenario=scenario([*loud, tries(30, [DELIVER, receive("m0")]), *noise(3, "e"), END]),
        least=Least(9, 1, holds=two_attempts),
        smallest=scenario([kv("log", ""), reorder, send("m0"), send(""), tries(2, [DELIVER, receive("m0")]), END]),
        tape={"net.pick": [1]},
        tempts=True,
    )


def lost() -> Animal:
    """One of many messages is dropped."""
    rate: Json = {"type": "net_set_drop_rate", "rate": 0.3}
    others = [step for index in range(12) for step in (send(f"o{index}", "c", "d"), DELIVER)]
    body = [send("hello"), DELIVER, receive("hello")]
    return Animal(
        name="net-drop",
        why="A message must be lost once and arrive when it is sent again; twelve others may be lost or not.",
        scenario=scenario(
            [kv("log", ""), *noise(3), rate, tries(9, body, backoff="5ms"), *others, *noise(3, "e"), END]
        ),
        seed=3,
        least=Least(8, 1, holds=two_attempts),
        smallest=scenario([kv("log", ""), rate, tries(2, body), END]),
        tape={"net.drop.a>b": [(1 << 53) - 1]},
        tempts=True,
    )


def healed() -> Animal:
    """A partition holds a message until it is healed at the second try."""
    link = {"a": "a", "b": "b"}
    heal: Json = {"type": "if", "that": "${log}", "contains": "xx", "then": [{"type": "net_heal", **link}]}
    begin = [kv("log", ""), {"type": "net_partition", **link}, send("m")]
    loud = [*begin[:2], {"type": "net_partition", "a": "b", "b": "c"}, *noise(4), begin[2], send("n", "b", "c")]
    return Animal(
        name="net-heal",
        why="A partition must hold a message once, and must be healed for the second try.",
        scenario=scenario([*loud, tries(12, [*noise(2, "m"), heal, DELIVER, receive("m")], backoff="1s"), END]),
        least=Least(9, holds=two_attempts),
        smallest=scenario([*begin, tries(2, [heal, DELIVER]), END]),
        tempts=True,
    )


def allocate(size_bytes: int, key: str | None = None) -> Json:
    """Allocates, and keeps the id under a key if there is one."""
    return {"type": "memory_alloc", "bytes": size_bytes, **({"key": key} if key else {})}


def free(key: str) -> Json:
    """Frees the allocation whose id stands under a key; the key must be there."""
    return {"type": "memory_free", "alloc_id": f"${{{key}}}"}


def allocated_bytes(raw: Json) -> int:
    """The bytes of all allocations of a scenario."""
    return sum(step["bytes"] for step in all_steps(raw) if step["type"] == "memory_alloc")


def memory_limit() -> Animal:
    """Two large allocations among sixty do not fit.

    Lowering the limit to nothing and dropping the first of them, both at once, would come to two steps.
    """
    small = [allocate(1000) for _ in range(58)]
    limit: Json = {"type": "memory_limit_mb", "mb": 1}
    first, second = allocate(500_000), allocate(600_000)
    many = [*small[:20], first, *small[20:50], *noise(4), second, *small[50:]]
    return Animal(
        name="memory-limit",
        why="The second of two large allocations does not fit; with a lower limit, an earlier one would fail.",
        scenario=scenario([*noise(3, "a"), limit, *many]),
        least=Least(3, holds=lambda raw: allocated_bytes(raw) <= MIB + 1),
        smallest=scenario([limit, allocate(MIB + 1 - 600_000), second]),
        tempts=True,
    )


def second_allocation() -> Animal:
    """The id of an allocation says that there was one before."""
    end = never("id", "([2-9]|[1-9][0-9]+)")
    many = [allocate(100 * index) for index in range(1, 60)]
    return Animal(
        name="second-allocation",
        why="An allocation must not be the first; one of the fifty-nine others must stay.",
        scenario=scenario([*many[:40], *noise(3), allocate(512, "id"), *many[40:], *noise(3, "m"), end]),
        least=Least(3),
        smallest=scenario([allocate(0), allocate(0, "id"), end]),
    )


def double_free() -> Animal:
    """An allocation is freed twice."""
    pairs = [step for index in range(9) for step in (allocate(64 + index, f"p{index}"), free(f"p{index}"))]
    return Animal(
        name="double-free",
        why="An allocation is freed twice among others that are freed once.",
        scenario=scenario([*pairs[:8], allocate(4096, "a"), *noise(4), free("a"), *pairs[8:], free("a")]),
        least=Least(3),
        smallest=scenario([allocate(0, "a"), free("a"), free("a")]),
        tempts=True,
    )


def leak() -> Animal:
    """Something is never freed, and that is the failure."""
    pairs = [step for index in range(12) for step in (allocate(64 + index, f"p{index}"), free(f"p{index}"))]
    return Animal(
        name="leak",
        why="The failure is what is still allocated at the end; one byte is enough.",
        scenario=scenario([*noise(4), *pairs[:10], allocate(4096, "gone"), *pairs[10:], *noise(4, "e")]),
        leak_bytes_max=0,
        least=Least(1, holds=lambda raw: only(raw, "memory_alloc").get("bytes") == 1),
        smallest=scenario([allocate(1)]),
    )


def beside_a_leak() -> Animal:
    """Dropping what frees makes a leak, which fails too."""
    end = never("count", "[0-9]{3,}")
    pairs = [step for index in range(8) for step in (allocate(64 + index, f"p{index}"), free(f"p{index}"))]
    return Animal(
        name="beside-a-leak",
        why="An assertion fails; where it does not and something is not freed, the run fails as a leak.",
        scenario=scenario([*pairs[:7], kv("count", 480), *pairs[7:], *noise(4), end]),
        leak_bytes_max=0,
        least=Least(2, holds=lambda raw: kept(raw, "count") == [100]),
        smallest=scenario([kv("count", 100), end]),
        tempts=True,
    )


def write(path: str, data: str) -> Json:
    """Writes a file."""
    return {"type": "fs_write", "path": path, "data": data}


def put_back() -> Animal:
    """A restored file has its old content."""
    read: Json = {"type": "fs_read_assert", "path": "f", "equals": "new"}
    mark: Json = {"type": "fs_snapshot", "name": "s"}
    back: Json = {"type": "fs_restore", "name": "s"}
    files = [write(f"other{index}", f"data {index}") for index in range(10)]
    return Animal(
        name="files-put-back",
        why="A file is not what was written last, since it was put back; a file that was never written is as wrong.",
        scenario=scenario([*files[:5], write("f", "old"), mark, *files[5:], write("f", "new"), back, *noise(4), read]),
        least=Least(2, holds=lambda raw: [step.get("data") for step in raw["steps"]] == ["", None]),
        smallest=scenario([write("f", ""), read]),
        tempts=True,
    )


def cleared() -> Animal:
    """A file stands where a folder must be, until the files are put back."""
    mark: Json = {"type": "fs_snapshot", "name": "empty"}
    back: Json = {"type": "fs_restore", "name": "empty"}
    when: Json = {"type": "if", "that": "${log}", "contains": "xx", "then": [back]}
    begin = [kv("log", ""), mark, write("a", "")]
    loud = [*begin[:2], *noise(3), write("c", "d"), write("a", "a file"), *noise(3, "m")]
    return Animal(
        name="files-cleared",
        why="A file must be in the way of a folder once, and must be taken away for the second try.",
        scenario=scenario([*loud, tries(9, [*noise(2, "i"), when, write("a/b", "data")], backoff="1s"), END]),
        least=Least(9, holds=two_attempts),
        smallest=scenario([*begin, tries(2, [when, write("a/b", "")]), END]),
        tempts=True,
    )


WORLDS = [
    swap(),
    lost(),
    healed(),
    memory_limit(),
    second_allocation(),
    double_free(),
    leak(),
    beside_a_leak(),
    put_back(),
    cleared(),
]
