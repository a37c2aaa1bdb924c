"""Finished rows and reports as text; no arithmetic is done here."""
