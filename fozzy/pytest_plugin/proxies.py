"""Proxies of one test: what is declared on them is remembered, so that it can be held against what came of it.

Rule 1: all proxies of a test are one run: one seed, one order of records, one trace.
Rule 2: a proxy stands before a server on loopback, or one that the configuration lists; anything else is refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from fozzy.chaos.files.values import address
from fozzy.chaos.tcp.addresses import Target, target_of
from fozzy.chaos.tcp.handle import InForce, TcpProxy
from fozzy.chaos.tcp.words import toxic_of
from fozzy.errors import NotAllowedError, UsageError
from fozzy.faults.tcp.armed import Armed, Then
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import Protocol as Spoken
from fozzy.faults.tcp.plan import Toxic
from fozzy.pytest_plugin.meeting import Meeting, is_connected

if TYPE_CHECKING:
    from fozzy.chaos.tcp.hosted import Hosted
    from fozzy.pytest_plugin.declared import Declarations

ToxicSaid = Toxic | str | dict[str, Any]


class ProxyMaker(Protocol):
    """What `chaos_proxy` is."""

    def __call__(
        self, upstream: Any, *, protocol: Spoken | None = None, name: str = "", toxics: Sequence[ToxicSaid] = ()
    ) -> ChaosProxy:
        """A proxy that listens until the test ends, with toxics that are in force as long.

        `upstream` is `HOST:PORT`, a URL, or what has a `url`. *Errors*: `UsageError`, `NotAllowedError`, `InputError`.
        """


class ChaosProxy(TcpProxy):
    """A proxy of a test. Its run begins and ends with the test, so it needs no `with`."""

    def __init__(self, hosted: Hosted, name: str, urls: dict[str, str], declared: Declarations) -> None:
        super().__init__(hosted, name, urls)
        self._declared = declared

    def __repr__(self) -> str:
        return f"<proxy {self.name}>"

    def toxic(self, kind: str, /, **words: Any) -> InForce:
        """A toxic for a block: `with proxy.toxic("latency", latency=100, first=3):`. Without a `with` it is none.

        Words are the attributes of its type, `name`, `stream`, `toxicity` and the schedule. *Errors*: `InputError`.
        """
        made = super().toxic(kind, **words)
        self._declared.made.append(made)
        return made

    def __enter__(self) -> ChaosProxy:
        return self

    def __exit__(self, *_: object) -> None:
        """It goes on until the test ends."""

    async def __aenter__(self) -> ChaosProxy:
        return self

    async def __aexit__(self, *_: object) -> None:
        """It goes on until the test ends."""

    def __getitem__(self, name: str) -> ChaosProxy:
        """Another proxy of the test. *Errors*: `UsageError`."""
        return ChaosProxy(self._hosted, super().__getitem__(name).name, self._urls, self._declared)

    def keep(self, toxic: Toxic) -> str:
        """Put a toxic in force until the test ends; it need not be removed. Returns its name."""
        return self._declare(toxic, stays=True)[0]

    def remove(self, name: str) -> None:
        """Take a toxic away. *Errors*: `InputError` `chaos.unknown_toxic`."""
        if not self._declared.undo(self.name, name):
            super().remove(name)

    def when_applied(self, toxic: str, then: Then) -> None:
        """As of any proxy; never, where the toxic was left out."""
        if not self._declared.is_left_out(self.name, toxic):
            super().when_applied(toxic, then)

    def direct(self) -> Any:
        """The server itself, past this proxy, in a few words of its protocol. *Errors*: `UsageError` where we have none."""
        from fozzy.pytest_plugin.direct import direct_to

        return direct_to(self._proxy(), self._urls.get(self.name, ""))

    def _put(self, toxic: Toxic, then: Then | None = None) -> tuple[str, int]:
        """The one way in for `add` and for blocks."""
        return self._declare(toxic, then, stays=False)

    def _declare(self, toxic: Toxic, then: Then | None = None, *, stays: bool) -> tuple[str, int]:
        cut = self._declared.cut(self.name, toxic)
        if cut is None:
            return self._declared.left_out(self.name, toxic), 0
        meeting = self._meeting(cut)
        name, before = super()._put(cut, then)
        self._declared.put(self.name, toxic, self._armed(name), stays=stays).meeting = meeting
        return name, before

    def _meeting(self, toxic: Toxic) -> Meeting | None:
        """Who meets a toxic that closes the port, and so shows in no message."""
        if not KINDS[toxic.type].is_of_listener:
            return None
        return Meeting(connected=toxic.type == "down" and is_connected({self.port}))

    def _armed(self, name: str) -> Armed:
        armed = self._hosted.look(lambda run: list(run.engine.points[self.name].armed))
        return next(each for each in armed if each.name == name)


def said_toxic(said: ToxicSaid) -> Toxic:
    """A toxic in any form: made, as a flag says it (`latency:latency=100`), or as a chaos file does."""
    if isinstance(said, Toxic):
        return said
    if isinstance(said, str):
        from fozzy.chaos.tcp.words import toxic_said

        try:
            return toxic_said(said).toxic
        except ValueError as error:
            raise UsageError("usage.bad_value", f"the toxic {error}") from None
    words = dict(said)
    return toxic_of(words.pop("type", ""), words)


def upstream_of(upstream: Any, protocol: Spoken | None, listed: frozenset[str]) -> Target:
    """The server that is meant. *Errors*: `UsageError`; `NotAllowedError` for one beyond loopback that is not listed."""
    said = upstream if isinstance(upstream, str) else getattr(upstream, "url", None) or getattr(upstream, "address", "")
    if not isinstance(said, str) or not said:
        raise UsageError("usage.bad_value", f"the upstream must be HOST:PORT, a URL or a service, got {upstream!r}")
    target = target_of(said, protocol)
    if target.address not in listed and not _is_loopback(address(target.address).host):
        hint = f'list it in the configuration of pytest: chaos_upstreams = ["{target.address}"]'
        message = f"{target.address} is not on this machine, and no test may disturb what is not listed"
        raise NotAllowedError("chaos.upstream_not_listed", message, hint=hint)
    return target


def proxy_said(name: str, target: Target) -> dict[str, Any]:
    """A proxy as a plan has it."""
    return {"name": name, "upstream": target.address, "protocol": target.protocol}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
