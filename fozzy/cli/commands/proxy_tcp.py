"""`fozzy proxy tcp`: stand before TCP services, let toxics onto the wire, record what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy import wall
from fozzy.chaos.files.flags import variables_set
from fozzy.chaos.tcp.flags import COMMAND, TCP_FLAGS
from fozzy.cli.console import Console
from fozzy.cli.options import config_of
from fozzy.cli.proxy_standing import DET, EVENTS, refuse_what_cannot_be
from fozzy.cli.proxy_tcp_flags import TcpFlags
from fozzy.config import Config
from fozzy.errors import Exit

if TYPE_CHECKING:
    from fozzy.chaos.tcp.settings import TcpSettings


class Tcp(TcpFlags, frozen=True, kw_only=True):
    """Stand before TCP services and let toxics onto the wire, as Toxiproxy does.

    Toxics and proxies are said by flags, by a chaos file, or by Toxiproxy's clients with --control. What is struck is
    decided by the seed and the messages alone. Every flag has a variable: --toxic is FOZZY_CHAOS_TOXIC, with ; between
    several.
    """

    name: ClassVar[str] = "proxy tcp"
    det: Annotated[bool | None, DET] = None
    events: Annotated[bool, EVENTS] = False

    def call(self, console: Console) -> Exit:
        refuse_what_cannot_be(self, events=self.events, struck="messages")
        config = config_of(self)
        settings = self._settings(config)
        from fozzy.cli.proxy_tcp_run import run_tcp  # only now is it clear that something will run

        return run_tcp(self, console, config, settings)

    def _settings(self, config: Config) -> TcpSettings:
        """What was asked for, checked; nothing is open yet. *Errors*: `UsageError`, `InputError`."""
        environment = variables_set(wall.variables(), TCP_FLAGS, COMMAND)
        from fozzy.chaos.tcp.planned import planned
        from fozzy.cli.proxy_tcp_settings import settings_of

        begun = planned(self.given(), environment)
        is_watched = self.events or self.verbose > 0
        return settings_of(begun, strict=self.strict, keyed=is_watched, redact=tuple(config.settings.redact))
