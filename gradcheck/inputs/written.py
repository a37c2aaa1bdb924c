"""Parameters as a line of Python that makes them."""

from typing import Any

import numpy as np

LONGEST_LINE = 2_000  # characters


def literal(node: Any) -> str | None:
    """Python text, on one line, of parameters in dicts, lists, tuples; None for anything else or too long."""
    try:
        found = _literal(node)
    except TypeError:
        return None
    return found if len(found) <= LONGEST_LINE else None


def _literal(node):
    if isinstance(node, dict):
        return "{" + ", ".join(f"{name!r}: {_literal(each)}" for name, each in node.items()) + "}"
    if type(node) in (list, tuple):
        inside = ", ".join(map(_literal, node))
        ends = "[]" if type(node) is list else "()"
        return f"{ends[0]}{inside}{',' * (type(node) is tuple and len(node) == 1)}{ends[1]}"
    if type(node) is np.ndarray:
        return _array_literal(node)
    if isinstance(node, (float, int)) and np.isfinite(node):
        return repr(float(node))
    raise TypeError(f"{type(node).__name__} cannot be written down")


def _array_literal(array):
    if array.dtype.kind == "c" or array.ndim == 0 or array.size <= 4:
        return f"np.array({array.tolist()!r})" if 0 not in array.shape else f"np.zeros({array.shape})"
    first = array.flat[0]
    shape = array.shape if array.ndim > 1 else array.size
    if np.all(array == first) and not np.any(np.signbit(array) != np.signbit(first)):
        plain = {0.0: f"np.zeros({shape})", 1.0: f"np.ones({shape})"}
        return (
            plain.get(float(first))
            if first in plain and not np.signbit(first)
            else f"np.full({shape}, {first!s})"
        )
    return f"np.array({array.tolist()!r})"
