"""Configuration: one frozen value that knows where each of its parts came from.

Precedence: flag, environment (`FOZZY_DET`; of a table `FOZZY_MEMORY_LEAK_BUDGET`), file, default. The file is
`--config`, else `FOZZY_CONFIG`, else the nearest `fozzy.toml`, `fozzy.yaml` or `fozzy.yml` upward to the repository's
root, else `[tool.fozzy]` of a `pyproject.toml` found the same way. Two of these beside each other are refused: neither
is the one that counts. No file at all is fine; one that cannot be read, parsed or understood ends the command: there is
no silent default anywhere.
To add a setting: a field in `Settings`, and a line in docs/reference/config.md is generated from it.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fozzy import wall
from fozzy.core.forms import form_of_file
from fozzy.core.limits import Limits
from fozzy.errors import ConfigError, Where

FILE_NAME = "fozzy.toml"
FILE_NAMES = (FILE_NAME, "fozzy.yaml", "fozzy.yml")
ENV_PREFIX = "FOZZY_"
CONFIG_BYTES_MAX = 1 << 20
PARENTS_MAX = 64
DIGITS_MAX = 30  # of a number in a variable; no setting needs so many


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much the store keeps. The oldest runs go first; what `@latest`, `@last-pass` and `@last-fail` name stays."""

    # More runs than anybody looks back at; a listing of so many stays below a millisecond.
    runs_max: Annotated[int, Meta(ge=1, description="So many runs.")] = 100
    # Large enough for ten runs of a million steps, small enough not to be noticed on a laptop.
    size_bytes_max: Annotated[int, Meta(ge=1, description="So many bytes of all runs together.")] = 10**9
    # A failure that nobody looked at for a month is looked at again by running it.
    days_max: Annotated[int, Meta(ge=1, description="So many days since a run ended.")] = 30


