"""Strings and pictures from finished rows."""
