"""`check_model`: an object that has its parameters and gradients, its loss and its backward pass."""

import re
from types import FunctionType
from typing import Any

import numpy as np

from gradcheck.checking import check
from gradcheck.doors.objects import as_called, attributes_of, is_array, is_random, objects_kept, places_of
from gradcheck.errors import GradcheckError, passing_with_note
from gradcheck.inputs.calls import (
    TARGETS,
    called_name,
    is_from_above,
    is_kept,
    parameters_of,
    returned_names,
)
from gradcheck.inputs.functions import random_states_kept
from gradcheck.inputs.outputs import Upstream
from gradcheck.report.report import Report

__tracebackhide__ = True  # pytest leaves the frames of this file out
FORWARD = (
    "forward feedforward feed_forward forward_pass forward_propagation forward_prop __call__ predict".split()
)
LOSS = (
    "loss compute_loss calc_loss get_loss cost compute_cost cost_function criterion loss_fn objective".split()
)
BACKWARD = (
    "gradient gradients compute_gradients compute_gradient backward backprop back_prop backpropagate "
    "backpropagation back_propagation backward_pass backward_propagation backward_prop bprop"
).split()
OUTPUT = "output out outputs result a A y".split()
BY_INPUT = "dinputs dinput dX dx grad_input input_grad".split()
ZERO = ["zero_grad", "zero_grads", "zero_gradients"]
ROLES = {  # of an argument, by its name
    "net": re.compile(r"net|network|model|mlp|nn|self"),
    "out": re.compile(r"[yt]_?(hat|pred|out)\w*|pred\w*|out\w*|a[l\d]|probs?|logits|scores", re.IGNORECASE),
    "y": TARGETS,
    "X": re.compile(
        r"xs?(_?(train|batch|data|in))?|inputs?|data|features|images?|samples?|batch", re.IGNORECASE
    ),
}
NO_BACKWARD = "give it backward() or gradient(X, y), or let the loss return the gradients or fill them in"
NUDGE = 2.0**-20  # relative: what the forward pass sets anew no longer holds it


def check_model(
    net: Any, X: Any, y: Any = None, *, loss: Any = None, backward: Any = None, **options: Any
) -> Report:
    """Judge the gradients of a model by all its parameters, where they stand. Returns a Report.

    `net`: an object with `params` and `grads` (dicts or lists), with pairs of attributes such as W1 and dW1,
    or with layers that have these, at any depth; or a list of layers. It has `loss(X, y)`, or `forward(X)`,
    and `backward` or `gradient`, by these or other common names; what they take is read from the names of
    their arguments. The gradients may be returned, or filled in by the loss. Without a loss the output gets a
    drawn gradient from above. `loss`, `backward`: a method by name, or a function of (net, X, y); a loss may
    be one of (output, y) that returns (value, its gradient by the output). `options` are those of `check`.
    Nothing of the object is changed afterwards. Raises GradcheckError where a part is missing.
    """
    if isinstance(net, (type, FunctionType)):
        what = "a class; give an object of it" if isinstance(net, type) else "a function; check takes such"
        raise GradcheckError(f"check_model: {net.__name__} is {what}")
    if any(each.__module__.startswith("torch.nn.") for each in type(net).__mro__):
        hint = "check_torch(net, X) judges what autograd gives for it"
        raise GradcheckError(f"check_model: {type(net).__name__} is a module of PyTorch; {hint}")
    net = _Chain(net) if isinstance(net, (list, tuple)) else net
    with random_states_kept(), objects_kept([net, X, y, loss, backward]):
        with objects_kept([net, X, y, loss, backward]):
            model = _Model(net, X, y, loss, backward)
        report = check(model.loss, model.gradients, model.parameters, **options)
    return as_called(report, f"check_model(net, X{'' if y is None else ', y'}", model.said)


class _Chain:
    """Layers one behind another."""

    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, X):
        for layer in self.layers:
            X = _kept_or(_method(layer, FORWARD)(X), layer, OUTPUT)
        return X

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = _kept_or(_method(layer, BACKWARD)(dout), layer, BY_INPUT)
        return dout


