"""Every quantity of a pass with its formula and its value."""
