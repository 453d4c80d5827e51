"""Shrink: the smallest run that still fails for the same reason."""
