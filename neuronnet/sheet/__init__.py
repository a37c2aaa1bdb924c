"""Sheets: somebody's hand derivation, read from text, Markdown, LaTeX, CSV or JSON."""
