"""Configuration: one frozen value that knows where each of its parts came from.

Precedence: flag, environment (`FOZZY_*`), file, default. The file is `--config`, else `FOZZY_CONFIG`, else the nearest
`fozzy.toml` upward to the repository's root, else `[tool.fozzy]` of a `pyproject.toml` found the same way. No file at
all is fine; one that cannot be read, parsed or understood ends the command: there is no silent default anywhere.
To add a setting: a field in `Settings`, and a line in docs/reference/config.md is generated from it.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fozzy import wall
from fozzy.core.limits import Limits
from fozzy.errors import ConfigError, Problem, Where, suggestion

FILE_NAME = "fozzy.toml"
ENV_PREFIX = "FOZZY_"
OWN_VARIABLES = ("FOZZY_CONFIG", "FOZZY_LOG", "FOZZY_REQUIRE_ALL")
CONFIG_BYTES_MAX = 1 << 20
PARENTS_MAX = 64


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What `fozzy.toml` may say."""

    base_dir: Annotated[str, Meta(min_length=1, description="Where runs are kept.")] = ".fozzy"
    scenarios: Annotated[str, Meta(min_length=1, description="Where scenarios are looked for.")] = "scenarios/"
    det: Annotated[bool, Meta(description="Virtual time unless a flag says otherwise.")] = False
    reporter: Annotated[list[str], Meta(description="Reports of every run, as FORMAT or FORMAT=FILE.")] = []
    proc_backend: Annotated[Literal["scripted", "host"], Meta(description="Who runs programs.")] = "scripted"
    fs_backend: Annotated[Literal["virtual", "host"], Meta(description="Who keeps files.")] = "virtual"
    http_backend: Annotated[Literal["scripted", "host"], Meta(description="Who answers HTTP.")] = "scripted"
    http_base_url: Annotated[str, Meta(description="Completes paths to URLs with the host backend.")] = ""
    redact: Annotated[list[str], Meta(description="More names under which secrets stand.")] = []
    limits: Annotated[Limits, Meta(description="Bounds of every run.")] = Limits()


class Config(msgspec.Struct, frozen=True):
    """The settings in force. `root` is the project's folder; `origins` says where each setting came from."""

    settings: Settings
    root: Path
    file: str | None
    origins: dict[str, str]

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
    settings = _settings(table, path)
    root = path.parent if path is not None else Path()
    return Config(settings, root, path.as_posix() if path is not None else None, origins)


def _nearest() -> Path | None:
    """The nearest configuration file upward, as a path relative to the working directory where that is short."""
    folder = Path.cwd()
    pyproject: Path | None = None
    for _ in range(PARENTS_MAX):
        if (folder / FILE_NAME).is_file():
            return _relative(folder / FILE_NAME)
        candidate = folder / "pyproject.toml"
        if pyproject is None and candidate.is_file() and b"[tool.fozzy" in candidate.read_bytes():
            pyproject = candidate
        if (folder / ".git").exists() or folder.parent == folder:
            break
        folder = folder.parent
    return _relative(pyproject) if pyproject is not None else None


def _relative(path: Path) -> Path:
    return Path(path.name) if path.parent == Path.cwd() else path


def _read(path: Path) -> dict[str, Any]:
    import tomli

    try:
        with path.open("rb") as stream:
            data = stream.read(CONFIG_BYTES_MAX + 1)
        if len(data) > CONFIG_BYTES_MAX:
            raise ConfigError("config.too_large", f"{path} is larger than {CONFIG_BYTES_MAX} bytes")
        table = tomli.loads(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("config.unreadable", f"cannot read {path}: {error}", where=Where(str(path))) from error
    except tomli.TOMLDecodeError as error:
        where = Where(path.as_posix(), getattr(error, "lineno", 1), getattr(error, "colno", 1))
        raise ConfigError("config.syntax", f"{path} is not TOML: {error}", where=where) from error
    if path.name != "pyproject.toml":
        return table
    tool = table.get("tool", {}).get("fozzy", {})
    return tool if isinstance(tool, dict) else {}


def _from_environment(table: dict[str, Any], origins: dict[str, str]) -> None:
    for field in msgspec.structs.fields(Settings):
        name = ENV_PREFIX + field.name.upper()
        text = wall.environment(name)
        if text is None or field.name in ("limits",):
            continue
        table[field.name] = _value(text, field.type)
        origins[field.name] = name


def _value(text: str, kind: Any) -> Any:
    """A setting from a variable's text: lists have commas, truth values are true or false."""
    if "list" in str(kind):
        return [part.strip() for part in text.split(",") if part.strip()]
    if "bool" in str(kind):
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    return text


def _settings(table: dict[str, Any], path: Path | None) -> Settings:
    problems = list(_unknown(table, Settings, "", path))
    limits = table.get("limits")
    if isinstance(limits, dict):
        problems += _unknown(limits, Limits, "limits.", path)
    if problems:
        error = ConfigError(problems[0].code, problems[0].message, hint=problems[0].hint, where=problems[0].where)
        error.problems = problems
        raise error
    try:
        return msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        where = Where(path.as_posix()) if path is not None else None
        raise ConfigError("config.bad_value", f"{path or 'the environment'}: {error}", where=where) from error


def _unknown(table: dict[str, Any], kind: type[msgspec.Struct], prefix: str, path: Path | None) -> list[Problem]:
    known = kind.__struct_fields__
    found: list[Problem] = []
    for key in table:
        if key not in known:
            where = _line_of(path, key) if path is not None else None
            hint = suggestion(key, known) or f"known are {', '.join(known)}"
            found.append(
                Problem(
                    code="config.unknown_key", message=f'there is no setting "{prefix}{key}"', where=where, hint=hint
                )
            )
    return found


def _line_of(path: Path, key: str) -> Where:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip().lstrip("[").startswith((key, f'"{key}"')):
            return Where(path.as_posix(), number, line.index(key) + 1)
    return Where(path.as_posix())
