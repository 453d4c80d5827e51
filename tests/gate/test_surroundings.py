"""What is around a run, told without secrets."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from fozzy.config import load_config
from fozzy.core.redact import Redactor
from fozzy.gate.surroundings import LIBRARIES, surroundings

ROOT = Path(__file__).parent.parent.parent


def test_every_library_we_need_is_named() -> None:
    """The list is that of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text()
    needed = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert needed is not None
    assert sorted(re.findall(r'^ *"([\w-]+)', needed[1], re.MULTILINE)) == sorted(LIBRARIES)


def test_settings_say_where_they_came_from_and_hold_no_secret(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password in a URL and the values of the environment are not in it; names and origins are."""
    Path("fozzy.toml").write_text('http_base_url = "http://ada:hunter22@localhost:1"\nproc_env = ["MY_TOKEN"]\n')
    monkeypatch.setenv("MY_TOKEN", "tops3cret")
    monkeypatch.setenv("FOZZY_DET", "true")
    found = surroundings(load_config(None), Redactor())
    text = msgspec.json.encode(found).decode()
    assert "hunter22" not in text and "tops3cret" not in text and "MY_TOKEN" in text and "localhost:1" in text
    origins = {each.name: (each.value, each.origin) for each in found.settings}
    assert origins["proc_env"] == (["MY_TOKEN"], "fozzy.toml")
    assert origins["det"][0] is True and origins["det"][1] not in ("default", "fozzy.toml")
    assert all(found.libraries.values())
