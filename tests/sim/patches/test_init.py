"""The patches together: libraries do not notice them."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

LIBRARIES = ["asyncio", "ssl", "logging.config", "multiprocessing.pool", "pydantic", "fastapi", "uvicorn", "aiohttp"]
LIBRARIES += [
    "redis.asyncio",
    "asyncpg",
    "websockets",
    "httpx",
    "tenacity",
    "aiolimiter",
    "anyio.from_thread",
    "hypothesis",
]


@pytest.mark.parametrize("around", ["", "with patches.importing(): "])
def test_libraries_are_imported_as_ever(told: Told, around: str) -> None:
    """No patch disturbs the import of a library, on no machine and on that of imports."""
    there = [each for each in LIBRARIES if importlib.util.find_spec(each.partition(".")[0])]
    script = f"import warnings; warnings.simplefilter('ignore')\npatches.install()\n{around}import {','.join(there)}\ntold(1)"
    assert "asyncio" in there and told(script) == 1


def test_values_of_libraries_are_as_ever(told: Told) -> None:
    """A model with times and numbers of its machine goes through pydantic and back."""
    pytest.importorskip("pydantic")
    script = """
patches.install()
import datetime, time, uuid, pydantic
class Order(pydantic.BaseModel):
    id: uuid.UUID = pydantic.Field(default_factory=uuid.uuid4)
    at: datetime.datetime = pydantic.Field(default_factory=datetime.datetime.now)
    stamp: float = pydantic.Field(default_factory=time.time)
    day: datetime.date = pydantic.Field(default_factory=datetime.date.today)
with on(Machine()):
    order = Order()
    again = Order.model_validate_json(order.model_dump_json())
told([again == order, again.model_dump(mode="json")])
"""
    is_same, order = told(script)
    assert is_same is True
    assert (order["at"], order["stamp"], order["day"]) == ("2025-01-01T00:00:00", 1_735_689_600.0, "2025-01-01")
    assert told(script)[1]["id"] == order["id"]


def test_to_install_twice_is_to_install_once(told: Told) -> None:
    """The second time changes nothing."""
    script = """
import time, random, socket
patches.install()
before = time.time, random.random, socket.socket.__new__, sys.stdout, len(sys.meta_path)
patches.install()
told(before == (time.time, random.random, socket.socket.__new__, sys.stdout, len(sys.meta_path)))
"""
    assert told(script) is True
