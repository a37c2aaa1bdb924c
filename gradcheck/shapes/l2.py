"""Errors of an L2 term: the parameter in the gradient, in place of it, or left out of what is multiplied.

With an L2 term of strength s in the loss, the numerical gradient is that of the data plus s times the parameter. So
analytic = c * numeric + k * parameter is everything but the L2 term times c where k = (1 - c) s, and all of it times c
with the L2 term missing where k = -c s.
"""

import numpy as np

from .block import Shape, fit, uncertainty
from .constants import factor_words, named_near
from .words import number, plus


def with_parameter(block, task):
    """The parameter in place of the gradient, or in it: analytic = numeric + k * parameter, k of a name or fitted."""
    numeric, parameter = block.numeric, block.parameter
    yield Shape("the parameter", "the parameter itself", parameter, bar=np.zeros_like(numeric), made_of_delta=False)
    if task.learning_rate is not None:
        yield Shape("the updated parameter", "the parameter after an update, not the gradient",
                    parameter - task.learning_rate * numeric, bar=task.learning_rate * block.bar)
    yield from _of_known_strength(block, task)
    k = fit(block, [parameter], numeric)
    if k is not None:
        id, clause = _added(block, k[0], task)
        yield Shape(id, clause, numeric + k[0] * parameter, 1, {"l2": k[0]}, family="L2")
    alone = fit(block, [parameter])
    if alone is not None:
        id, clause = _alone(block, alone[0], uncertainty(block, parameter), task)
        yield Shape(id, clause, alone[0] * parameter, 1, {"l2": alone[0]}, np.zeros_like(numeric), family="L2 alone",
                    made_of_delta=False)


def with_factor_and_parameter(block, task):
    """analytic = c * numeric + k * parameter, where c is one of the named factors, or is fitted as well."""
    numeric, parameter = block.numeric, block.parameter
    both = fit(block, [numeric, parameter])
    if both is None:
        return
    for value, (id, words) in named_near(both, task):
        yield both_shape(block, task, id, words, value, fit(block, [parameter], value * numeric)[0], 1)
    words = factor_words(both[0], uncertainty(block, numeric), task)
    yield both_shape(block, task, "factor", words, *both, 2)


def _of_known_strength(block, task):
    """The L2 term missing, turned round, or times one of some factors, where its strength is known."""
    if not task.l2:
        return
    listed = [(0.0, "L2 missing", "the L2 term missing"), (2.0, "L2 doubled", "the L2 term twice"),
              (-1.0, "L2 sign", "the sign of the L2 term turned round"), (0.5, "L2 halved", "half of the L2 term")]
    if task.samples is not None and task.samples > 2:
        N = task.samples
        listed += [(1.0 / N, "L2 divided by N", f"the L2 term divided by {N}, the number of samples"),
                   (float(N), "L2 times N", f"the L2 term times {N}, the number of samples")]
    for times, id, words in listed:
        added = (times - 1.0) * task.l2
        clause = f"the numerical one with {words}"
        if block.role == "bias" and times == 2.0:
            id, clause = "L2 on biases", _added(block, added, task)[1]
        yield Shape(id, clause, block.numeric + added * block.parameter, constants={"l2": added}, family="L2")


def _added(block, k, task):
    """(id, clause) for k times the parameter added; what an L2 term of unknown strength may have to do with it."""
    error, N = uncertainty(block, block.parameter), task.samples
    size = number(abs(k), error)
    if k > 0.0 and block.role == "bias":
        return "L2 on biases", f"the numerical one plus {size} times the parameter: an L2 term on biases"
    if k > 0.0:
        clause = (f"the numerical one plus {size} times the parameter: an L2 term of {size} twice, or one that the loss "
                  "does not have")
        if N and N > 2 and not task.l2:
            clause += f", or one of {number(k / (N - 1), error)} times {N}, the number of samples"
        return "L2 doubled", clause
    if block.role == "bias":
        return "L2 missing", f"the numerical one minus {size} times the parameter, as if an L2 term of that size were missing"
    clause = f"the numerical one minus {size} times the parameter: an L2 term of {size} is missing"
    if not task.l2 and N and N > 1:
        clause += f", or one of {number(abs(k) * N / (N - 1), error)} is divided by {N}, the number of samples"
    if not task.l2:
        clause += f", or one of {number(abs(k) / 2.0, error)} has the wrong sign"
    return "L2 missing", clause


def _alone(block, k, error, task):
    """(id, clause) for k times the parameter and nothing else."""
    size = number(k, error)
    if k > 0.0 and block.role != "bias" and (not task.l2 or abs(k - task.l2) <= error):
        return "data term missing", f"{size} times the parameter: only an L2 term of {size} is there, the rest is zero"
    return "the parameter times", f"{size} times the parameter"


def both_shape(block, task, id, words, c, k, free):
    """The Shape of a factor and an L2 term together."""
    predicted = c * block.numeric + k * block.parameter
    constants = {"factor": c, "l2": k}
    clause = f"the numerical one {_both(block, task, words, c, k)}"
    return Shape(f"{id} and L2", clause, predicted, free, constants, abs(c) * block.bar, plain=id == "factor")


def _both(block, task, words, c, k):
    """What analytic = c * numeric + k * parameter may mean, in words."""
    kept, missing = k / (1.0 - c) if c != 1.0 else 0.0, -k / c if c != 0.0 else 0.0
    error = uncertainty(block, block.parameter)
    if task.l2:
        if abs(k - (1.0 - c) * task.l2) <= error:
            return _all_but(f"the L2 term of {number(task.l2)}", words, c)
        if abs(k + c * task.l2) <= error:
            return f"times {words}, with the L2 term of {number(task.l2)} missing"
        return f"with the L2 term times {number((k + c * task.l2) / task.l2)} and everything else times {words}"
    if kept > 0.0:
        clause = _all_but(f"an L2 term of {number(kept, error * kept / abs(k))}", words, c)
        also = f" (or all of it is, and one of {number(missing, error * missing / abs(k))} is missing)"
        return clause + also if missing > 0.0 else clause
    if missing > 0.0:
        return f"times {words}, with an L2 term of {number(missing, error * missing / abs(k))} missing"
    return f"times {words}, {plus(k, error)} times the parameter"


def _all_but(term, words, c):
    return f"with the sign of all but {term} turned round" if c == -1.0 else f"with everything but {term} times {words}"
