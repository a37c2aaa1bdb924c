"""A training or a derivation, walked through one quantity at a time."""
