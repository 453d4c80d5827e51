"""Words that commands share which talk to a running proxy, and how they reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fozzy import wall
from fozzy.chaos.files.flags import flag_name, variable_name
from fozzy.chaos.files.values import Address, address
from fozzy.cli.command import Command, Opt
from fozzy.errors import UsageError

if TYPE_CHECKING:
    from fozzy.chaos.api.client import Control


class Talking(Command, frozen=True, kw_only=True):
    """Commands that talk to a running proxy."""

    control: Annotated[
        str | None, Opt(("--control",), "Where the proxy's controls listen; or FOZZY_CHAOS_CONTROL.", "ADDR")
    ] = None
    control_token: Annotated[
        str | None, Opt(("--control-token",), "Its token, if it has one; or FOZZY_CHAOS_CONTROL_TOKEN.", "TOKEN")
    ] = None

    @property
    def control_flags(self) -> str:
        """The flags that reach the same proxy, behind a command that is to be pasted; never the token."""
        return f" --control {self.control}" if self.control else ""

    def where(self) -> Address:
        """Where the controls are. *Errors*: `UsageError`."""
        text = self.control or wall.environment(variable_name("control"))
        if not text:
            message = f"where is the proxy? neither --control nor {variable_name('control')} says it"
            hint = "a proxy prints it that was started with --control 127.0.0.1:8474"
            raise UsageError("chaos.no_control", message, hint=hint)
        try:
            return address(text)
        except ValueError as error:
            name = flag_name("control") if self.control else variable_name("control")
            raise UsageError("usage.bad_value", f"{name} {error}") from error

    def client(self) -> Control:
        """The running proxy. *Errors*: `UsageError`."""
        from fozzy.chaos.api.client import Control  # it needs more than the commands' help does

        host, port = self.where()
        return Control(host, port, self.control_token or wall.environment(variable_name("control_token")) or "")
