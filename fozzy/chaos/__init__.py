"""Doors that let faults onto the wire: a proxy, an ASGI middleware, an httpx transport."""
