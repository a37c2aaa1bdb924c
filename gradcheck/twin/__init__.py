"""A vectorised network of the same plain dict as the neuron objects, written independently of them.

Legend: N samples, a layer of n neurons with m inputs. Data go in and out as (N, m) and (N, n); inside, arrays
lie on their side, (n, N), so that every operation runs along the samples. The bias is one more column of the
weights, met by a row of ones under the inputs:

    net = W x + b            dE/dW = delta x'            dE/db = sum of delta over the samples
    out = f(net)             delta = f'(net) dE/dout     dE/dx = W' delta

E_total = sum (or mean) over the samples of the sum (or mean) over the outputs of their errors
          + l2/2 * sum of squared weights, never biases (divided by N when l2_scale is "per sample").
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from gradcheck.errors import GradcheckError, NotRealNumbers, ShapeMismatch, UnknownName
from gradcheck.twin.functions import ACTIVATIONS, LOSSES, errors, output_delta
from gradcheck.twin.training import Course, Pass, Run, State, by_layer, layers_of, unpacked, vector_of
from gradcheck.twin.updates import explicit_order, explicit_update

DEFAULTS: dict[str, Any] = {
    "title": "",
    "outputs": "sum",
    "samples_combine": "sum",
    "learning_rate": None,
    "l2": 0.0,
    "l2_scale": "as is",
    "batch": "full",
    "sample": [],
    "update": {"rule": "gradient descent"},
    "order": {"kind": "in turn"},
}
ALLOWED = {
    "outputs": ("sum", "mean"),
    "samples_combine": ("sum", "mean"),
    "l2_scale": ("as is", "per sample"),
    "loss": tuple(LOSSES),
}


class Twin:
    """The network of a plain dict (validated and normalised), with its parameters as one flat vector.

    Attributes: `layers` (list of Layer), `inputs` (N, m) and `targets` (N, K) of the dict's samples. Raises
    GradcheckError for an unknown name or shapes that do not fit.
    """

    def __init__(self, network: Any):
        network = network.to_dict() if hasattr(network, "to_dict") else network
        self._network = {**DEFAULTS, **deepcopy(dict(network))}
        for key, allowed in ALLOWED.items():
            if self._network[key] not in allowed:
                raise UnknownName(key, self._network[key], allowed)
        self._network["update"] = explicit_update(self._network["update"])
        self._network["order"] = explicit_order(self._network["order"])
        self.layers = layers_of(self._network["layer"])
        self._loss = self._network["loss"]
        self._l2 = float(self._network["l2"])
        self.inputs, self.targets = self._arrays(self._network["sample"])
        self._held_out = self._arrays(self._network.get("held_out", []))
        update, order, batch = (self._network[key] for key in ("update", "order", "batch"))
        self._course = Course(vector_of(self._network["layer"]), update, order, batch, len(self.inputs))

    @property
    def vector(self) -> np.ndarray:
        """All parameters, flat: by layer, the weights row by row, then its bias or biases. May be set."""
        return self._course.vector

    @vector.setter
    def vector(self, vector: np.ndarray) -> None:
        self._course.vector = np.asarray(vector)

    # Values

    def forward(self, inputs: Any) -> np.ndarray:
        """Outputs, shape (N, K), for inputs of shape (N, m) (or one sample, shape (m,))."""
        return self._pass_forward(self.vector, self._own_or("inputs", inputs))[1]

    def loss(self, inputs: Any = None, targets: Any = None) -> float:
        """E_total as a float; of the dict's own samples when nothing is given."""
        return float(self.loss_at(self.vector, inputs, targets))

    def loss_at(self, vector: Any, inputs: Any = None, targets: Any = None) -> Any:
        """E_total at other parameters: a flat `vector` of floats, or complex, as is then the result."""
        vector = np.asarray(vector)
        if vector.shape != self.vector.shape:
            raise ShapeMismatch("vector", self.vector.shape, vector.shape)
        inputs, targets = self._samples(inputs, targets)
        net, out = self._pass_forward(vector, inputs)
        return self._E_total(vector, net, out, targets)

    def accuracy(self, inputs: Any = None, targets: Any = None) -> float | None:
        """The share of samples that are classified rightly; None where the targets are no classes.

        By the largest output for one-hot targets, by out > 0.5 for one target of 0 or 1.
        """
        inputs, targets = self._samples(inputs, targets)
        return self._accuracy(self.forward(inputs), targets)

    def _pass_forward(self, vector, inputs):
        """(net, out) of the last layer, with new arrays at every step."""
        out = inputs
        for layer, (weights, bias) in zip(self.layers, unpacked(self.layers, vector)):
            net = out @ weights.T
            if bias is not None:
                net = net + bias
            out = ACTIVATIONS[layer.activation].value(net)
        return net, out

    def _E_total(self, vector, net, out, targets):
        each = errors(self.layers[-1].activation, self._loss, net, out, targets)
        return np.sum(each) * self._error_scale(len(targets)) + self._l2_error(vector, len(targets))

    def _l2_error(self, vector, samples):
        """l2/2 times the sum of squared weights; without such a term 0, even of infinite weights."""
        if self._l2 == 0.0:
            return 0.0
        squares = sum(np.sum(weights**2) for weights, _ in unpacked(self.layers, vector))
        return 0.5 * self._l2_of(samples) * squares

    def _accuracy(self, out, targets):
        if not np.all((targets == 0.0) | (targets == 1.0)) or self._loss == "output":
            return None
        if targets.shape[1] == 1:
            return float(np.mean((out > 0.5) == (targets == 1.0)))
        if np.any(np.sum(targets, axis=1) != 1.0):
            return None
        return float(np.mean(np.argmax(out, axis=1) == np.argmax(targets, axis=1)))

    # Gradients

    def gradients(self, inputs: Any = None, targets: Any = None) -> list[dict]:
        """dE_total by layer: list of {"weights": (n, m) array, "bias": None, float (shared) or (n,) array}.

        A frozen bias has its gradient too; training does not use it. A shared bias gets the sum of the
        deltas.
        """
        return by_layer(self.layers, self.gradient_vector(inputs, targets))

    def gradient_vector(self, inputs: Any = None, targets: Any = None) -> np.ndarray:
        """dE_total with respect to every entry of `vector`, flat."""
        inputs, targets = self._samples(inputs, targets)
        state = State(self.layers, self.vector)
        whole = self._new_pass(state, len(inputs))
        whole.load(inputs.T, targets.T, np.arange(len(inputs)))
        whole.run()
        return state.collect(state.gradient)

    @property
    def parameters(self) -> list[dict]:
        """The current weights in the structure of `gradients` (fresh arrays)."""
        return by_layer(self.layers, self.vector)

    # Training

    def train(
        self,
        updates: int | None = None,
        learning_rate: float | None = None,
        every: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[dict]:
        """Update the parameters: all gradients first, then all parameters move at once.

        `updates` and `learning_rate` are by default the dict's; its "update", "batch" and "order" say how
        parameters move and from which samples. A call goes on where the last one stopped.

        Returns a list of {"update": n, "E_total", "accuracy"} over all samples: before the first update of
        this call, after each whose number is a multiple of `every`, and after the last; with samples
        "held_out" also "held_out_accuracy".

        progress(made, updates) is called at most ten times a second. An exception, such as a
        KeyboardInterrupt, leaves the twin as it was after the last finished update.

        Raises GradcheckError without samples, updates or rate.
        """
        updates = self._given("updates", updates)
        learning_rate = float(self._given("learning_rate", learning_rate))
        if updates < 0 or (every is not None and every < 1):
            raise GradcheckError(f"train: expected updates >= 0 and every >= 1, found {updates} and {every}")
        if len(self.inputs) == 0:
            raise GradcheckError("training needs at least one [[sample]] in the network's description first")
        before, course = self._course.made, self._course
        report = None if progress is None else lambda made: progress(made - before, updates)
        run = Run(course, self.layers, self.inputs, self.targets, learning_rate, self._new_pass, report)
        history, last = [self._record()], before + updates
        while course.made < last:
            run.go_to(last if every is None else min(last, (course.made // every + 1) * every))
            history.append(self._record())
        return history

    def to_dict(self) -> dict:
        """The plain dict with the current weights, every key explicit.

        A twin made of it has these weights, but starts anew with its order, and with an update rule that has
        no memory.
        """
        network = deepcopy(self._network)
        for plain, layer, current in zip(network["layer"], self.layers, self.parameters):
            plain["weights"] = current["weights"].tolist()
            plain["bias"] = current["bias"].tolist() if layer.bias == "own" else current["bias"]
            plain["train_bias"] = layer.train_bias
        return network

    def _record(self):
        net, out = self._pass_forward(self.vector, self.inputs)
        record = {
            "update": self._course.made,
            "E_total": float(self._E_total(self.vector, net, out, self.targets)),
            "accuracy": self._accuracy(out, self.targets),
        }
        inputs, targets = self._held_out
        if len(inputs) > 0:
            record["held_out_accuracy"] = self.accuracy(inputs, targets)
        return record

    def _given(self, key, value):
        value = self._network.get(key) if value is None else value
        if value is None:
            raise GradcheckError(f"{key}: found none; give it in the network or to train()")
        return value

    def _new_pass(self, state, samples):
        delta = output_delta(self.layers[-1].activation, self._loss)
        return Pass(state, samples, delta, self._error_scale(samples), self._l2_of(samples))

    # Conventions

    def _error_scale(self, samples):
        """What the sum of all outputs' errors is multiplied by."""
        scale = 1.0 / self.layers[-1].neurons if self._network["outputs"] == "mean" else 1.0
        return scale / samples if self._network["samples_combine"] == "mean" else scale

    def _l2_of(self, samples):
        return self._l2 / samples if self._network["l2_scale"] == "per sample" else self._l2

    # Samples

    def _arrays(self, samples):
        """(inputs (N, m), targets (N, K)) of a list of {"inputs", "targets"}."""
        inputs = self._checked("inputs", [sample["inputs"] for sample in samples], self.layers[0].inputs)
        return inputs, self._checked_targets([sample.get("targets", []) for sample in samples], len(samples))

    def _samples(self, inputs, targets):
        inputs = self._own_or("inputs", inputs)
        targets = self.targets if targets is None else self._checked_targets(targets, len(inputs))
        if len(targets) != len(inputs):
            raise ShapeMismatch("targets", (len(inputs), self.layers[-1].neurons), targets.shape)
        if len(inputs) == 0:
            raise GradcheckError("samples: found none; give inputs and targets")
        return inputs, targets

    def _own_or(self, name, inputs):
        return self.inputs if inputs is None else self._checked(name, inputs, self.layers[0].inputs)

    def _checked_targets(self, targets, samples):
        """Targets (N, K); the loss "output" needs none, zeros stand in."""
        if self._loss == "output" and np.size(targets) == 0:
            return np.zeros((samples, self.layers[-1].neurons))
        return self._checked("targets", targets, self.layers[-1].neurons)

    @staticmethod
    def _checked(name, rows, columns):
        try:
            array = np.array(rows, dtype=np.float64)
        except (TypeError, ValueError):
            hint = f"give a row of {columns} numbers per sample"
            raise NotRealNumbers(name, repr(rows)[:80], hint) from None
        if array.size == 0 or array.ndim == 1 and array.size == columns:
            array = array.reshape(-1, columns)
        if array.ndim != 2 or array.shape[1] != columns:
            raise ShapeMismatch(name, ("N", columns), array.shape)
        return array
