"""`check_layer`: the forward and the backward pass of one layer, as a course or a library writes them."""

import inspect
import itertools
import re
from copy import deepcopy
from typing import Any

import numpy as np

from gradcheck.checking import check
from gradcheck.doors.objects import OPTIONS, as_called, has_floats, is_random, objects_kept, places_of
from gradcheck.errors import GradcheckError, passing_with_note
from gradcheck.inputs.calls import (
    TARGETS,
    called_name,
    is_from_above,
    is_kept,
    needed_names,
    parameters_of,
    require_no_class,
    returned_names,
)
from gradcheck.inputs.functions import random_states_kept
from gradcheck.inputs.outputs import Upstream
from gradcheck.inputs.point import as_numpy, longest_match, template_of
from gradcheck.report.report import Report

__tracebackhide__ = True  # pytest leaves the frames of this file out
OUTPUT = re.compile(r"[aAyY]\d*|out\w*|probs?|y_?hat|y_?pred|result|activations?")


def check_layer(forward: Any, backward: Any, /, *inputs: Any, **named: Any) -> Report:
    """Judge a layer: `out, cache = forward(x, w, b)`, `dx, dw, db = backward(dout, cache)`. Returns a Report.

    The inputs are those of `forward`, by its names or in its order; the blocks are called after them. dout is
    drawn. `forward` may return the output alone or several, `backward` take several gradients from above, or
    inputs of `forward` by their names, and return a dict, one array, fewer gradients, or None for an input
    that has none. Arrays of floats are varied, all else is handed through unchanged. Options: those of
    `check` without `network`, `samples`, `learning_rate`. Raises GradcheckError for functions that do not fit
    together.

    >>> check_layer(lambda x, w: (x * w, (x, w)), lambda dout, c: (dout * c[1], dout), x=0.5, w=2.0).verdict
    'wrong'
    """
    for role, each in (("forward", forward), ("backward", backward)):
        if not callable(each):
            hint = "give functions, or methods such as layer.forward; an object as a whole is for check_model"
            raise GradcheckError(f"{role}: expected a function, found {type(each).__name__}; {hint}")
    known = parameters_of(forward) or {}
    options = {name: named.pop(name) for name in OPTIONS if name in named and name not in known}
    with (
        random_states_kept(),
        objects_kept([getattr(each, "__self__", None) for each in (forward, backward)]),
    ):
        layer = Layer(forward, backward, inputs, named)
        report = check(layer.loss, layer.gradients, layer.parameters, **options)
    words = [called_name(forward), layer.called, *(f"{name}={name}" for name in layer.arguments)]
    return as_called(report, f"check_layer({', '.join(words)}", layer.said)


