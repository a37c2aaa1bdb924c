"""Objects and twin trained side by side: the first quantity in which they part company, by how much, and why.

Both start from the same numbers and add the same things in another order, so sooner or later they differ in a last
digit. What matters is the first difference: before it both had the same parameters, so it comes from a single update,
and rounding either accounts for it or does not.
"""

import math
from dataclasses import dataclass

from neuronnet import NeuralNetwork
from neuronnet.render.text import conventions, nine_decimals

from .network import SMALLEST_NORMAL, rounding_bounds, twin_by_name, twin_gradients
from .twin import Twin

# A parameter's update takes at most this many roundings once its gradient is known: those of an Adam step with decay.
UPDATE_ROUNDINGS = 16


@dataclass(frozen=True)
class Parting:
    """The first quantity that differs: `name` (such as w3@7), both values, how many ulps, and whether rounding did it."""

    name: str
    objects: float
    twin: float
    ulps: float
    by_rounding: bool

    def __str__(self):
        cause = "rounding accounts for it" if self.by_rounding else "rounding does not account for it"
        return (f"{self.name}: objects {self.objects!r}, twin {self.twin!r}, {self.ulps:g} "
                f"ulp{'' if self.ulps == 1 else 's'} apart; {cause}")


@dataclass(frozen=True)
class LockstepReport:
    """`parting` (None when both stayed equal to the last bit) and `rows`, E_total of both at chosen updates."""

    description: dict
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
        lines = [self.description["title"], "", "Conventions"]
        lines += [f"  {sentence}" for sentence in conventions(self.description)] + [""]
        cells = [("update", "E_total, objects", "E_total, twin", "ulps apart")]
        cells += [(str(row["update"]), nine_decimals(row["objects"]), nine_decimals(row["twin"]), f"{row['ulps']:g}")
                  for row in self.rows]
        widths = [max(len(row[column]) for row in cells) for column in range(4)]
        lines += ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in cells]
        apart = (f"the first to part company is {self.parting}" if self.parting is not None
                 else f"every parameter is the same to the last bit after {self.updates} updates")
        return "\n".join(lines + ["", apart, f"verdict: {self.verdict}"])


def lockstep(description, updates, every=None, progress=None):
    """Train the objects and the twin of a description for `updates` updates. Returns a LockstepReport.

    Rows are taken before the first update, after each `every`-th (by default a tenth of all) and after the last;
    `progress(done)` is called after each update.
    """
    network, twin = NeuralNetwork.from_dict(description), Twin(description)
    every = max(1, updates // 10) if every is None else every
    parting, rows = None, [_row(0, network, twin)]
    for update in range(1, updates + 1):
        before = None if parting is not None else [parameter.value for parameter in network.parameters]
        batch = network.next_batch()
        network.train_batch(batch)
        twin.train(1)
        if parting is None:
            parting = _first_difference(network, twin, update, before, batch)
        if update % every == 0 or update == updates:
            rows.append(_row(update, network, twin))
        if progress is not None:
            progress(update)
    return LockstepReport(network.to_dict(), updates, parting, rows)


def ulps(one, other):
    """How many units in the last place of the larger lie between two floats; infinite when one is not finite."""
    if one == other:
        return 0.0
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.inf
    return abs(one - other) / math.ulp(max(abs(one), abs(other)))


def _row(update, network, twin):
    objects, vectorised = network.total_error(), twin.loss()
    return {"update": update, "objects": objects, "twin": vectorised, "ulps": ulps(objects, vectorised)}


def _first_difference(network, twin, update, before, batch):
    """The Parting after this update, or None; `before` are the values that both had before it."""
    values = twin_by_name(network, twin.parameters)
    for parameter in network.parameters:
        if parameter.value != values[parameter.name]:
            distance = abs(parameter.value - values[parameter.name])
            return Parting(f"{parameter.name}@{update}", parameter.value, values[parameter.name],
                           ulps(parameter.value, values[parameter.name]),
                           _is_rounding(network, parameter, before, batch, distance))
    return None


def _is_rounding(network, parameter, before, batch, distance):
    """Whether the gradients at the parameters before the update differ by rounding only, and the update adds no more."""
    after = [each.value for each in network.parameters]
    for each, value in zip(network.parameters, before):
        each.value = value
    objects, vectorised = network.gradients(batch), twin_gradients(network, batch)
    bounds = rounding_bounds(network, batch)
    start = parameter.value
    for each, value in zip(network.parameters, after):
        each.value = value
    name = parameter.name
    gradient_apart = abs(objects[name] - vectorised[name])
    if gradient_apart > bounds[name] + SMALLEST_NORMAL:
        return False
    if gradient_apart != 0 and network.update_rule.name in ("adam", "adamw"):
        return True         # Adam divides a gradient by its size, so a last digit of a small one can move anything
    size = max(abs(start), abs(parameter.value), abs(parameter.value - start))
    # Momentum passes a difference of gradients on at most 1 + momentum times, that is less than twice.
    return distance <= UPDATE_ROUNDINGS * math.ulp(size) + 2 * network.learning_rate * gradient_apart
