"""Risky code that no recorded run touched is a problem; touched, it is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fozzy.config import load_config
from fozzy.gate.checks.topology import covered

RISKY = '''
import os, random, subprocess, threading, time

def charge(amount, card):
    """Takes money over HTTP, again and again."""
    for attempt in range(5):
        try:
            with threading.Lock():
                answer = requests.post("https://bank/pay", json={"amount": amount, "token": random.random()})
                if answer.status_code >= 500:
                    raise OSError("retry")
                if not answer.ok:
                    raise ValueError("refused")
                db.execute("insert into payments values (?)", (amount,))
                open("/tmp/receipt", "w").write(str(time.time()))
                return subprocess.run(["print", "receipt"])
        except Exception:  # TODO: tell somebody
            time.sleep(2**attempt)
    raise TimeoutError("the bank does not answer")
'''


def test_what_no_run_touched_is_a_problem(project: Path) -> None:
    """The function, its risk and its line are named."""
    Path("fozzy.toml").write_text("det = true\n")
    Path("shop.py").write_text(RISKY)
    checked = covered(load_config(None))
    assert checked.status == "fail" and [each.code for each in checked.found] == ["full.not_covered"]
    where = checked.found[0].where
    assert (
        "charge, risk " in checked.found[0].message and where is not None and (where.file, where.line) == ("shop.py", 4)
    )


def test_what_a_run_touched_is_none(project: Path, fz: Any, sound: Any) -> None:
    """A recorded call of the function is evidence."""
    Path("shop.py").write_text(RISKY.replace("for attempt in range(5)", "for attempt in range(0)"))
    path = sound("pay", {"type": "call", "function": "shop:charge", "args": [1, "c"], "expect_raises": "TimeoutError"})
    ran = fz("run", path, "--det", "--allow-code")
    assert ran.code == 0, ran.said
    assert covered(load_config(None)).status == "pass"
