"""Folders of inputs, one file an input, and the archives they travel in."""
