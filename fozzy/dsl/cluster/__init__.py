"""What a distributed file says of its cluster: nodes, network, faults; their rules, and what they are to the simulator."""
