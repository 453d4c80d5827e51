"""Processes: answered by rules or run for real."""
