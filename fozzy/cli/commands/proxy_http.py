"""`fozzy proxy http`: stand before an HTTP service, let faults onto the wire, record, replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from fozzy import wall
from fozzy.chaos.files.flags import variables_set
from fozzy.cli.console import Console
from fozzy.cli.options import config_of
from fozzy.cli.proxy_flags import AllFlags
from fozzy.cli.proxy_standing import DET, EVENTS, refuse_what_cannot_be
from fozzy.config import Config
from fozzy.errors import Exit

if TYPE_CHECKING:
    from fozzy.chaos.settings import Settings


class Http(AllFlags, frozen=True, kw_only=True):
    """Stand before an HTTP service, let faults onto the wire, record and replay.

    A reverse proxy, or with routes of its own a mock. What goes wrong is said by flags, a chaos file or a scenario, and
    is decided by the seed and the request alone. Every flag has a variable: --latency is FOZZY_CHAOS_LATENCY.
    """

    name: ClassVar[str] = "proxy http"
    det: Annotated[bool | None, DET] = None
    events: Annotated[bool, EVENTS] = False

    def call(self, console: Console) -> Exit:
        refuse_what_cannot_be(self, events=self.events, struck="requests")
        config = config_of(self)
        settings, notes = self._settings(config)
        from fozzy.cli.proxy_run import run_proxy  # only now is it clear that something will run

        return run_proxy(self, console, config, settings, notes)

    def _settings(self, config: Config) -> tuple[Settings, list[str]]:
        """What was asked for, checked; nothing is open yet. *Errors*: `UsageError`, `InputError`."""
        environment = variables_set(wall.variables())
        from fozzy.chaos.files.planned import planned
        from fozzy.cli.proxy_settings import settings_of

        begun = planned(self.given(), environment)
        settings = settings_of(begun, strict=self.strict, redact=tuple(config.settings.redact))
        seed = begun.flags["seed"].value if "seed" in begun.flags else begun.plan.seed
        return msgspec.structs.replace(settings, seed=seed), begun.notes
