"""Finished rows and reports as text and as figures; nothing is trained or derived here."""
