"""Steps that write, read and put back files."""

from collections.abc import Iterator

from fozzy.dsl.steps.base import Issue, Name, Step, TextOrBytes, bytes_of, check_bytes, fail, told
from fozzy.world.failure import fail_with
from fozzy.world.world import World


class FsWrite(Step, frozen=True, kw_only=True, tag="fs_write"):
    """Writes a whole file below the working directory."""

    path: Name
    data: TextOrBytes

    def run(self, world: World) -> str:
        wrote = world.fs.write(self.path, bytes_of(self.data))
        if wrote.failure:
            fail_with("fs", wrote.failure)
        return self.path

    def check(self) -> Iterator[Issue]:
        yield from check_bytes("data", self.data)


class FsReadAssert(Step, frozen=True, kw_only=True, tag="fs_read_assert"):
    """Fails unless the file holds this text."""

    path: Name
    equals: str

    def run(self, world: World) -> str:
        content = world.fs.read(self.path)
        if content.failure:
            fail_with("fs", content.failure)
        if content.data.data() != self.equals.encode():
            actual = content.data.shown()
            fail(
                f'"{self.path}" holds {told(actual)}, wanted {told(self.equals)}',
                field="equals",
                label=f"holds {told(actual)}",
                details={"expected": self.equals, "actual": actual},
            )
        return self.path


class FsSnapshot(Step, frozen=True, kw_only=True, tag="fs_snapshot"):
    """Remembers all files under a name."""

    name: Name

    def run(self, world: World) -> None:
        world.snapshots[self.name] = world.fs.snapshot()


class FsRestore(Step, frozen=True, kw_only=True, tag="fs_restore"):
    """Puts all files back as they were at a snapshot; what was created since is removed."""

    name: Name

    def run(self, world: World) -> None:
        if self.name not in world.snapshots:
            fail(f'there is no snapshot "{self.name}"', title="fs_unknown_snapshot", field="name")
        done = world.fs.restore(world.snapshots[self.name])
        if done.failure:
            fail_with("fs", done.failure)
