"""Derivatives of a function of numbers, each with an error bar, and numbers that carry one along."""
