"""Tells from the records of proxies what a client did under faults."""
