"""Trains objects and twin side by side, and names the first quantity in which they differ, and why.

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
from gradcheck.networks import (
    SMALLEST_NORMAL,
    in_twin_order,
    rounding_bounds,
    twin_gradients,
    values_at,
)
from gradcheck.report.report import plain
from gradcheck.twin import Twin
from neuronnet import NeuralNetwork
from neuronnet.description.description import Description
from neuronnet.description.reading import read
from neuronnet.errors import Interrupted
from neuronnet.render.text import conventions, nine_decimals, table

# A parameter's update takes at most this many roundings once its gradient is known: those of an Adam step
# with decay.
UPDATE_ROUNDINGS = 16
DIVIDE_BY_SIZE = ("adam", "adamw", "rmsprop")  # rules whose steps are as long for a tiny gradient


@dataclass(frozen=True)
class Parting:
    """The first quantity that differs: `name` (such as w3@7), both values, ulps, and whether by rounding."""

    name: str
    objects: float
    twin: float
    ulps: float
    by_rounding: bool

    def __str__(self):
        cause = "accounts for it" if self.by_rounding else "does not account for it"
        apart = f"{self.ulps:g} ulp{'' if self.ulps == 1 else 's'} apart; rounding {cause}"
        return f"{self.name}: objects {self.objects!r}, twin {self.twin!r}, {apart}"


@dataclass(frozen=True)
class SideBySideReport:
    """`parting`, None when both stayed equal to the last bit, and `rows`, E_total of both."""

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
        found = {"verdict": self.verdict, "updates": self.updates, "parting": parting, "rows": self.rows}
        return plain(found)

    def __str__(self):
        cells = [("update", "E_total, objects", "E_total, twin", "ulps apart")]
        for row in self.rows:
            totals = nine_decimals(row["objects"]), nine_decimals(row["twin"])
            cells.append((str(row["update"]), *totals, f"{row['ulps']:g}"))
        apart = f"the first number that differs is {self.parting}"
        if self.parting is None:
            apart = f"every parameter is the same to the last bit after {self.updates} updates"
        lines = [f"training: {self.verdict}", apart, "", self.description.title, "", "Conventions"]
        lines += [*(f"  {sentence}" for sentence in conventions(self.description)), ""]
        return "\n".join(lines + table(cells, left=0))


def side_by_side(description, updates, every=None, progress=None):
    """Train the objects and the twin of a description for `updates` updates. Returns a SideBySideReport.

    `description` is what `neuronnet.load` takes. Rows are taken before the first update, after each
    `every`-th (by default a tenth of all) and after the last; `progress(done)` is called after each update.
    Raises GradcheckError for a training that diverges.
    """
    network = NeuralNetwork.from_dict(description)
    require_start(network.to_dict())
    twin, judge = Twin(network.to_dict()), _Judge(network)
    every = max(1, updates // 10) if every is None else every
    rows = [_row(0, network, twin)]
    try:
        with np.errstate(all="ignore"):
            for update in range(1, updates + 1):
                judge.see(update, network.next_batch())
                twin.train(1)
                if update % every == 0 or update == updates:
                    rows.append(_row(update, network, twin))
                if progress is not None:
                    progress(update)
    except KeyboardInterrupt:
        report = SideBySideReport(read(description), update - 1, judge.parting, rows)
        raise Interrupted(report, f"after update {update - 1} of {updates}") from None
    return SideBySideReport(read(network), updates, judge.parting, rows)


def require_start(network):
    """Raise GradcheckError for the dict of a network whose training goes on: a twin starts afresh."""
    for key in ("state", "batches_taken"):
        if network.get(key):
            raise GradcheckError(f"{key}: a twin begins a training, and goes on with none; leave out {key}")


def ulps(one, other):
    """How many units in the last place of the larger lie between two floats."""
    if one == other:
        return 0.0
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.inf
    return abs(one - other) / math.ulp(max(abs(one), abs(other)))


def _row(update, network, twin):
    objects, vectorised = network.total_error(), twin.loss()
    return {"update": update, "objects": objects, "twin": vectorised, "ulps": ulps(objects, vectorised)}


class _Judge:
    """Makes each update by the objects, and by a twin that starts it from the same parameters."""

    def __init__(self, network):
        self.network, self.twin = network, Twin(network.to_dict())
        self.parting, self.judging, self.largest, self.bounds = None, True, {}, {}
        self._keep_largest()

    def see(self, update, batch):
        """Make one update and judge every parameter; `parting` keeps the first difference, or wrong one.

        The twin then starts the next update from the objects' parameters.
        """
        network, rule = self.network, copy.deepcopy(self.network.update_rule)
        before = [parameter.value for parameter in network.parameters]
        network.gradients(batch)
        network.update()
        if not all(math.isfinite(parameter.value) for parameter in network.parameters):
            found = f"a parameter is not finite after {update} updates"
            raise GradcheckError(f"the training diverges: {found}; take a smaller learning rate")
        if not self.judging:
            return
        self._keep_largest()
        self.twin.train(1)
        own, gradients = list(in_twin_order(network)), None
        values = {parameter.name: value for parameter, value in zip(own, self.twin.vector.tolist())}
        for parameter, start in zip(network.parameters, before):
            now, value = parameter.value, values[parameter.name]
            if now == value:
                continue
            largest = max(abs(start), abs(now), abs(now - start))
            by_rounding = abs(now - value) <= UPDATE_ROUNDINGS * math.ulp(largest)
            if not by_rounding:
                gradients = gradients or _gradients_at(network, before, batch)
                by_rounding = self._is_rounding(parameter, start, value, gradients, rule)
                self.judging = rule.name not in DIVIDE_BY_SIZE
            if self.parting is None or (self.parting.by_rounding and not by_rounding):
                name = f"{parameter.name}@{update}"
                self.parting = Parting(name, now, value, ulps(now, value), by_rounding)
        self.judging = self.judging and (self.parting is None or self.parting.by_rounding)
        self.twin.vector = [parameter.value for parameter in own]

    def _is_rounding(self, parameter, start, value, gradients, rule):
        """Whether the gradients differ by rounding only, and the values by what the rule makes of that."""
        objects, vectorised, bound = (each[parameter.name] for each in gradients)
        bound += SMALLEST_NORMAL
        if not abs(objects - vectorised) <= bound:
            return False
        name = parameter.name
        bound = self.bounds[name] = max(bound, self.bounds.get(name, 0))
        furthest = [self._replayed(rule, parameter, start, objects + each) for each in (bound, -bound)]
        # A rule's memory holds up to 1/(1 - momentum) such differences, in Adam 1/(1 - beta1).
        memory = [rule.settings[key] for key in ("momentum", "beta1", "beta") if key in rule.settings]
        size = max(self.largest[name], self.network.learning_rate * abs(objects))
        allowed = 2 * abs(furthest[0] - furthest[1]) + UPDATE_ROUNDINGS * math.ulp(size)
        return abs(parameter.value - value) <= allowed / (1 - max(memory, default=0))

    def _keep_largest(self):
        """The largest number in a parameter's updates so far: they rounded nothing larger."""
        eta, rule = self.network.learning_rate, self.network.update_rule
        for parameter in self.network.parameters:
            name = parameter.name
            # A gradient over the root of its mean square is at most 1/sqrt(1 - beta), in Adam about 1.
            divided = eta / math.sqrt(1 - rule.settings.get("beta", 0))
            step = divided if rule.name in DIVIDE_BY_SIZE else eta * abs(rule.state.get(f"v_{name}", 0))
            self.largest[name] = max(self.largest.get(name, 0), abs(parameter.value), step)

    def _replayed(self, rule, parameter, start, gradient):
        """Where the objects' rule, as it was before the update, takes the parameter from `start`."""
        rule = copy.deepcopy(rule)
        rule.start_update()
        with values_at([parameter], [start]):
            return rule.moved(parameter, gradient, self.network.learning_rate)


def _gradients_at(network, before, batch):
    """(objects', twin's, bounds) of all gradients at the parameters before an update."""
    with values_at(network.parameters, before):
        return network.gradients(batch), twin_gradients(network, batch), rounding_bounds(network, batch)
