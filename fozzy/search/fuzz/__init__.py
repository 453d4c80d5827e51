"""Fuzz: throws inputs at a target, keeps those that reach something new, and tells which break it."""
