"""Errors made of a constant: the gradient times a factor, an L2 term too many or too few, a number added."""

import numpy as np

from .block import Shape, fit, number

NEAR = 0.01                 # relative: a factor fitted together with an L2 term is tried as a named one if this near to it


def proportional(block, task):
    """Zero, the sign, and the constants of the task as factors."""
    numeric = block.numeric
    yield Shape("zero", "zero", np.zeros_like(numeric), bar=np.zeros_like(numeric))
    for value, (id, words) in named_factors(task).items():
        yield Shape(id, f"the numerical one times {words}", value * numeric, 0, {"factor": value}, abs(value) * block.bar,
                    named=value != -1.0)


def named_factors(task):
    """value -> (id, words) of every factor that has a name; the words tell all names of that value."""
    N, K, rate = task.samples, task.outputs, task.learning_rate
    listed = [(2.0, "2", None), (0.5, "1/2", None)]
    for value, id, words in ((N, "N", "the number of samples"), (K, "outputs", "the number of outputs"),
                             (N * K if N and K else None, "N outputs", "the number of samples times outputs"),
                             (rate, "learning rate", "the learning rate")):
        if value:
            listed += [(float(value), id, words), (1.0 / value, f"1/({id})" if " " in id else f"1/{id}", f"1 over {words}")]
    found = {-1.0: ("sign", "-1")}
    for sign, minus in ((1.0, ""), (-1.0, "-")):
        for value in dict.fromkeys(value for value, _, _ in listed if value != 1.0):
            ids = [id for each, id, _ in listed if each == value]
            words = [words for each, _, words in listed if each == value and words is not None]
            perhaps = ", " if words and ids[0] not in ("2", "1/2") else ", perhaps " if words else ""
            found[sign * value] = (f"factor {minus}{ids[0]}", f"{number(sign * value)}{perhaps}{' or '.join(words)}")
    return found


def fitted(block):
    """A factor, or an added constant, that has no name."""
    c = fit(block, [block.numeric])
    if c is not None:
        yield Shape("factor", f"the numerical one times {number(c[0])}", c[0] * block.numeric, 1, {"factor": c[0]},
                    abs(c[0]) * block.bar)
    added = fit(block, [np.ones_like(block.numeric)], block.numeric)
    if added is not None:
        yield Shape("constant added", f"the numerical one plus {number(added[0])} in every entry",
                    block.numeric + added[0], 1, {"added": added[0]})


def with_parameter(block, task):
    """The parameter in place of the gradient, or in it: analytic = numeric + k * parameter, k of a name or fitted."""
    numeric, parameter = block.numeric, block.parameter
    yield Shape("the parameter", "the parameter itself", parameter, bar=np.zeros_like(numeric))
    if task.learning_rate is not None:
        yield Shape("the updated parameter", "the parameter after an update, not the gradient",
                    parameter - task.learning_rate * numeric, bar=task.learning_rate * block.bar)
    for times, id, words in _l2_times(task):
        added = (times - 1.0) * task.l2
        clause = f"the numerical one with {words}"
        if block.is_vector and times == 2.0:
            id, clause = "L2 on biases", f"the numerical one plus {number(added)} times the parameter: an L2 term on biases"
        yield Shape(id, clause, numeric + added * parameter, constants={"l2": added})
    k = fit(block, [parameter], numeric)
    if k is not None:
        id, clause = _l2_words(block, k[0], task)
        yield Shape(id, clause, numeric + k[0] * parameter, 1, {"l2": k[0]})


def with_factor_and_parameter(block, task):
    """analytic = c * numeric + k * parameter, where c is one of the named factors, or is fitted as well."""
    numeric, parameter = block.numeric, block.parameter
    both = fit(block, [numeric, parameter])
    if both is None:
        return
    for value, (id, words) in named_factors(task).items():
        if abs(value - both[0]) <= NEAR * abs(value):
            yield _both(block, task, id, words, value, fit(block, [parameter], value * numeric)[0], 1)
    yield _both(block, task, "factor", number(both[0]), *both, 2)


def _l2_times(task):
    """(how many times the L2 term is in the gradient, id, words), where its strength is known."""
    if not task.l2:
        return []
    listed = [(0.0, "L2 missing", "the L2 term missing"), (2.0, "L2 doubled", "the L2 term twice"),
              (-1.0, "L2 sign", "the sign of the L2 term turned round"), (0.5, "L2 halved", "half of the L2 term")]
    if task.samples is not None and task.samples > 2:
        N = task.samples
        listed += [(1.0 / N, "L2 divided by N", f"the L2 term divided by {N}, the number of samples"),
                   (float(N), "L2 times N", f"the L2 term times {N}, the number of samples")]
    return listed


def _l2_words(block, k, task):
    size = number(abs(k))
    if k > 0.0 and block.is_vector:
        return "L2 on biases", f"the numerical one plus {size} times the parameter: an L2 term on biases"
    if k > 0.0:
        return "L2 doubled", (f"the numerical one plus {size} times the parameter: an L2 term twice, "
                              "or one that the error does not have")
    words = f"the numerical one minus {size} times the parameter: an L2 term of {size} is missing"
    if not task.l2:
        words += f", or one of {number(abs(k) / 2.0)} has the wrong sign"
    return "L2 missing", words


def _both(block, task, id, words, c, k, free):
    """The Shape of a factor and an L2 term together."""
    predicted = c * block.numeric + k * block.parameter
    constants = {"factor": c, "l2": k}
    if task.l2:
        times = (k + c * task.l2) / task.l2
        clause = f"the numerical one with the L2 term times {number(times)} and everything else times {words}"
    else:
        sign = "plus" if k > 0.0 else "minus"
        clause = f"the numerical one times {words}, {sign} {number(abs(k))} times the parameter"
    return Shape(f"{id} and L2", clause, predicted, free, constants, abs(c) * block.bar)
