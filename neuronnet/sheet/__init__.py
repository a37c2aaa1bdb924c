"""A derivation that somebody wrote, judged line by line."""
