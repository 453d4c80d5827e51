"""HTTP faults as a pure engine: a plan, a request and a clock in; a decision with every roll out. It does no I/O."""
