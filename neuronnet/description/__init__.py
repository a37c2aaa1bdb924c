"""A file, a text or a dict becomes a checked description of a network."""
