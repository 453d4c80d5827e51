"""Runs one thing many times with other choices."""
