"""A modelled network of named nodes."""
