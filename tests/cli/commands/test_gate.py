"""`fozzy gate`: what it looked at is told, and nothing to look at is no pass."""

from __future__ import annotations

import subprocess
from typing import Any


def test_a_scope(shop: Any, fz: Any) -> None:
    """The files in scope are listed, in text and in the document."""
    ran = fz("gate", "--scope", "cart,refused")
    assert ran.code == 0, ran.said
    assert "2 files in scope cart, refused" in ran.out
    document = fz("gate", "--scope", "cart", "--scope", "checkout", "--json").document()
    assert (document["status"], document["files"]) == ("fail", [shop.passing, shop.failing])
    assert fz("gate", "--scope", "orders").code == 3
    assert fz("gate", "--scope", "nowhere").code == 5
    assert fz("gate", "--scope", ",").code == 2


def test_what_changed(shop: Any, fz: Any) -> None:
    """Outside git it is a mistake; inside, what is new is checked, and since when is told."""
    assert fz("gate").code == 2
    subprocess.run(["git", "init"], check=True, capture_output=True)
    ran = fz("gate", "--json")
    assert ran.code == 4
    assert len(ran.document()["files"]) == 5
    assert ran.document()["since"] == "4b825dc642cb"
