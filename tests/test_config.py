"""Configuration: precedence, origins, and no silent default anywhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy.config import CONFIG_BYTES_MAX, Config, Memory, Settings, load_config
from fozzy.errors import ConfigError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a repository around it, and no setting from outside."""
    for name in [name for name in os.environ if name.startswith("FOZZY_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "repo" / "work"
    (home.parent / ".git").mkdir(parents=True)
    home.mkdir()
    monkeypatch.chdir(home)
    return home


def write(path: str, text: str) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
    return Path(path)


def refused(file: str | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert caught.value.problems and caught.value.exit_status == 2
    return caught.value


def test_no_file_is_fine() -> None:
    """Without a file everything is as by default, and says so."""
    config = load_config(None)
    assert config.settings == Settings() and config.file is None and config.root == Path()
    assert set(config.origins) == set(Settings.__struct_fields__) and set(config.origins.values()) == {"default"}


def test_the_file_beats_the_default_and_the_environment_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting comes from the environment, else the file, else the default, and knows from where."""
    write("fozzy.toml", 'det = true\nbase_dir = "runs"\nreporter = ["json"]\n')
    monkeypatch.setenv("FOZZY_BASE_DIR", "elsewhere")
    monkeypatch.setenv("FOZZY_REDACT", "pin, otp ,")
    config = load_config(None)
    assert (config.settings.det, config.settings.base_dir, config.settings.redact) == (
        True,
        "elsewhere",
        ["pin", "otp"],
    )
    origins = config.origins
    assert (origins["det"], origins["base_dir"], origins["redact"], origins["scenarios"]) == (
        "fozzy.toml", "FOZZY_BASE_DIR", "FOZZY_REDACT", "default",
    )  # fmt: skip
    assert config.base_dir() == Path("elsewhere")


@pytest.mark.parametrize(("text", "det"), [("true", True), ("1", True), ("TRUE", True), ("false", False), ("0", False)])
def test_truth_in_the_environment(monkeypatch: pytest.MonkeyPatch, text: str, det: bool) -> None:
    """Truth values are true and false, 1 and 0, in any case."""
    write("fozzy.toml", f"det = {str(not det).lower()}\n")
    monkeypatch.setenv("FOZZY_DET", text)
    assert load_config(None).settings.det is det


def test_a_part_of_a_table_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable sets one part of a table, whatever the file says of it; the others stay, and each knows from where."""
    write("fozzy.toml", "[memory]\nfail_on_leak = true\nleak_budget = 5\n")
    assert load_config(None).settings.memory == Memory(fail_on_leak=True, leak_budget=5)
    monkeypatch.setenv("FOZZY_MEMORY_LEAK_BUDGET", "7")
    monkeypatch.setenv("FOZZY_LIMITS_CALL_MS_MAX", "8")
    config = load_config(None)
    assert config.settings.memory == Memory(fail_on_leak=True, leak_budget=7)
    assert config.settings.limits.call_ms_max == 8
    assert (config.origins["memory"], config.origins["limits"]) == ("fozzy.toml", "default")
    assert config.parts == {
        "memory.leak_budget": "FOZZY_MEMORY_LEAK_BUDGET",
        "limits.call_ms_max": "FOZZY_LIMITS_CALL_MS_MAX",
    }


@pytest.mark.parametrize(
    ("memory", "bytes_max"),
    [
        (Memory(), None),
        (Memory(fail_on_leak=True), 0),
        (Memory(leak_budget=9), 9),
        (Memory(fail_on_leak=True, leak_budget=9), 9),
    ],
)
def test_how_much_may_leak(memory: Memory, bytes_max: int | None) -> None:
    """A budget says how much; without one nothing may leak where a leak fails the run, and else anything."""
    assert memory.leak_bytes_max == bytes_max


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("FOZZY_DET", "maybe"),
        ("FOZZY_DET", ""),
        ("FOZZY_FS_BACKEND", "real"),
        ("FOZZY_MEMORY_LEAK_BUDGET", "-1"),
        ("FOZZY_MEMORY_LEAK_BUDGET", "much"),
        ("FOZZY_MEMORY_LEAK_BUDGET", "9" * 5000),
        ("FOZZY_MEMORY_FAIL_ON_LEAK", "perhaps"),
    ],
    ids=lambda text: str(text)[:30],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """A variable with an impossible value is an error that names the variable, not the file."""
    write("fozzy.toml", "det = true\n")
    monkeypatch.setenv(name, text)
    error = refused()
    assert (error.code, error.where) == ("config.bad_value", None) and name in error.message


def test_the_file_is_found_upward_to_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest file upward counts, the search stops at the repository's root, and the root is its folder."""
    write("../../fozzy.toml", "det = true\n")  # above the repository
    assert load_config(None).file is None
    write("../fozzy.toml", 'scenarios = "above"\n')
    config = load_config(None)
    assert config.settings.scenarios == "above" and config.root == Path.cwd().parent
    write("fozzy.toml", 'scenarios = "near"\n')
    config = load_config(None)
    assert (config.settings.scenarios, config.file, config.root) == ("near", "fozzy.toml", Path())


def test_pyproject_is_read_when_there_is_no_fozzy_toml() -> None:
    """[tool.fozzy] of a pyproject.toml counts where no fozzy.toml lies between here and the root."""
    write("pyproject.toml", '[project]\nname = "x"\n[tool.fozzy]\ndet = true\n[tool.fozzy.limits]\ncall_ms_max = 5\n')
    config = load_config(None)
    assert (config.file, config.settings.det, config.settings.limits.call_ms_max) == ("pyproject.toml", True, 5)
    assert config.origins["det"] == "pyproject.toml"
    write("../fozzy.toml", "det = false\n")
    assert load_config(None).settings.det is False
    write("../fozzy.toml", "").unlink()
    write("pyproject.toml", '[project]\nname = "x"\n')
    assert load_config(None).file is None


def test_a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file named by flag or variable must be there, except for who writes it; the flag beats the variable."""
    write("fozzy.toml", "det = true\n")
    write("other.toml", 'scenarios = "other"\n')
    assert refused("gone.toml").code == "config.missing"
    monkeypatch.setenv("FOZZY_CONFIG", "gone.toml")
    assert refused().code == "config.missing"
    assert load_config("other.toml").settings.scenarios == "other"
    monkeypatch.setenv("FOZZY_CONFIG", "other.toml")
    assert load_config(None).file == "other.toml"
    assert load_config("gone.toml", must_exist=False).settings == Settings()
    Path("folder.toml").mkdir()
    assert refused("folder.toml").code == "config.missing"


@pytest.mark.parametrize(
    ("text", "message", "hint", "place"),
    [
        ("det = true\ndett = 1\n", '"dett"', 'did you mean "det"?', (2, 1)),
        ('# dett = 1\n\n  "dett" = 1\n', '"dett"', 'did you mean "det"?', (3, 4)),
        ("[limts]\ncall_ms_max = 1\n", '"limts"', 'did you mean "limits"?', (1, 2)),
        ("[limits]\ncall_ms = 1\n", '"limits.call_ms"', 'did you mean "call_ms_max"?', (2, 1)),
        ("limits.call_ms = 1\n", '"limits.call_ms"', 'did you mean "call_ms_max"?', (1, 8)),
        ("de = 1\ndet = true\n", '"de"', 'did you mean "det"?', (1, 1)),
        ("det = true\nde = 1\n", '"de"', 'did you mean "det"?', (2, 1)),
        ("[limits]\ndet = true\n", '"limits.det"', "det stands at the top of the file", (2, 1)),
        ("zzz = 1\n", '"zzz"', "known are", (1, 1)),
    ],
)
def test_an_unknown_key_is_placed_and_suggested(text: str, message: str, hint: str, place: tuple[int, int]) -> None:
    """An unknown key is an error with its line, its column and the nearest known key."""
    write("fozzy.toml", text)
    error = refused()
    assert error.code == "config.unknown_key" and message in error.message and error.hint.startswith(hint)
    assert error.where is not None and (error.where.file, error.where.line, error.where.col) == ("fozzy.toml", *place)


def test_all_unknown_keys_at_once() -> None:
    """Every unknown key of the file is a problem of its own."""
    write("fozzy.toml", "a = 1\nb = 2\n[limits]\nc = 3\n")
    assert [problem.where.line for problem in refused().problems if problem.where] == [1, 2, 4]


def test_a_key_of_another_table_is_not_pointed_at() -> None:
    """In a pyproject.toml only the table of fozzy is looked at."""
    write("pyproject.toml", '[project]\nname = "x"\n\n[tool.fozzy]\nname = "y"\n')
    error = refused()
    assert error.where is not None and (error.where.file, error.where.line) == ("pyproject.toml", 5)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("det = 1\n", 1),
        ('det = true\nreporter = "json"\n', 2),
        ('fs_backend = "scripted"\n', 1),
        ("scenarios = ''\n", 1),
        ("limits = 5\n", 1),
        ("[limits]\ncall_ms_max = 0\n", 2),
        ("[memory]\nfail_on_leak = true\nleak_budget = -1\n", 3),
        ("memory.fail_on_leak = 'yes'\n", 1),
        ("[limits]\nbody_bytes_max = 2020-01-01\n", 2),
        ("base_dir = nan\n", 1),
    ],
)
def test_a_wrong_value_is_placed(text: str, line: int) -> None:
    """A value of another type, or beyond its bounds, is an error at its key."""
    write("fozzy.toml", text)
    error = refused()
    assert error.code == "config.bad_value"
    assert error.where is not None and error.where.line == line


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"det = ", "config.syntax"),
        (b"det = true\ndet = false", "config.syntax"),
        (b"\xef\xbb\xbfdet = true", "config.syntax"),
        (b"\0", "config.syntax"),
        (b"a = " + b"9" * 5000, "config.syntax"),
        (b"a = " + b"[" * 100_000, "config.syntax"),
        (b"det = true # \xff", "config.unreadable"),
        (b"#" * (CONFIG_BYTES_MAX + 1), "config.too_large"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_file_that_cannot_be_read_ends_the_command(folder: Path, data: bytes, code: str) -> None:
    """Whatever is wrong with the file, it is a ConfigError with its name, never a default."""
    (folder / "fozzy.toml").write_bytes(data)
    error = refused()
    assert error.code == code and "fozzy.toml" in error.message


@pytest.mark.parametrize("text", ["tool = 1\n# [tool.fozzy]\n", "[tool]\nfozzy = 3\n# [tool.fozzy]\n"])
def test_a_table_that_is_none_is_an_error(text: str) -> None:
    """[tool.fozzy] that is no table is an error, not nothing."""
    write("pyproject.toml", text)
    assert refused().code == "config.bad_value"


VALUES: Any = st.sampled_from(
    ["true", "1", '"x"', "[]", '["a"]', "1.5", "{}", "{a = 1}", "nan", "2020-01-01", "", "[[", "'"]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([*Settings.__struct_fields__, "x", "[limits]", ""]), VALUES), max_size=4))
def test_any_file_is_understood_or_refused(folder: Path, lines: list[tuple[str, str]]) -> None:
    """Every file either gives settings or a ConfigError with a code; nothing else comes out."""
    text = "".join(f"{key} = {value}\n" if not key.startswith("[") else f"{key}\n" for key, value in lines)
    (folder / "fozzy.toml").write_text(text)
    try:
        config = load_config(None)
    except ConfigError as error:
        assert error.code.startswith("config.") and error.problems
    else:
        assert isinstance(config, Config)


def test_names_for_host_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """`proc_env` is a list of names, from the file or, with commas, from the environment."""
    write("fozzy.toml", 'proc_env = ["CI", "JAVA_HOME"]\n')
    assert load_config(None).settings.proc_env == ["CI", "JAVA_HOME"]
    monkeypatch.setenv("FOZZY_PROC_ENV", "A,B")
    assert load_config(None).settings.proc_env == ["A", "B"]


def test_a_pyproject_that_cannot_be_read_ends_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold the settings: there is no silent default, and it is no bug of ours."""
    (folder / "pyproject.toml").write_text("[tool.fozzy]\n")
    opened = Path.open

    def refuse(path: Path, *words: Any, **more: Any) -> Any:
        if path.name == "pyproject.toml":
            raise PermissionError(13, "Permission denied")
        return opened(path, *words, **more)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError) as caught:
        load_config(None)
    assert caught.value.code == "config.unreadable"
