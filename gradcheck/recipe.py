"""What a report says of how a check was made: its conventions, and the line that makes it again."""

from .measuring import ONE_BY_ONE
from .verdict import WELL_BEYOND

SPELLED_OUT = 40            # characters of an option in the line that makes it again


def conventions(problem, measured):
    """Sentences on the precision and the form of what was checked, a tuple."""
    said = ["float64"]
    if problem.point.single_precision:
        said.append(f"float32 parameters ({', '.join(problem.point.single_precision)}) handed over as float64")
    if problem.low_precision is not None:
        said.append(f"{problem.low_precision} gradients, allowed the rounding of {problem.low_precision}")
    if measured.single_precision:
        said.append("the loss moves in the stairs of a hidden float32, and the error bars are as wide")
    if problem.upstream is not None:
        said.append("a loss of several numbers, through a random upstream")
    return tuple(said)


def repeating_call(loss, gradients, options, function="check", more=""):
    """The line that does it again: options that are numbers or names are spelled out, others stand for themselves."""
    usual = {"select": None, "confidence": WELL_BEYOND, "one_by_one": ONE_BY_ONE}
    given = {name: value for name, value in options.items() if value is not None and repr(value) != repr(usual.get(name))}
    changed = [f", {name}={value!r}" if len(repr(value)) <= SPELLED_OUT and "array(" not in repr(value) and "<" not in
               repr(value) else f", {name}={name}" for name, value in given.items()]
    return f"gradcheck.{function}({name_of(loss, 'loss')}, {name_of(gradients, 'gradients')}, parameters{more}{''.join(changed)})"


def name_of(function, otherwise):
    """The name under which a function can be written down, or another for one that has none."""
    if function is None:
        return "None"
    name = getattr(function, "__name__", otherwise)
    return name if name.isidentifier() else otherwise
