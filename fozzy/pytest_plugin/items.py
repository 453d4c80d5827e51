"""What pytest runs with the engine: scenario files, and async tests with the marker `fozzy`.

Here is only when it happens; what happens is imported when the first file or test of this kind is met.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fozzy.pytest_plugin.scenarios import ScenarioFile

ENDINGS = (".fozzy.json", ".fozzy.toml", ".fozzy.yaml", ".fozzy.yml")
MARKER = "fozzy(seeds=1, seed=None, nodes={}, ...): run this async test in the simulator, once for each seed (fozzy)"


def pytest_configure(config: pytest.Config) -> None:
    """Our marker."""
    config.addinivalue_line("markers", MARKER)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Scenario files."""
    if not file_path.name.endswith(ENDINGS):
        return None
    from fozzy.pytest_plugin.scenarios import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test in the simulator is run by nobody else."""
    if pyfuncitem.get_closest_marker("fozzy") is None:
        return None
    from fozzy.pytest_plugin.simulated import refusal

    wrong = refusal(pyfuncitem)
    if wrong:
        pytest.fail(wrong, pytrace=False)
    return True


def pytest_unconfigure(config: pytest.Config) -> None:
    """Keep the run of this session."""
    import sys

    if "fozzy.pytest_plugin.engine_run" in sys.modules:
        from fozzy.pytest_plugin.engine_run import finish

        finish(config)
