"""What may happen to a service for the time of a block. Each is undone at its end, also when the body raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from fozzy.chaos.services.demands import Demand, State
from fozzy.chaos.services.limits import Throttle, memory_kept_within
from fozzy.errors import UsageError

if TYPE_CHECKING:
    from fozzy.chaos.services.service import Service
    from fozzy.chaos.tcp.handle import TcpProxy

CPU_MIN = 0.01
CONNECTIONS_MAX = 10_000


class Waits(NamedTuple):
    """The toxic whose request a fault waits for."""

    proxy: str
    toxic: str


class InForce:
    """A fault of a service, `with` or `async with`. `applied` says how often it came to pass."""

    def __init__(self, service: Service, kind: str, block: Callable[[InForce], AbstractContextManager[None]]) -> None:
        self.service = service
        self.kind = kind
        self.name = f"{service.name}/{kind}"
        self.applied = 0
        self._block = block
        self._open: AbstractContextManager[None] | None = None
        self.is_used = False  # a block was entered
        self.waits_for: Waits | None = None  # in a block that was entered
        service.made.append(self)

    @property
    def place(self) -> str:
        """What it is called."""
        return self.name

    def __enter__(self) -> InForce:
        if self._open is not None:
            raise UsageError("chaos.conflict", f"{self.name} is in force already", hint="enter it once")
        self.is_used = True
        opened = self._block(self)
        self.service.tell(f"{self.kind} begins")
        opened.__enter__()
        self._open = opened
        self.service.in_force.append(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            self.service.in_force.remove(self)
            self.service.tell(f"{self.kind} ends")
            opened.__exit__(kind, error, at)
            self.service.tell(f"{self.kind} is over")

    async def __aenter__(self) -> InForce:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, at)

    def happened(self) -> None:
        """It came to pass."""
        self.applied += 1
        self.service.tell(self.kind)


def killed(service: Service, through: TcpProxy | None = None, schedule: dict[str, Any] | None = None) -> InForce:
    """Dead for a block, or from a request on."""
    _check_schedule(through, schedule)

    @contextmanager
    def block(fault: InForce) -> Iterator[None]:
        assert service.pid
        demand = Demand(service)

        def pauses() -> None:
            demand.strike(State.STILL)

        def kills() -> None:
            if demand.strike(State.DEAD):
                fault.happened()

        with ExitStack() as undone:
            undone.callback(demand.end, service.start)
            if through is None:
                kills()
            else:
                toxic = undone.enter_context(_waits(through, "killed", schedule, (pauses, kills)))
                fault.waits_for = Waits(through.name, toxic)
            yield

    return InForce(service, "killed", block)


def frozen(service: Service, through: TcpProxy | None = None, schedule: dict[str, Any] | None = None) -> InForce:
    """Stopped for a block, or from a request on."""
    _check_schedule(through, schedule)

    @contextmanager
    def block(fault: InForce) -> Iterator[None]:
        assert service.pid
        demand = Demand(service)

        def freezes() -> None:
            if demand.strike(State.STILL):
                fault.happened()

        with ExitStack() as undone:
            undone.callback(demand.end, service.go_on)
            if through is None:
                freezes()
            else:
                fault.waits_for = Waits(
                    through.name, undone.enter_context(_waits(through, "frozen", schedule, (freezes,)))
                )
            yield

    return InForce(service, "frozen", block)


def _check_schedule(through: TcpProxy | None, schedule: dict[str, Any] | None) -> None:
    if schedule and through is None:
        hint = "service.killed(through=redis_proxy, after=3)"
        raise UsageError("usage.bad_value", "requests are counted where they come through: say which proxy", hint=hint)


def _waits(
    through: TcpProxy, kind: str, schedule: dict[str, Any] | None, then: tuple[Callable[[], None], ...]
) -> AbstractContextManager[str]:
    from fozzy.chaos.services.scheduled import on_request

    return on_request(through, kind, schedule or {}, then)


def limited(service: Service, memory_mb: int | None, cpu: float | None) -> InForce:
    """With less memory or processor time for a block."""
    _check_limits(memory_mb, cpu)

    @contextmanager
    def block(fault: InForce) -> Iterator[None]:
        assert service.pid
        with ExitStack() as undone:
            # last: where it died it comes back, without the limits
            undone.callback(Demand(service).end, service.start)
            if memory_mb is not None:
                undone.enter_context(memory_kept_within(service.pid, memory_mb))
            if cpu is not None:
                undone.enter_context(Throttle(service.running, cpu, service.lock))
            fault.happened()
            yield

    return InForce(service, "limited", block)


def exhausted(service: Service, connections: int | None) -> InForce:
    """With its connections taken for a block."""
    if connections is not None and not 1 <= connections <= CONNECTIONS_MAX:
        raise UsageError("usage.bad_value", f"connections must be from 1 to {CONNECTIONS_MAX}, got {connections}")

    @contextmanager
    def block(fault: InForce) -> Iterator[None]:
        with ExitStack() as undone:
            if connections is None:
                undone.enter_context(service.fill())
            for _ in range(connections or 0):
                undone.enter_context(service.connect())
            fault.happened()
            yield

    return InForce(service, "exhausted", block)


def _check_limits(memory_mb: int | None, cpu: float | None) -> None:
    if memory_mb is None and cpu is None:
        raise UsageError("usage.bad_value", "limited limits nothing", hint="give it memory_mb, cpu, or both")
    if memory_mb is not None and memory_mb < 1:
        raise UsageError("usage.bad_value", f"memory_mb must be at least 1, got {memory_mb}")
    if cpu is not None and not CPU_MIN <= cpu <= 1:
        raise UsageError("usage.bad_value", f"cpu must be from {CPU_MIN} to 1, got {cpu}", hint="0.1 is a tenth")
