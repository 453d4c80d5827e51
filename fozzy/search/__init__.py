"""Search: runs one thing many times with other choices, to shrink a failure or to find one."""
