"""How functions are called: which arguments the caller's take, the options of `check`, and a call of it as a
line of Python.

A name is read as people give it: `dout`, `dZ`, `grad_output` for a gradient that comes from above, `cache` or
`ctx` for what the forward pass keeps. Where `check` gives other arguments, an error says which door is meant.
"""

import ast
import inspect
import math
import re
import textwrap
from numbers import Integral, Real
from typing import Any

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.verdict import WELL_BEYOND

FROM_ABOVE = re.compile(
    r"d[A-Z_]\w*|d[a-z]\d*|d(out|next|prev|loss|logit|score|pred|prob|hidden|state|act|top|val)\w*|∂\w*"
    r"|u|g|gy|gout\w*|grad\w*|upstream\w*|delta\w*|nabla\w*"
)
TARGETS = re.compile(
    r"(y|t|ys)(_?(true|train|batch|data))?|targets?|labels?|expected|desired|truth", re.IGNORECASE
)
KEPT = re.compile(  # save for its own gradient, such as dctx
    r"(?!d(ctx|context|mem|saved|stored|tape|residual)|grad_)"
    r".*(cache|ctx|context|saved|memory|tape|stored|residuals?).*",
    re.IGNORECASE,
)
MOST_NAMED = 6
OF_NUMBERS = (float, np.generic, np.ndarray, dict, list, tuple)  # classes whose objects are gradients
MOST_CALLS = 1_000_000  # of the loss in one check
ONE_BY_ONE = 4096  # entries; with more, blocks are judged along random directions first


def parameters_of(function):
    """The inspect.Parameters of a function by name, None where it shows none."""
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None


def takes(function, count, more=0, of_need=False):
    """Whether a function can be called with `count` arguments and `more` behind; `of_need`: not with fewer.

    True for a built-in function that shows no signature.
    """
    if not callable(function):
        return False
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return True
    return _binds(signature, count + more) and not (of_need and _binds(signature, count - 1 + more))


def needed_names(function):
    """The names of the arguments that a function needs, in order; [] where it shows none."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = parameters_of(function) or {}
    return [name for name, each in found.items() if each.kind in kinds and each.default is each.empty]


def most_positional(function):
    """How many arguments a function needs that are given by place, at least one."""
    return max(1, len(needed_names(function)))


def is_from_above(name):
    """Whether an argument of this name is the gradient that a layer gets from the one above."""
    return FROM_ABOVE.fullmatch(name) is not None


def is_kept(name):
    """Whether an argument of this name is what the forward pass of a layer keeps."""
    return KEPT.fullmatch(name) is not None


def require_no_class(role, function):
    """Raises GradcheckError for a class that is given as a function, unless its objects hold numbers."""
    if isinstance(function, type) and not issubclass(function, OF_NUMBERS):
        raise GradcheckError(
            f"{role}: {function.__name__} is a class; give an object of it that can be called, or a function"
        )


def require_functions_of(loss, gradients, more):
    """Raises GradcheckError for functions that do not take one argument, and `more` behind."""
    require_no_class("loss", loss)
    require_no_class("gradients", gradients)
    if not takes(loss, 1, more):
        names = needed_names(loss)
        raise GradcheckError(f"loss: {_called(loss, 'loss', more)}; {_other_doors(loss, gradients, names)}")
    if callable(gradients) and not takes(gradients, 1, more) and not takes(gradients, 2, more):
        names = needed_names(loss)
        called = _called(gradients, "gradients", more)
        raise GradcheckError(f"gradients: {called}; {_other_doors(loss, gradients, names)}")


def require_no_layer(loss, gradients, more):
    """Raises GradcheckError for gradients that are the backward pass of a layer, such as (dout, cache)."""
    names = needed_names(gradients)[: 2 + more]
    if len(names) >= 2 and (is_kept(names[1]) or is_from_above(names[0]) and not is_from_above(names[1])):
        called = f"{called_name(gradients, 'backward')}({', '.join(names)}) is the backward pass of a layer"
        also = "check calls it with the parameters and u, the gradient from above"
        raise GradcheckError(f"gradients: {called}; {also}: {_layer(loss, gradients, needed_names(loss))}")


def _called(function, role, more):
    names = needed_names(function)
    shown = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    text = f"{called_name(function, role)}({shown})"
    behind = f" and the {more} of args behind them" if more > 0 else ""
    return f"{text} is called with one argument, the parameters in their structure{behind}"


def _other_doors(loss, gradients, names):
    if len(names) < 2:
        return "give a function of the parameters"
    return f"{_layer(loss, gradients, names)}; for settings behind the parameters give args=(...)"


def _layer(loss, gradients, names):
    given = ", ".join(f"{name}={name}" for name in names[:MOST_NAMED])
    given += ", ..." if len(names) > MOST_NAMED else ""
    backward = called_name(gradients, "backward") if callable(gradients) else "backward"
    return f"for a layer write gradcheck.check_layer({called_name(loss)}, {backward}, {given or 'x=x'})"


def _binds(signature, count):
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def called_name(function, otherwise="forward"):
    """The name of a function or object in a sentence, another for one that has none."""
    name = getattr(function, "__name__", type(function).__name__)
    return name if name.isidentifier() else otherwise


def returned_names(function):
    """The names in the last `return dx, dw, db` of a function, [] where it is written in another way."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    items = values[-1].elts if len(values) > 0 and isinstance(values[-1], ast.Tuple) else values[-1:]
    return [each.id for each in items] if all(isinstance(each, ast.Name) for each in items) else []


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


