"""A TLS context that is made on a machine reads its certificates when it needs them, and then all of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

SCRIPT = """
import json, ssl, sys
from fozzy.sim import context
from fozzy.sim.patches import importing, install
install()
file = sys.argv[1]
def stats(make):
    made = make()
    return made.cert_store_stats()
def made():
    return ssl.create_default_context(cafile=file)
outside = stats(made)
with importing():
    lazy = made()
    first = super(ssl.SSLContext, lazy).cert_store_stats()
    inside = lazy.cert_store_stats()
    wrapped = made().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="n0").context.cert_store_stats()
    try:
        ssl.create_default_context(cafile="nothing.pem")
    except OSError as error:
        missing = type(error).__name__
print(json.dumps([outside, first, inside, wrapped, missing]))
"""


def test_a_context_reads_when_it_is_used() -> None:
    """Nothing is read at first; all is there once somebody looks or connects; a missing file is noticed at once."""
    import certifi

    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, certifi.where()], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ran.returncode == 0, ran.stderr
    outside, first, inside, wrapped, missing = json.loads(ran.stdout)
    assert outside["x509"] > 50
    assert first["x509"] == 0
    assert inside == wrapped == outside
    assert missing == "FileNotFoundError"
