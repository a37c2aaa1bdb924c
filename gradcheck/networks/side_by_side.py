"""Objects and twin trained side by side: the first quantity in which they part company, by how much, and why.

Both start from the same numbers and add the same things in another order, so sooner or later they differ in a
last digit. Every update is judged on its own: a second twin is put back to the objects' parameters before
each, and every parameter it moves otherwise is either accounted for by rounding, or wrong. (Under Adam, which
divides a gradient by its size, the judging ends with the first update in which a gradient's last digits moved
a parameter: from there on the two remember different things.)
"""

import copy
import math
from dataclasses import dataclass

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.networks.five_ways import SMALLEST_NORMAL, rounding_bounds, twin_by_name, twin_gradients
from gradcheck.twin.twin import Twin
from neuronnet import NeuralNetwork
from neuronnet.description.description import Description
from neuronnet.description.reading import read
from neuronnet.render.text import conventions, nine_decimals

# A parameter's update takes at most this many roundings once its gradient is known: those of an Adam step
# with decay.
UPDATE_ROUNDINGS = 16


@dataclass(frozen=True)
class Parting:
    """The first quantity that differs: `name` (such as w3@7), both values, how many ulps, and whether
    rounding did it.
    """

    name: str
    objects: float
    twin: float
    ulps: float
    by_rounding: bool

    def __str__(self):
        cause = "rounding accounts for it" if self.by_rounding else "rounding does not account for it"
        return (
            f"{self.name}: objects {self.objects!r}, twin {self.twin!r}, {self.ulps:g} "
            f"ulp{'' if self.ulps == 1 else 's'} apart; {cause}"
        )


@dataclass(frozen=True)
class LockstepReport:
    """`parting` (None when both stayed equal to the last bit) and `rows`, E_total of both at chosen updates."""

    description: Description
    updates: int
    parting: Parting | None
    rows: list

    @property
    def verdict(self):
        """`right` when nothing but rounding sets the two apart, otherwise `wrong`."""
        return "right" if self.parting is None or self.parting.by_rounding else "wrong"

    def to_dict(self):
        """The report with plain keys, for JSON."""
        parting = None if self.parting is None else vars(self.parting)
        return {"verdict": self.verdict, "updates": self.updates, "parting": parting, "rows": self.rows}

    def __str__(self):
        lines = [self.description.title, "", "Conventions"]
        lines += [f"  {sentence}" for sentence in conventions(self.description)] + [""]
        cells = [("update", "E_total, objects", "E_total, twin", "ulps apart")]
        cells += [
            (
                str(row["update"]),
                nine_decimals(row["objects"]),
                nine_decimals(row["twin"]),
                f"{row['ulps']:g}",
            )
            for row in self.rows
        ]
        widths = [max(len(row[column]) for row in cells) for column in range(4)]
        lines += ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in cells]
        apart = (
            f"the first to part company is {self.parting}"
            if self.parting is not None
            else f"every parameter is the same to the last bit after {self.updates} updates"
        )
        return "\n".join(lines + ["", apart, f"verdict: {self.verdict}"])


