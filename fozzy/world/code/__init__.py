"""User code: an interpreter of its own in which a scenario's `call` steps run."""