class Layer:
    """A layer as a loss and its gradients by `parameters`, those of its inputs that have one.

    `arguments`: all inputs by name, in the order of `forward`. `said`: sentences on what is left out.
    """

    def __init__(self, forward, backward, inputs, named):
        require_no_class("forward", forward)
        require_no_class("backward", backward)
        self.forward, self.backward, self._random = forward, backward, np.random.get_state()
        self.called, self.said, self._order = called_name(backward, "backward"), [], None
        self._is_nested = False
        self._positional, self._named, self.arguments, self._defaults = _arguments(forward, inputs, named)
        outputs = self._find_roles(self._forward_called({}))
        found = self._find_joined(outputs)
        self.keys = _places(found, self.arguments, backward)
        self.parameters = {}
        for name, child in self.keys:
            value = self.arguments[name]
            if child is None:
                self.parameters[name] = value
            else:
                self.parameters.setdefault(name, {})[child] = value[child]
        floats = [name for name, value in self.arguments.items() if has_floats(value)]
        left = [name for name in floats if name not in self.parameters]
        others = set(found) - set(self.keys.values()) if isinstance(found, dict) else ()
        owner = getattr(backward, "__self__", None)
        inside = [place.name for place in places_of(owner, None)[0]]
        if is_random(self._random):
            self.said.append("every call draws the same random numbers")
        if inside:
            self.said.append(f"{', '.join(inside)}: in the object, and not checked; check_model does that")
        if left:
            self.said.append(f"no gradient by {', '.join(left)}, and none checked")
        if others:
            self.said.append(f"{', '.join(sorted(map(str, others)))}: by no input, and not checked")
        is_number = len(outputs) == 1 and np.shape(as_numpy(outputs[0])) == ()
        self.gradients = (
            (lambda p: self._through(p, 1.0)) if is_number else (lambda p, u: self._through(p, u))
        )

    def loss(self, p):
        """What the forward pass returns and the backward pass takes a gradient of."""
        outputs, _ = self._split(self._forward_called(p))
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def _through(self, p, upstream):
        returned = self._forward_called(p)
        found = self._backward_called(p, returned, [upstream] if self._count == 1 else list(upstream))
        items = _items(found)
        gradients: dict = {}
        for (name, child), key in self.keys.items():
            if child is None:
                gradients[name] = items[key]
            else:
                gradients.setdefault(name, {})[child] = items[key]
        return gradients

    def _forward_called(self, p):
        given = self._filled(p)
        with passing_with_note(f"raised by {called_name(self.forward)}({', '.join(given)})"):
            np.random.set_state(self._random)  # dropout leaves out the same units in every call
            positional = [given[name] for name in self._positional]
            returned = self.forward(*positional, **{name: given[name] for name in self._named})
        return (*returned[0], returned[1]) if self._is_nested else returned

    def _filled(self, p):
        """All inputs, those of `p` in the place of the caller's, copies of the others."""
        given = {}
        for name, value in self.arguments.items():
            value = p[name] if name in p and not isinstance(value, dict) else _copied(value)
            given[name] = value | p.get(name, {}) if isinstance(value, dict) else value
        return given

    def _find_roles(self, returned):
        """Finds what each argument of `backward` stands for; returns the outputs that have a gradient."""
        shown = parameters_of(self.backward) or {"dout": None, "cache": None}
        several = isinstance(returned, (tuple, list)) and len(returned) > 1
        known, needed = self.arguments | self._defaults, needed_names(self.backward) or list(shown)
        self._roles, open_ = {}, []
        for name in needed:
            if name in known:
                self._roles[name] = "input"
            elif is_kept(name) and several:
                self._roles[name] = "kept"
            else:
                open_.append(name)
        self._roles |= {name: "input" for name in shown if name in known and name not in needed}
        if len(open_) > 1 and not several:
            for name in [name for name in open_[1:] if OUTPUT.fullmatch(name)]:
                self._roles[name] = "output"
                open_.remove(name)
        elif len(open_) > 1 and "kept" not in self._roles.values() and not is_from_above(open_[-1]):
            self._roles[open_.pop()] = "kept"
        elif (
            len(open_) == 1
            and _is_loss_and_kept(returned)
            and not self._roles
            and not is_from_above(open_[0])
        ):
            self._roles[open_.pop()] = "kept"  # backward(c), of any name
        first = returned[0] if several else None
        if isinstance(first, (tuple, list)) and len(first) == len(open_) > 1 and len(returned) == 2:
            self._is_nested, returned = True, (*first, returned[1])  # (h, c), cache
        self._count, self._joined = max(len(open_), 1), False
        names = returned_names(self.forward)  # dA is the gradient of the A in `return Z, A`
        names = names if several and len(names) == len(returned) else []
        by_gradient = {
            key: name for name, key in longest_match(names, dict.fromkeys(open_, 1.0), False).items()
        }
        if len(by_gradient) == len(open_) > 0:
            self._order = [names.index(by_gradient[name]) for name in open_]
        outputs, _ = self._split(returned)
        text = f"{self.called}({', '.join(needed)})"
        targets = [name for name in open_ if TARGETS.fullmatch(name)]
        if targets and len(needed) > 1:
            found = f"{text}: {targets[0]} is no input of {called_name(self.forward)}"
            hint = "let that return the loss, or write check(lambda p: loss, lambda p: gradients, parameters)"
            raise GradcheckError(f"backward: {found}, and no gradient from above; {hint}")
        if len(open_) > len(outputs):
            extra = open_[len(outputs) :]
            found = f"{', '.join(extra)} is no input of {called_name(self.forward)}, and it returns no cache"
            hint = "name it like the input, or let the forward pass return (out, cache)"
            raise GradcheckError(f"backward: {text}: {found}; {hint}")
        if len(open_) == 0 and np.shape(as_numpy(outputs[0])) != ():
            hint = "let it take the gradient of the output, backward(dout, cache)"
            raise GradcheckError(f"backward: {text} takes no gradient from above; {hint}")
        return outputs

    def _find_joined(self, outputs):
        """Whether one argument takes the gradients of all outputs; returns what `backward` returns then."""
        returned = self._forward_called({})
        several = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        several = several[:-1] if "kept" in self._roles.values() else several
        several = [each for each in several if has_floats(each)]
        try:
            return self._backward_called({}, returned, [Upstream(each, 0).handed_over() for each in outputs])
        except Exception:
            if self._count != 1 or len(several) < 2:
                raise
            self._joined, self._count = True, len(several)
        above = [Upstream(each, 0).handed_over() for each in several]
        return self._backward_called({}, self._forward_called({}), above)

    def _split(self, returned):
        """(the outputs that get a gradient from above, what is kept)."""
        if not isinstance(returned, (tuple, list)):
            return [returned], None
        outputs = list(returned[:-1] if "kept" in self._roles.values() else returned)
        if self._order is not None and not self._joined:
            return [returned[i] for i in self._order], returned[-1]
        return outputs[: self._count], returned[-1]

    def _backward_called(self, p, returned, upstream):
        outputs, kept = self._split(returned)
        given, above = self._defaults | self._filled(p), iter([tuple(upstream)] if self._joined else upstream)
        values = {"kept": lambda name: kept, "output": lambda name: outputs[0], "input": given.get}
        shown = parameters_of(self.backward) or {}
        positional, rest = [], {}
        for name in needed_names(self.backward) or ["dout", "cache"][: 1 + ("kept" in self._roles.values())]:
            positional.append(values[self._roles[name]](name) if name in self._roles else next(above))
        for name, role in self._roles.items():
            if name in shown and shown[name].default is not inspect.Parameter.empty:
                rest[name] = values[role](name)
        text = f"{self.called}({', '.join([*needed_names(self.backward), *rest])})"
        with passing_with_note(f"raised by {text}"):
            return self.backward(*positional, **rest)