# The options of `check`, and the line that makes a check again


def repeating_call(loss, gradients, options, function="check", parameters="parameters"):
    """The line that makes a check again: short options are spelled out, others stand for themselves."""
    words = [written_name(loss, "loss"), written_name(gradients, "gradients"), parameters]
    for name, value in options.items():
        said = repr(value)
        if value is not None and said != repr(USUAL.get(name)):
            is_short = len(said) <= SPELLED_OUT and "array(" not in said and "<" not in said
            words.append(f"{name}={said if is_short else name}")
    return f"gradcheck.{function}({', '.join(words)})"


def written_name(function, otherwise):
    """The name under which a function can be written down, or another for one that has none."""
    name = "None" if function is None else getattr(function, "__name__", otherwise)
    return name if name.isidentifier() else otherwise


def require_allowed(options):
    """Raises GradcheckError for the first option that is not as OPTIONS says."""
    for name, (holds, allowed) in OPTIONS.items():
        if not (name in MAY_BE_NONE and options[name] is None) and not holds(options[name]):
            raise GradcheckError(f"{name}: found {options[name]!r}; it is {allowed}")


def _whole(least):
    return lambda value: isinstance(value, Integral) and not isinstance(value, bool) and value >= least


def _real(value):
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _globs(value):
    several = isinstance(value, (list, tuple, set)) and len(value) > 0
    return all(isinstance(each, str) for each in (value if several else [value]))


OPTIONS = {  # name: (whether it holds for a value, what the value is)
    "select": (_globs, "a glob on the names of the arrays, such as 'W*', or a list of some"),
    "seed": (_whole(0), "a whole number from 0 on"),
    "confidence": (
        lambda value: _real(value) and value >= 1.0,
        "how many error bars make a difference wrong, at least 1 (default 4)",
    ),
    "learning_rate": (lambda value: _real(value) and value != 0.0, "a number that is not zero, or None"),
    "samples": (
        lambda value: _whole(1)(value) or not isinstance(value, (str, Real)),
        "their number, or (inputs, targets) pairs beside a network",
    ),
    "one_by_one": (_whole(0), "a number of entries, from 0 on"),
    "vectorized": (lambda value: isinstance(value, (bool, np.bool_)), "True or False"),
    "most_calls": (_whole(1), "a number of calls of the loss, from 1 on"),
    "special_points": (lambda value: isinstance(value, bool), "True or False"),
}
MAY_BE_NONE = ("select", "samples", "learning_rate")
USUAL = {"select": None, "confidence": WELL_BEYOND, "one_by_one": ONE_BY_ONE, "most_calls": MOST_CALLS}
USUAL |= {"special_points": True, "vectorized": False}
SPELLED_OUT = 40  # characters of an option in the line that makes a check again
