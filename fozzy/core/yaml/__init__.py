"""YAML 1.2 as text in, values and places out."""
