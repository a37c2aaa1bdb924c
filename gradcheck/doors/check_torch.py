"""`check_torch`: what autograd gives for a function of PyTorch, a module, a torch.autograd.Function."""

from importlib import import_module
from typing import Any

from gradcheck.checking import check
from gradcheck.doors.objects import OPTIONS, as_called, has_floats
from gradcheck.errors import GradcheckError, passing_with_note
from gradcheck.inputs.calls import called_name, parameters_of
from gradcheck.inputs.point import Point, in_double_precision, library_of, template_of
from gradcheck.report.report import Report

__tracebackhide__ = True  # pytest leaves the frames of this file out


def check_torch(function: Any, /, *inputs: Any, **named: Any) -> Report:
    """Judge what PyTorch's autograd gives for a torch.autograd.Function, a module or a function.

    The inputs are those of its forward pass. Those that require a gradient are varied, or all of floats where
    none does, and the parameters of a module; in double precision where the function takes it. The blocks
    have the names of inputs and parameters. Every call starts from the same seed of PyTorch's random numbers,
    and nothing of the module changes. Options as for `check_layer`. Returns a Report; raises GradcheckError
    where no output has a gradient.
    """
    torch = import_module("torch")
    is_module = isinstance(function, torch.nn.Module)
    is_class = isinstance(function, type) and issubclass(function, torch.autograd.Function)
    if (
        not callable(function)
        or isinstance(function, (torch.Tensor, torch.autograd.Function))
        or (isinstance(function, type) and not is_class)
    ):
        raise GradcheckError(f"check_torch: {_misplaced(function)}")
    known = parameters_of(function.forward if is_module or is_class else function) or {}
    options = {name: named.pop(name) for name in OPTIONS if name in named and name not in known}
    names = [name for name in known if name != "ctx"] if is_class else list(known)
    names += [f"input{i}" for i in range(len(names), len(inputs))]
    arguments = dict(zip(names, inputs)) | named
    tensors = {name: each for name, each in arguments.items() if has_floats(each) and library_of(each)}
    tensors = {name: each for name, each in tensors.items() if each.requires_grad} or tensors
    own = dict(function.named_parameters()) if is_module else {}
    parameters = {name: each for name, each in own.items() if each.requires_grad} | tensors
    if len(parameters) == 0:
        raise GradcheckError(
            "check_torch: found no tensor of floats; give the inputs, check_torch(function, x)"
        )
    seed = options.get("seed", 0)

    def outputs(p):
        for each in p.values():
            each.requires_grad_()
        values = [p.get(name, each) for name, each in list(arguments.items())]
        positional, rest = values[: len(inputs)], dict(list(zip(arguments, values))[len(inputs) :])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            if is_module:
                kind = next(iter(p.values())).dtype
                state = {name: p.get(name, each) for name, each in own.items()}
                for name, each in function.named_buffers():
                    state[name] = (
                        each.detach().to(kind, copy=True) if each.is_floating_point() else each.clone()
                    )
                found = torch.func.functional_call(function, state, tuple(positional), rest)
            else:
                found = (function.apply if is_class else function)(*positional, **rest)
        leaves: list = []
        template_of(found, leaves)
        found = [each for _, each in leaves if library_of(each) is not None and each.requires_grad]
        if len(found) == 0:
            raise GradcheckError("check_torch: no output requires a gradient; is one detached on the way?")
        return found

    def loss(p):
        found = outputs(p)
        return found[0] if len(found) == 1 else tuple(found)

    def backward(p, upstream):
        found = outputs(p)
        upstream = [upstream] if len(found) == 1 else list(upstream)
        gradients = torch.autograd.grad(found, list(p.values()), upstream, allow_unused=True)
        zeros = map(torch.zeros_like, p.values())
        return {name: zero if each is None else each for name, each, zero in zip(p, gradients, zeros)}

    def alone(p):
        return backward(p, torch.ones_like(outputs(p)[0]))

    called = f"raised by {called_name(function)}, which check_torch calls with what it was given behind it"
    with passing_with_note(called):
        first = _tried(outputs, parameters)
    is_number = len(first) == 1 and first[0].shape == ()
    report = check(loss, alone if is_number else backward, parameters, **options)
    given = ", ".join(arguments)
    return as_called(report, f"check_torch({called_name(function)}, {given}", [])


def _misplaced(function):
    """What stands in the place of the function, and what belongs there."""
    if isinstance(function, type):
        return f"{function.__name__} is a class; give an object of it, made with its settings"
    if library_of(function) is None and callable(function):
        return f"found an object of {type(function).__name__}; give the class itself"
    wanted = "a torch.autograd.Function, a module or a function, and then its inputs"
    return f"expected {wanted}, found {type(function).__name__}"


def _tried(outputs, parameters):
    """The outputs at the parameters, in double precision where that is possible."""
    try:
        with in_double_precision("PyTorch"):
            point = Point(parameters)
            return outputs(point.restore(point.vector))
    except RuntimeError:
        return outputs({name: each.detach().clone() for name, each in parameters.items()})