class _Model:
    """A model as a loss and its gradients by `parameters`, each called after its place in the object."""

    def __init__(self, net, X, y, loss, backward):
        self._net, self._X, self._y, self.said = net, X, y, []
        self._random, self._by_loss = np.random.get_state(), False
        self._forward, self._zero = _method(net, FORWARD), _method(net, ZERO)
        self._loss, self._of_loss, self._loss_takes = _loss_of(net, loss)
        self._backward = _method(net, [backward] if isinstance(backward, str) else BACKWARD)
        self._backward_takes: tuple = ("above",) if self._loss is None else ("X", "y")
        if callable(backward):
            self._backward, self._backward_takes = backward, ("net", "X", "y")
        is_of_output = self._loss is None or self._loss_takes == ("out", "y")
        of_loss = {"out"} if is_of_output else _roles(self._loss, self._loss_takes)
        of_backward = set() if self._backward is None else _roles(self._backward, self._backward_takes)
        self._needs_output = bool((of_loss | of_backward) & {"out", "kept"}) or not of_loss & {"X", "net"}
        if self._needs_output and self._forward is None:
            hint = "give it a method forward(X), or loss=lambda net, X, y: ..."
            raise GradcheckError(
                f"check_model: {type(net).__name__} has no loss(X, y) and no forward(X); {hint}"
            )
        value, found = self._run(X, backwards=True)
        places, left, others = places_of(net, found)
        self._places = [place for place in places if place.array is not X and place.array is not y]
        self._drop_intermediates(found)
        if is_random(self._random):
            self.said.append("every call draws the same random numbers")
        if self._loss is None and y is not None and "y" not in of_backward | _roles(self._forward, ("X",)):
            self.said.append("y was not used, for no loss was found: loss= takes a function of (output, y)")
        if left:
            self.said.append(f"no gradient by {', '.join(left)}, and none checked")
        if others:
            self.said.append(f"{', '.join(others)}: of no parameter, and not checked")
        self.parameters = {place.name: place.value for place in self._places}
        single = [place.name for place in self._places if getattr(place.array, "dtype", None) == np.float32]
        if single:
            self.said.append(
                f"float32 parameters ({', '.join(single)}): made float64 they show smaller errors"
            )
        is_by_input = self._loss is None and isinstance(found, np.ndarray) and found.shape == np.shape(X)
        self._input = (
            "X" if is_by_input and np.asarray(X).dtype.kind == "f" and "X" not in self.parameters else None
        )
        if self._input is not None:
            self.parameters["X"] = np.array(X, dtype=np.float64)
        if len(self.parameters) == 0:
            self._refuse()
        is_number = np.shape(value) == ()
        self.gradients = (lambda p: self._slopes(p, 1.0)) if is_number else (lambda p, u: self._slopes(p, u))

    def loss(self, p):
        """The loss of the model, or its output where it has none."""
        self._write(p)
        return self._run(p.get(self._input, self._X))[0]

    def _slopes(self, p, upstream):
        self._write(p)
        _, found = self._run(p.get(self._input, self._X), backwards=True, upstream=upstream)
        slopes = {place.name: np.array(place.slope(found)) for place in self._places}
        return slopes if self._input is None else slopes | {self._input: found}

    def _write(self, p):
        for place in self._places:
            place.write(p[place.name])

    def _run(self, X, backwards=False, upstream=None):
        """(the loss, or the output where there is none; what the backward pass returned)."""
        np.random.set_state(self._random)  # dropout leaves out the same units in every call
        if backwards and self._zero is not None:
            self._zero()
        values, from_loss = {"net": self._net, "X": X, "y": self._y}, None
        if self._needs_output:
            out = _kept_or(_called(self._forward, values, ("X",)), self._net, OUTPUT)
            values |= {"out": out[0], "kept": out[-1]} if isinstance(out, tuple) else {"out": out}
        value = values.get("out")
        if self._loss is not None:
            own = {"X": values["out"]} if self._loss_takes == ("out", "y") else {}
            value = _called(self._loss, values | own, self._loss_takes)
            value, from_loss = (
                value if isinstance(value, (tuple, list)) and len(value) == 2 else (value, None)
            )
            upstream = None
        elif upstream is None:
            upstream = Upstream(value, 0).handed_over()
        number = (
            value if isinstance(value, np.generic | np.ndarray) else _kept_or(None, value, ("data", "value"))
        )
        number = value if number is None else number
        if not backwards:
            return number, None
        if self._of_loss is not None:
            own = {"X": values["out"], "above": values["out"]}
            from_loss = _called(self._of_loss, values | own, ("out", "y"))
        if isinstance(from_loss, np.ndarray) and self._backward is not None:
            upstream = from_loss
        elif isinstance(from_loss, np.ndarray):
            of_object = attributes_of(self._net).items()
            fit = [name for name, each in of_object if is_array(each) and np.shape(each) == from_loss.shape]
            return number, {fit[0]: from_loss} if len(fit) == 1 else from_loss
        elif from_loss is not None:
            return number, from_loss
        if self._backward is not None:
            found = _called(self._backward, values | {"above": upstream}, self._backward_takes)
            found = _kept_or(found, self._net, BY_INPUT) if self._loss is None else found
            names = returned_names(self._backward) if isinstance(found, tuple) else []
            return number, dict(zip(names, found)) if len(names) > 1 else found
        if hasattr(value, "backward"):
            return number, value.backward()
        self._by_loss = self._loss is not None and len(places_of(self._net, None)[0]) > 0
        if not self._by_loss:
            raise GradcheckError(
                f"check_model: {type(self._net).__name__} has no backward pass; {NO_BACKWARD}"
            )
        return number, None

    def _drop_intermediates(self, found):
        """Leaves out what the forward pass sets: no gradient by a parameter stands beside it."""
        written, slopes = [], [place.slope(found) for place in self._places]
        before = [np.array(each) for each in slopes]
        for place in self._places:
            place.write(place.value + NUDGE * np.maximum(np.abs(place.value), 1.0))
            written.append(np.array(place.read()))
        _, again = self._run(self._X, backwards=True)
        filled = [not np.array_equal(place.slope(again), each) for place, each in zip(self._places, before)]
        if self._by_loss and not any(filled):
            raise GradcheckError(
                f"check_model: {type(self._net).__name__} has no backward pass; {NO_BACKWARD}"
            )
        stays = [np.array_equal(place.read(), each) for place, each in zip(self._places, written)]
        constant = [
            isinstance(old, float) and place.slope(again) is old for place, old in zip(self._places, slopes)
        ]
        for place in self._places:
            place.write(place.value)
        left = [place.name for place, each in zip(self._places, stays) if not each]
        if left:
            self.said.append(f"{', '.join(left)}: set by the forward pass, no parameters, and not checked")
        kept = zip(
            self._places, stays, constant
        )  # a float that no backward pass sets, as dt beside t, is none
        self._places = [place for place, each, is_constant in kept if each and not is_constant]

    def _refuse(self):
        found = f"found no parameter beside its gradient in {', '.join(attributes_of(self._net)) or 'it'}"
        wanted = "params and grads, pairs such as W1 and dW1, or layers that have these"
        hint = "or write check(loss, gradients, parameters) with functions that set and read yours"
        raise GradcheckError(f"check_model: {found}; expected {wanted}, {hint}")


