"""A training by the formulas of the rows alone, update after update: a second way to a trained state."""

from neuronnet.derivation.passes import Pass
from neuronnet.derivation.quantities import Derivation
from neuronnet.derivation.rows import Rows
from neuronnet.names import split_index


def trained_by_rows(description, updates):
    """What the parameters and the state of the update rule are after so many updates, by name."""
    derivation = Derivation(description, updates=0)
    formulas = Pass(derivation.description, derivation.given)
    values, batches = dict(derivation.given), derivation.description.batches()
    for _ in range(updates):
        rows, batch = Rows(values), next(batches)
        for formula, other in formulas.without_cancellation():
            rows.evaluate_as(formula, other)
        update = list(formulas.update(batch))
        for name, expression, part in [*formulas.forward(), *formulas.backward(batch), *update]:
            rows.record(name, expression, part)
        moved = [(split_index(name)[0], name) for name, *_ in update]
        values |= {base: rows[name].value for base, name in moved if base in values}
    return values
