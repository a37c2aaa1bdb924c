"""Other doors to `check`: a layer, a model that keeps its parameters, a function of PyTorch."""
