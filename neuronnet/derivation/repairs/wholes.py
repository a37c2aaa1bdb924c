"""Parts of a formula that are a quantity spelled out, and rightly so: each may stand there as a whole, by its name.

They are found by their value in one drawn network, in fifty digits.
"""

from neuronnet.derivation.expressions import Name, Product, Sum
from neuronnet.derivation.repairs.structure import nodes, product_of
from neuronnet.errors import NeuronnetError

LARGEST_FORMULA = 150       # parts
LONGEST_PART = 60           # characters; a longer one is spoken of by its name alone
MOST_FACTORS = 8
FEWEST_NAMES = 3            # in what is worth a name


def with_wholes(formula, quantity, derivation, parts):
    """`formula` with those parts named; `parts` gets name -> what to call it. The `quantity` itself is never put in.

    `derivation` is that of a drawn network, where nothing is equal by chance, in fifty digits, and so is the context.
    """
    relu = any(layer["activation"] == "relu" for layer in derivation.description["layer"])
    if relu or sum(1 for _ in nodes(formula)) > LARGEST_FORMULA:
        return formula      # a relu that is on is its net input, by chance
    rows = {_digits(row.value): row.name for row in reversed(derivation.quantities)
            if row.expression is not None and not isinstance(row.expression, Name) and row.name not in quantity.names()}
    while True:
        step = _first_whole(formula, derivation, rows)
        if step is None:
            return formula
        name, part, formula = step
        parts[name] = f"{name} = {part}" if len(part.format()) <= LONGEST_PART else name


def _first_whole(formula, derivation, rows):
    """(name, the part, the formula with the name in its place) of the first part that is a quantity; None without one."""
    for node, rebuild, _ in nodes(formula):
        for start, end, part in _candidates(node):
            name = _name_of(part, derivation, rows)
            if name is not None:
                whole = Name(name) if start is None else product_of(
                    [*node.factors[:start], ("*", Name(name)), *node.factors[end:]])
                return name, part, rebuild(whole)
    return None


def _candidates(node):
    """(start, end, part) for a sum as a whole, and for every run of factors of a product, the longest first."""
    if isinstance(node, Sum):
        yield None, None, node
    if isinstance(node, Product):
        count = len(node.factors)
        for length in range(min(count, MOST_FACTORS), 1, -1):
            for start in range(count - length + 1):
                run = node.factors[start:start + length]
                if all(operator == "*" for operator, _ in run):
                    yield start, start + length, product_of(run)


def _name_of(part, derivation, rows):
    if len(part.names()) < FEWEST_NAMES:
        return None
    try:
        return rows.get(_digits(derivation.evaluated(part)))
    except (ArithmeticError, NeuronnetError):
        return None


def _digits(value):
    return f"{value:.30e}"
