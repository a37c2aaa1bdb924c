"""Which line of a backward function is wrong: `trace_backward`."""
