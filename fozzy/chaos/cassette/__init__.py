"""Cassettes: traces of a proxy, written while it goes, read again to serve from or to decide again."""
