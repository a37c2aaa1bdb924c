"""Applies the rule of `verdict` to the entries of a gradient."""
