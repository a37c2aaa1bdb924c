"""The two sides of a claim, `quantity = formula`, and the networks that claims are made about; judges
nothing.
"""

from neuronnet.formulas.parsing import parse
from neuronnet.repairs.identity import Trials

SOFTMAX = {
    "loss": "categorical cross-entropy",
    "learning_rate": 0.5,
    "layer": [
        {"activation": "tanh", "weights": [[0.1, 0.2], [0.3, 0.4]], "bias": [0.1, 0.2]},
        {"activation": "softmax", "weights": [[0.5, 0.6], [0.7, 0.8], [0.3, 0.4]], "bias": 0.3},
    ],
    "sample": [{"inputs": [1, 2], "targets": [0, 1, 0]}],
}
RELU = {
    "learning_rate": 0.5,
    "layer": [
        {"activation": "relu", "weights": [[1, 2], [3, 4]]},
        {"activation": "identity", "weights": [[1, 2]]},
    ],
    "sample": [{"inputs": [1, 2], "targets": [1]}],
}


def sides(source, claim):
    """(formula, quantity) of a claim about a Derivation or Trials."""
    left, _, right = claim.partition(" = ")
    known = (source.derivation(0) if isinstance(source, Trials) else source).__contains__
    return parse(right, known), parse(left, known)