def lockstep(description, updates, every=None, progress=None):
    """Train the objects and the twin of a description for `updates` updates. Returns a LockstepReport.

    `description` is what `neuronnet.load` takes. Rows are taken before the first update, after each
    `every`-th (by default a tenth of all) and after the last; `progress(done)` is called after each update.
    Raises GradcheckError for a training that diverges.
    """
    network = NeuralNetwork.from_dict(description)
    twin, judge = Twin(network.to_dict()), _Judge(network)
    every = max(1, updates // 10) if every is None else every
    rows = [_row(0, network, twin)]
    with np.errstate(all="ignore"):
        for update in range(1, updates + 1):
            judge.see(update, network.next_batch())
            twin.train(1)
            if update % every == 0 or update == updates:
                rows.append(_row(update, network, twin))
            if progress is not None:
                progress(update)
    return LockstepReport(read(network), updates, judge.parting, rows)


def ulps(one, other):
    """How many units in the last place of the larger lie between two floats; infinite when one is not
    finite.
    """
    if one == other:
        return 0.0
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.inf
    return abs(one - other) / math.ulp(max(abs(one), abs(other)))


def _row(update, network, twin):
    objects, vectorised = network.total_error(), twin.loss()
    return {"update": update, "objects": objects, "twin": vectorised, "ulps": ulps(objects, vectorised)}


class _Judge:
    """Makes each update of the objects, and the same one by a twin that starts it from the same parameters."""

    def __init__(self, network):
        self.network, self.twin = network, Twin(network.to_dict())
        self.parting, self.judging, self.largest, self.bounds = None, True, {}, {}
        self._keep_largest()

    def see(self, update, batch):
        """Make one update, and judge every parameter by it; `parting` keeps the first difference, or the
        first wrong one.
        """
        network = self.network
        rule, before = (
            copy.deepcopy(network.update_rule),
            [parameter.value for parameter in network.parameters],
        )
        network.train_batch(batch)
        if not all(math.isfinite(parameter.value) for parameter in network.parameters):
            raise GradcheckError(
                f"the training diverges: a parameter is not finite after {update} updates; "
                "take a smaller learning rate"
            )
        if not self.judging:
            return
        self._keep_largest()
        self.twin.train(1)
        values = twin_by_name(network, self.twin.parameters)
        apart = [
            (parameter, start)
            for parameter, start in zip(network.parameters, before)
            if parameter.value != values[parameter.name]
        ]
        if apart:
            gradients = None
            for parameter, start in apart:
                value = values[parameter.name]
                size = max(abs(start), abs(parameter.value), abs(parameter.value - start))
                explained = abs(parameter.value - value) <= UPDATE_ROUNDINGS * math.ulp(size)
                if not explained:
                    gradients = _gradients_at(network, before, batch) if gradients is None else gradients
                    explained = self._is_rounding(parameter, start, value, gradients, rule)
                    self.judging = network.update_rule.name not in ("adam", "adamw")
                if self.parting is None or (self.parting.by_rounding and not explained):
                    self.parting = Parting(
                        f"{parameter.name}@{update}",
                        parameter.value,
                        value,
                        ulps(parameter.value, value),
                        explained,
                    )
            self.judging = self.judging and self.parting.by_rounding
            self.twin.vector = [
                value
                for layer in network.layers
                for value in [weight.value for neuron in layer for weight in neuron.weights]
                + [bias.value for bias in layer.biases]
            ]

    def _is_rounding(self, parameter, start, value, gradients, rule):
        """Whether the gradients differ by rounding only, and the values by what the rule makes of that
        difference.
        """
        objects, vectorised, bound = (each[parameter.name] for each in gradients)
        bound += SMALLEST_NORMAL
        if not abs(objects - vectorised) <= bound:
            return False
        # What a rule remembers of earlier updates holds up to 1/(1 - momentum) such differences, in Adam 1/(1
        # - beta1).
        bound = self.bounds[parameter.name] = max(bound, self.bounds.get(parameter.name, 0))
        passed_on = abs(
            self._replayed(rule, parameter, start, objects + bound)
            - self._replayed(rule, parameter, start, objects - bound)
        )
        remembered = 1 / (1 - rule.settings.get("momentum", rule.settings.get("beta1", 0)))
        roundings = UPDATE_ROUNDINGS * math.ulp(
            max(self.largest[parameter.name], self.network.learning_rate * abs(objects))
        )
        return abs(parameter.value - value) <= remembered * (2 * passed_on + roundings)

    def _keep_largest(self):
        """The largest number that the updates of a parameter have added up so far: what they rounded was no
        larger.
        """
        eta, state = self.network.learning_rate, self.network.update_rule.state
        for parameter in self.network.parameters:
            name = parameter.name
            step = (
                eta if f"m_{name}" in state else eta * abs(state.get(f"v_{name}", 0))
            )  # Adam's is eta at the most
            self.largest[name] = max(self.largest.get(name, 0), abs(parameter.value), step)

    def _replayed(self, rule, parameter, start, gradient):
        """Where the objects' rule, as it was before the update, takes the parameter from `start` with a
        gradient.
        """
        rule = copy.deepcopy(rule)
        rule.start_update()
        after, parameter.value = parameter.value, start
        moved = rule.moved(parameter, gradient, self.network.learning_rate)
        parameter.value = after
        return moved


def _gradients_at(network, before, batch):
    """(objects', twin's, bounds) of all gradients at the parameters before an update."""
    after = [parameter.value for parameter in network.parameters]
    for parameter, value in zip(network.parameters, before):
        parameter.value = value
    found = network.gradients(batch), twin_gradients(network, batch), rounding_bounds(network, batch)
    for parameter, value in zip(network.parameters, after):
        parameter.value = value
    return found
