"""A simulated cluster: machines, their network and their time, in which real programs run and can be replayed."""
