"""Reads finished runs and repositories; never runs anything."""
