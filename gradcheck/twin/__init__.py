"""A second, vectorised network that shares no formula with neuronnet."""
