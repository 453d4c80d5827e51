"""Saved values of a run."""
