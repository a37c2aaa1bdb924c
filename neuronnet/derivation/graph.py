"""The chain rule over the quantities of a forward pass.

`partials` maps each quantity, in the order of the pass, to {what it depends on directly: the derivative by
that}.
"""

from neuronnet.formulas.expressions import Name, Number, total
from neuronnet.names import partial_name


def chain_rule(partials, numerator, denominator, own_name):
    """The formula of dA/dB with B taken as the independent variable: the sum of dA/dC * dC/dB over all C
    between.

    The C are the quantities that depend on B directly and that A depends on. Where A is such a quantity
    itself, its direct derivative stands as it is; where there is none, the formula is 0. `own_name(text)`
    gives the name under which a derivative is known.
    """
    if numerator == denominator:
        return Number(1)
    ancestors = _ancestors(partials, numerator)
    terms = []
    for between, direct in partials.items():
        if denominator in direct and between in ancestors:
            if between == numerator:
                terms.append(direct[denominator])
            else:
                terms.append(
                    Name(own_name(partial_name(numerator, between)))
                    * Name(own_name(partial_name(between, denominator)))
                )
    return total(terms) if terms else Number(0)


def on_the_way(partials, numerator, denominator):
    """The quantities C that A depends on and that depend on B, those nearest to A first."""
    ancestors, reached, between = _ancestors(partials, numerator), {denominator}, []
    for name, direct in partials.items():
        if name in ancestors and name not in reached and not reached.isdisjoint(direct):
            reached.add(name)
            between.append(name)
    return between[::-1]


def _ancestors(partials, name):
    """`name` and everything it depends on, directly or not."""
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(partials.get(each, ()))
    return found