# The parts of a model, and how they are called


def _loss_of(net, given):
    """(the loss, the method of a loss object that gives its gradient or None, what the loss takes)."""
    if callable(given) and not hasattr(given, "backward"):
        names = [name for name, each in (parameters_of(given) or {}).items() if each.default is each.empty]
        return given, None, ("net", "X", "y") if len(names) == 3 else ("out", "y")
    found = given if given is not None and not isinstance(given, str) else None
    for name in [given] if isinstance(given, str) else LOSS:
        found = getattr(net, name, None) if found is None else found
    if found is None and isinstance(given, str):
        raise GradcheckError(
            f"check_model: {type(net).__name__} has no {given}; give loss= a method or a function"
        )
    if found is None or not hasattr(found, "backward"):
        return (found, None, ("X", "y")) if callable(found) else (None, None, ())
    return _method(found, ["calculate", *FORWARD]), found.backward, ("out", "y")


def _method(node, names):
    """The first of the methods of these names that an object has, or None."""
    return next((each for name in names if callable(each := getattr(node, name, None))), None)


def _kept_or(returned, node, names):
    """What a pass returned, or where that is nothing, what it left in an attribute."""
    if returned is not None:
        return returned
    return next((each for name in names if (each := getattr(node, name, None)) is not None), None)


def _roles(function, places):
    return {role for role, _ in _arguments(function, places, dict.fromkeys([*ROLES, "kept", "above"]))}


def _arguments(function, places, values):
    """(role, the name of an argument that is optional or None) for every argument that is given.

    The role is read from the name; of `places`, what no name has asked for goes to the rest, in order.
    """
    shown = parameters_of(function)
    if shown is None:
        return [(role, None) for role in places if values.get(role) is not None]
    plain = [each for each in shown.values() if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    read = {each.name: role if (role := _role(each.name)) in values else None for each in plain}
    needed = [each.name for each in plain if each.default is each.empty]
    unread = sum(read[name] is None for name in needed)
    spare = [role for role in places if role not in read.values()][-unread:]
    found = [(read[name] or (spare.pop(0) if spare else None), None) for name in needed]
    optional = [each.name for each in plain if each.name not in needed]
    return found + [(read[name], name) for name in optional if values.get(read[name]) is not None]


def _role(name):
    """What an argument of this name stands for, or None."""
    for role, pattern in ROLES.items():
        if pattern.fullmatch(name):
            return role
    return "kept" if is_kept(name) else "above" if is_from_above(name) else None


def _called(function, values, places):
    given, named, text = [], {}, called_name(function)
    for role, name in _arguments(function, places, values):
        if role is None or role not in values:
            hint = f"give loss= or backward= as a function of (net, X, y) that calls {text}"
            shown = ", ".join(parameters_of(function) or {})
            raise GradcheckError(
                f"check_model: {text}({shown}): it is not clear what its arguments stand for; {hint}"
            )
        if name is None:
            given.append(values[role])
        else:
            named[name] = values[role]
    with passing_with_note(
        f"raised by {text}, which gradcheck called with {len(given) + len(named)} arguments"
    ):
        return function(*given, **named)
