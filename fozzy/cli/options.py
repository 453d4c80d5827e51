"""Options that several commands share, and what they mean together with the configuration."""

from typing import Annotated, Literal

import msgspec

from fozzy import wall
from fozzy.cli.command import Command, Opt
from fozzy.config import Config, Memory, load_config
from fozzy.core.duration import parse_positive_ns
from fozzy.core.summary import code_flag
from fozzy.dsl.scenario import SEED_MAX
from fozzy.engine.prepare import Options, Watch
from fozzy.errors import UsageError
from fozzy.report import FORMATS
from fozzy.trace.finalize import Policy


class Recording(Command, frozen=True, kw_only=True):
    """Commands that write a trace where they are told to."""

    record_collision: Annotated[
        Literal["error", "overwrite", "append"],
        Opt(("--record-collision",), "When the name is taken: append takes the next free one.", "POLICY"),
    ] = "append"

    @property
    def policy(self) -> Policy:
        """What happens when a name is taken."""
        return self.record_collision


# A field of every command that may run user code; a struct cannot have two bases with fields.
AllowCode = Annotated[bool, Opt(("--allow-code",), "Let `call` steps run user code.")]


class Asking(Recording, frozen=True, kw_only=True):
    """Commands that say how a scenario is run."""

    proc: Annotated[
        Literal["scripted", "host"] | None, Opt(("--proc", "--proc-backend"), "Who runs programs.", "BACKEND")
    ] = None
    fs: Annotated[Literal["virtual", "host"] | None, Opt(("--fs", "--fs-backend"), "Who keeps files.", "BACKEND")] = (
        None
    )
    http: Annotated[
        Literal["scripted", "host"] | None, Opt(("--http", "--http-backend"), "Who answers HTTP.", "BACKEND")
    ] = None
    timeout: Annotated[
        str | None, Opt(("--timeout",), "Ends each run after this much of its time, such as 500ms.", "DURATION")
    ] = None
    fail_on_leak: Annotated[
        bool | None, Opt(("--fail-on-leak",), "A leak of the modelled heap fails the run.", off="--no-fail-on-leak")
    ] = None
    leak_budget: Annotated[
        int | None, Opt(("--leak-budget",), "A leak of more bytes than this fails the run.", "BYTES")
    ] = None

    allow_code: AllowCode = False

    @property
    def run_flags(self) -> str:
        """The flags that make the same run again, behind a command that is to be pasted."""
        det = {True: " --det", False: " --no-det", None: ""}[self.det]
        values = {
            "--proc": self.proc,
            "--fs": self.fs,
            "--http": self.http,
            "--timeout": self.timeout,
            "--leak-budget": self.leak_budget,
        }
        given = "".join(f" {flag} {value}" for flag, value in values.items() if value is not None)
        leak = {True: " --fail-on-leak", False: " --no-fail-on-leak", None: ""}[self.fail_on_leak]
        return f"{det}{given}{leak}{code_flag(self.allow_code)}{'' if self.strict else ' --unsafe'}"

    def options(self, config: Config) -> Options:
        """What the flags ask of a run. *Errors*: `UsageError`."""
        settings = config.settings
        if self.fail_on_leak is False:
            settings = msgspec.structs.replace(settings, memory=Memory())
        return Options(
            det=self.det,
            proc=self.proc,
            fs=self.fs,
            http=self.http,
            timeout_ns=duration_option("--timeout", self.timeout),
            strict=self.strict,
            allow_code=self.allow_code,
            leak_bytes_max=self._leak_bytes_max(settings.memory),
            settings=settings,
        )

    def _leak_bytes_max(self, configured: Memory) -> int | None:
        """What the flags say of leaks, none when that is left to the configuration."""
        budget = self.leak_budget
        if budget is not None and budget < 0:
            raise UsageError("usage.bad_value", f"--leak-budget must be 0 or more, got {budget}")
        return (configured.leak_budget or 0) if self.fail_on_leak and budget is None else budget


class Running(Asking, frozen=True, kw_only=True):
    """Commands that run scenarios and report on them."""

    record: Annotated[str | None, Opt(("--record",), "Write the trace here.", "FILE")] = None
    reporter: Annotated[
        list[str], Opt(("--reporter",), f"A report: {', '.join(FORMATS)}; FORMAT=FILE writes it there.", "FORMAT")
    ] = []
    events: Annotated[bool, Opt(("--events",), "Print every event as a line of JSON, the summary last.")] = False
    profile: Annotated[
        bool, Opt(("--profile",), "Keep real times beside the trace, for `fozzy profile`; calls get slower.")
    ] = False
    profile_memory: Annotated[
        bool, Opt(("--profile-memory",), "As --profile, and what user code allocates; calls get much slower.")
    ] = False
    coverage: Annotated[
        bool, Opt(("--coverage",), "Keep which lines of your files `call` steps ran beside the trace.")
    ] = False

    def options(self, config: Config) -> Options:
        """What the flags ask of a run. *Errors*: `UsageError`."""
        profile = self.profile or self.profile_memory
        watch = Watch(profile=profile, memory=self.profile_memory, coverage=self.coverage)
        return msgspec.structs.replace(super().options(config), watch=watch)


def config_of(command: Command, *, must_exist: bool = True) -> Config:
    """The configuration a command runs under. *Errors*: `ConfigError`."""
    return load_config(command.config, must_exist=must_exist)


def seed_of(command: Command) -> int | None:
    """The seed that was asked for. *Errors*: `UsageError` when it is out of range."""
    if command.seed is not None and not 0 <= command.seed <= SEED_MAX:
        raise UsageError(
            "usage.bad_value", f"--seed must be from 0 to {SEED_MAX}, got {command.seed}", hint="2^53-1 at most"
        )
    return command.seed


def suite_seed(command: Command) -> int:
    """The seed that was asked for, else a fresh one."""
    seed = seed_of(command)
    return wall.fresh_seed() if seed is None else seed


def duration_option(flag: str, text: str | None) -> int | None:
    """A duration of an option. *Errors*: `UsageError`."""
    if text is None:
        return None
    try:
        return parse_positive_ns(text)
    except ValueError as error:
        raise UsageError("usage.bad_value", f"{flag} {error}", hint=f"{flag} 500ms") from error
