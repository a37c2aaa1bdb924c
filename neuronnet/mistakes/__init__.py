"""Mistakes on anybody's model: variations of its graph, and the search among them."""
