"""Kinds of models with drawn parameters, written on the tape: their right gradient, and planted mistakes.

Nothing is judged here.
"""

from dataclasses import dataclass

import numpy as np

from . import layered_models as layered
from . import statistical_models as statistical
from .tape import gradients, possible_mistakes, record


@dataclass(frozen=True)
class Drawn:
    """A model with its parameters; `loss` and `gradients` as `gradcheck.check` takes them.

    `inner` is the precision of the forward and the backward pass, `mistake` an edit of the backward pass.
    """

    kind: str
    parameters: dict
    forward: object
    inner: type = np.float64
    mistake: tuple | None = None

    def loss(self, p):
        return float(self._made(p)[0].value)

    def gradients(self, p):
        return gradients(*self._made(p), self.mistake)

    def mistakes(self):
        """Every mistake that its sweep back can have."""
        return possible_mistakes(*self._made(self.parameters))

    def _made(self, p):
        return record(self.forward, p, self.inner)


def drawn(kind, seed, inner=np.float64, samples=None, scale=1.0):
    """The Drawn model of one kind by seed; every parameter is multiplied by `scale`."""
    draw = np.random.default_rng([seed, sorted(KINDS).index(kind)])
    samples = int(draw.integers(2, 8)) if samples is None else samples
    parameters, forward = KINDS[kind](draw, samples)
    parameters = {name: np.asarray(scale * value, dtype=inner) for name, value in parameters.items()}
    return Drawn(kind, parameters, forward, inner)


KINDS = {
    "linear regression": layered.dense(None, layered.squared, (4, 2)),
    "logistic regression": layered.dense(None, layered.binary, (4, 1)),
    "softmax regression": layered.regularised(layered.dense(None, layered.categorical, (4, 3))),
    "poisson regression": layered.dense(None, layered.poisson, (3, 2), 0.4),
    "gamma regression": layered.dense(None, layered.gamma, (3, 2), 0.4),
    "quantile regression": layered.dense(None, layered.quantile, (3, 2)),
    "huber regression": layered.dense(None, layered.huber, (3, 2)),
    "support vectors": layered.regularised(layered.dense(None, layered.hinge, (4, 1))),
    "elastic net": layered.regularised(layered.dense(None, layered.squared, (5, 1)), 0.1, 0.2),
    "tanh, squared": layered.dense(lambda net: net.tanh(), layered.squared),
    "sigmoid, binary": layered.dense(lambda net: net.sigmoid(), layered.binary),
    "relu, softmax": layered.dense(lambda net: net.relu(), layered.categorical),
    "leaky relu, huber": layered.dense(lambda net: net.relu(0.1), layered.huber),
    "gelu, softmax, L2": layered.regularised(layered.dense(lambda net: net.gelu(), layered.categorical)),
    "softplus, poisson": layered.dense(lambda net: net.softplus(), layered.poisson, (3, 4, 2), 0.4),
    "tanh, focal": layered.dense(lambda net: net.tanh(), layered.focal),
    "relu, divergence": layered.dense(lambda net: net.relu(), layered.divergence),
    "relu, hinge": layered.dense(lambda net: net.relu(), layered.hinge),
    "relu, five layers": layered.dense(lambda net: net.relu(), layered.squared, (4, 6, 6, 6, 6, 2)),
    "maxout": layered.maxout,
    "residual": layered.residual,
    "convolution, max": layered.convolution(layered.largest),
    "convolution, mean": layered.convolution(layered.average),
    "overlapping windows": layered.windows,
    "batch norm": layered.normalised(0),
    "layer norm": layered.normalised(1),
    "root mean square norm": layered.normalised(1, centred=False),
    "attention": layered.attention(False),
    "causal attention": layered.attention(True),
    "recurrent": layered.recurrent(layered.plain_step, 1),
    "LSTM": layered.recurrent(layered.lstm_step, 4),
    "GRU": layered.recurrent(layered.gru_step, 3),
    "embedding": layered.embedding,
    "autoencoder, tied": statistical.autoencoder,
    "variational": statistical.variational,
    "matrix factorisation": statistical.factorisation,
    "triplet": statistical.triplet,
    "cosine": statistical.cosine,
    "ranking": statistical.ranking,
    "survival": statistical.survival,
    "gaussian, log-determinant": statistical.gaussian,
    "gaussian process": statistical.gaussian_process,
    "kalman": statistical.kalman,
    "differential equation": statistical.lotka,
    "mixture": statistical.mixture,
    "hidden markov": statistical.hidden_markov,
    "flow": statistical.flow,
}
