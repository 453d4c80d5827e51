"""Importing this module makes the interpreter one for simulated programs; `importing` is how user modules then come in."""

from fozzy.sim.patches import importing, install
from fozzy.sim.sockets import SimSocket

install(socket_class=SimSocket)

__all__ = ["importing"]
