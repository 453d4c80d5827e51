"""A modelled heap."""
