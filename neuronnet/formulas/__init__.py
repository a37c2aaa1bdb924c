"""Text becomes a formula, a formula becomes text, a value or another formula."""