class Memory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """When what a run leaves allocated on the modelled heap fails it."""

    fail_on_leak: Annotated[bool, Meta(description="A leak fails the run.")] = False
    leak_budget: Annotated[
        Annotated[int, Meta(ge=0)] | None, Meta(description="A leak of more bytes than this fails the run.")
    ] = None

    @property
    def leak_bytes_max(self) -> int | None:
        """How many bytes may leak, none when any number of them."""
        return 0 if self.fail_on_leak and self.leak_budget is None else self.leak_budget


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What `fozzy.toml` or `fozzy.yaml` may say."""

    base_dir: Annotated[str, Meta(min_length=1, description="Where runs are kept.")] = ".fozzy"
    scenarios: Annotated[str, Meta(min_length=1, description="Where scenarios are looked for.")] = "scenarios/"
    det: Annotated[bool, Meta(description="Virtual time unless a flag says otherwise.")] = False
    reporter: Annotated[list[str], Meta(description="Reports of every run, as FORMAT or FORMAT=FILE.")] = []
    proc_backend: Annotated[Literal["scripted", "host"], Meta(description="Who runs programs.")] = "scripted"
    fs_backend: Annotated[Literal["virtual", "host"], Meta(description="Who keeps files.")] = "virtual"
    http_backend: Annotated[Literal["scripted", "host"], Meta(description="Who answers HTTP.")] = "scripted"
    proc_env: Annotated[
        list[str],
        Meta(description="Names of environment variables that host processes get besides PATH, HOME and such."),
    ] = []
    http_base_url: Annotated[str, Meta(description="Completes paths to URLs with the host backend.")] = ""
    allow_code: Annotated[
        bool, Meta(description="Scenarios may run user code, in `call` steps; traces need --allow-code.")
    ] = False
    redact: Annotated[list[str], Meta(description="More names under which secrets stand.")] = []
    memory: Annotated[Memory, Meta(description="What a leak of the modelled heap makes of a run.")] = Memory()
    limits: Annotated[Limits, Meta(description="Bounds of every run.")] = Limits()
    retention: Annotated[Retention, Meta(description="How much the store keeps.")] = Retention()


_TABLES: dict[str, type[msgspec.Struct]] = {"memory": Memory, "limits": Limits, "retention": Retention}


class Config(msgspec.Struct, frozen=True):
    """The settings in force. `root` is the project's folder; `origins` says where each setting came from, and `parts`
    where a part of one came from that is not from there, as `memory.leak_budget`."""

    settings: Settings
    root: Path
    file: str | None
    origins: dict[str, str]
    parts: dict[str, str] = {}

    def base_dir(self) -> Path:
        """Where runs are kept."""
        return self.root / self.settings.base_dir


def load_config(file: str | None, *, must_exist: bool = True) -> Config:
    """Find and read the configuration. *Errors*: `ConfigError`."""
    chosen = file or wall.environment("FOZZY_CONFIG")
    path = Path(chosen) if chosen else _nearest()
    if chosen and path is not None and not path.is_file():
        if must_exist:
            raise ConfigError(
                "config.missing", f"there is no configuration file {chosen}", hint=f"fozzy --config {chosen} init"
            )
        path = None
    table = _read(path) if path is not None else {}
    origins = dict.fromkeys(Settings.__struct_fields__, "default")
    origins.update(dict.fromkeys(table, path.name if path is not None else ""))
    _from_environment(table, origins)
    parts = _parts_from_environment(table)
    settings = _settings(table, path, origins | parts)
    root = path.parent if path is not None else Path()
    return Config(settings, root, path.as_posix() if path is not None else None, origins, parts)


def _nearest() -> Path | None:
    """The nearest configuration file upward, as a path relative to the working directory where that is short."""
    folder = Path.cwd()
    pyproject: Path | None = None
    for _ in range(PARENTS_MAX):
        beside = [folder / name for name in FILE_NAMES if (folder / name).is_file()]
        if beside:
            return _only(list(map(_relative, beside)))
        candidate = folder / "pyproject.toml"
        if pyproject is None and candidate.is_file() and b"[tool.fozzy" in _bytes(candidate):
            pyproject = candidate
        if (folder / ".git").exists() or folder.parent == folder:
            break
        folder = folder.parent
    return _relative(pyproject) if pyproject is not None else None


def _only(beside: list[Path]) -> Path:
    if len(beside) > 1:
        message = f"{beside[0]} and {beside[1].name} stand beside each other"
        hint = f"keep one of them, or name one: --config {beside[0]}"
        raise ConfigError("config.two_files", message, hint=hint, where=Where(beside[1].as_posix()))
    return beside[0]


def _relative(path: Path) -> Path:
    return Path(path.name) if path.parent == Path.cwd() else path


def _read(path: Path) -> dict[str, Any]:
    data = _bytes(path)
    if len(data) > CONFIG_BYTES_MAX:
        raise ConfigError("config.too_large", f"{path} is larger than {CONFIG_BYTES_MAX} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        from fozzy.config_problems import refuse_bytes

        raise refuse_bytes(error, data, path) from error
    if text.startswith("\ufeff"):
        from fozzy.config_problems import NO_BOM, refuse_part

        raise refuse_part(f"{path}: {NO_BOM}", text, path, (0, 1))
    if form_of_file(path.name) == "yaml":
        return _read_yaml(text, path)
    return _read_toml(text, path)


def _read_yaml(text: str, path: Path) -> dict[str, Any]:
    from fozzy.core.yaml.nodes import YamlFault
    from fozzy.core.yaml.settings import read_yaml  # only who writes YAML needs its parser

    try:
        table = read_yaml(text)
    except YamlFault as fault:
        from fozzy.config_problems import refuse_part

        message = f"{path} is not YAML: {fault.message}"
        raise refuse_part(message, text, path, (fault.start, fault.end)) from fault
    if not isinstance(table, dict):
        from fozzy.config_problems import refuse_whole

        raise refuse_whole(table, text, path)
    return table


def _read_toml(text: str, path: Path) -> dict[str, Any]:
    import tomli

    try:
        table = tomli.loads(text)
    except RecursionError as error:
        raise ConfigError("config.syntax", f"{path} is nested too deep", where=Where(path.as_posix())) from error
    except ValueError as error:  # besides what is no TOML, a number longer than Python reads
        from fozzy.config_problems import refuse_syntax

        raise refuse_syntax(error, text, path) from error
    for name in _section(path):
        table = table.get(name, {})
        if not isinstance(table, dict):
            where = Where(path.as_posix())
            raise ConfigError("config.bad_value", f'"{name}" in {path} must be a table', where=where)
    return table


def _bytes(path: Path) -> bytes:
    """What a file holds, at most one byte more than it may. *Errors*: `ConfigError`."""
    try:
        with path.open("rb") as stream:
            return stream.read(CONFIG_BYTES_MAX + 1)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ConfigError:
    return ConfigError("config.unreadable", f"cannot read {path}: {error}", where=Where(str(path)))


def _section(path: Path) -> tuple[str, ...]:
    """The table that holds the settings."""
    return ("tool", "fozzy") if path.name == "pyproject.toml" else ()


def _from_environment(table: dict[str, Any], origins: dict[str, str]) -> None:
    for field in msgspec.structs.fields(Settings):
        name = ENV_PREFIX + field.name.upper()
        text = wall.environment(name)
        if text is None or field.name in _TABLES:
            continue
        table[field.name] = _value(text, field.type)
        origins[field.name] = name


def _parts_from_environment(table: dict[str, Any]) -> dict[str, str]:
    """Put what variables say of parts of a setting into it; from which variable each such part is."""
    parts: dict[str, str] = {}
    for setting, kind in _TABLES.items():
        for field in msgspec.structs.fields(kind):
            name = f"{ENV_PREFIX}{setting}_{field.name}".upper()
            text = wall.environment(name)
            held = table.get(setting, {})
            if text is not None and isinstance(held, dict):
                table[setting] = {**held, field.name: _value(text, field.type)}
                parts[f"{setting}.{field.name}"] = name
    return parts


def _value(text: str, kind: Any) -> Any:
    """A setting from a variable's text: lists have commas, truth values are true or false."""
    if "int" in str(getattr(kind, "__origin__", kind)):
        return int(text) if len(text) <= DIGITS_MAX and text.removeprefix("-").isdecimal() else text
    if "list" in str(kind):
        return [part.strip() for part in text.split(",") if part.strip()]
    if "bool" in str(kind):
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def _settings(table: dict[str, Any], path: Path | None, origins: dict[str, str]) -> Settings:
    try:
        return msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        from fozzy.config_problems import Written, refuse_settings  # most settings are right

        section = _section(path) if path is not None else ()
        raise refuse_settings(table, Settings, Written(path, section, origins, Settings.__struct_fields__)) from error
