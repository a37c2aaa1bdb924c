"""Golden values: certified numbers of a network, and another implementation's numbers held against them."""