# The inputs of a layer, and what its backward pass returned


def _is_loss_and_kept(returned):
    """Whether a forward pass returned a number, and all that it keeps in a tuple, list or dict."""
    is_pair = isinstance(returned, tuple) and len(returned) == 2
    return is_pair and isinstance(returned[1], (tuple, list, dict)) and np.ndim(as_numpy(returned[0])) == 0


def _arguments(forward, inputs, named):
    """(names given by place, names given by name, all inputs in the order of `forward`, its defaults)."""
    shown = parameters_of(forward)
    if shown is None:  # a built-in function
        names = [*(f"x{i}" if i > 0 else "x" for i in range(len(inputs))), *named]
        return names, [], dict(zip(names, [*inputs, *named.values()])), {}
    try:
        inspect.signature(forward).bind(*inputs, **named)
    except TypeError as error:
        text = f"{called_name(forward)}({', '.join(shown)})"
        given = ", ".join([*("..." for _ in inputs), *(f"{name}=..." for name in named)])
        raise GradcheckError(f"forward: it is {text}, and the inputs are ({given}): {error}") from None
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    plain = [name for name, each in shown.items() if each.kind not in kinds]
    places = [*plain, *(f"input{i}" for i in range(len(plain), len(inputs)))][: len(inputs)]
    given = dict(zip(places, inputs)) | named
    order = [name for name in plain if name in given] + [name for name in given if name not in plain]
    defaults = {name: shown[name].default for name in plain if name not in given}
    defaults = {name: value for name, value in defaults.items() if value is not None}
    return places, list(named), {name: given[name] for name in order}, defaults


def _places(found, arguments, backward):
    """{(input, its key or None): where its gradient stands in what `backward` returned}, in order."""
    called = called_name(backward, "backward")
    if found is None:
        hint = "is a `return` missing? For an object that keeps its gradients there is check_model"
        raise GradcheckError(f"backward: {called} returned None; {hint}")
    leaves = [(name, child) for name, value in arguments.items() for child in _children(value)]
    if isinstance(found, dict):
        return _places_by_name(found, leaves, called)
    items, names = _items(found), returned_names(backward)
    by_name = longest_match(list(arguments), dict(zip(names, items)) if len(names) == len(items) else {})
    if len(by_name) == sum(each is not None for each in items) > 0:
        return {(name, None): names.index(by_name[name]) for name in arguments if name in by_name}
    arrays = [name for name, value in arguments.items() if has_floats(value) or _has_arrays(value)]
    numbers = [name for name, value in arguments.items() if name in arrays or isinstance(value, float)]
    for names in (arrays, numbers, list(arguments)):
        if len(names) == len(items):
            chosen = [(name, each) for name, each in zip(names, range(len(items))) if items[each] is not None]
            return {(name, None): each for name, each in chosen}
    shapes = [np.shape(as_numpy(arguments[name])) if has_floats(arguments[name]) else None for name in arrays]
    wanted = [(i, np.shape(as_numpy(each))) for i, each in enumerate(items) if each is not None]
    ways = [
        chosen
        for chosen in itertools.combinations(range(len(arrays)), len(wanted))
        if [shapes[i] for i in chosen] == [shape for _, shape in wanted]
    ]
    if len(ways) != 1:
        counts = f"{len(items)} gradients, and the inputs are {', '.join(arrays)}"
        hint = "return one for each in their order, None for one without, or a dict of names"
        raise GradcheckError(f"backward: {called} returned {counts}; {hint}")
    return {(arrays[i], None): at for i, (at, _) in zip(ways[0], wanted)}


def _places_by_name(found, leaves, called):
    best = longest_match([child or name for name, child in leaves], found)
    best = {(name, child): best[child or name] for name, child in leaves if (child or name) in best}
    if len(best) == 0:
        names = ", ".join(child or name for name, child in leaves)
        hint = "call them after these, dx for x"
        found = f"{called} returned {', '.join(map(str, found))}, and the inputs are {names}"
        raise GradcheckError(f"backward: {found}; {hint}")
    return best


def _items(found):
    """What `backward` returned, by key or place."""
    return found if isinstance(found, (dict, tuple, list)) else (found,)


def _children(value):
    """The keys of the arrays in a dict, else None alone for what may have a gradient."""
    if isinstance(value, dict):
        return [key for key, each in value.items() if has_floats(each)]
    return [None] if has_floats(value) or isinstance(value, float) or _has_arrays(value) else []


def _has_arrays(value):
    """Whether a value is a container of such arrays alone."""
    leaves: list = []
    if not isinstance(value, (dict, list, tuple)):
        return False
    template_of(value, leaves)
    return len(leaves) > 0 and all(has_floats(each) for _, each in leaves)


def _copied(value):
    try:
        return deepcopy(value)
    except Exception:  # a generator, a lock, a tensor on its way: it is handed over as it is
        return value
