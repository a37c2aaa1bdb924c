"""Functions that a sheet defines, `f(v) = 1/(1 + e^-v)`, with their slopes f' and f''.

The first formula of a function defines it; whatever else a line says of f(1), f'(v) or df/dv is a claim.
"""

from __future__ import annotations

import re
from contextlib import suppress
from math import isclose

from neuronnet.derivation.sweep import slope_of
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.calls import put_in
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.notation import Known, parse, read_function_head

SLOPES = 2  # f' and f''
TRIED = (0.3, 0.7, 1.1)


def define_functions(claims: list, known: Known) -> list:
    """Keep in `known` the functions that claims define; returns these claims."""
    found = []
    for claim in sorted(filter(is_of_function, claims), key=lambda each: "'" in each.parts[0].text):
        head = read_function_head(claim.parts[0].text)
        if head is not None and not known.has(head[0]) and _define(*head, claim.parts[1], known):
            found.append(claim)
    return found


def is_of_function(claim) -> bool:
    """Whether the first side of a claim is a function with its parameters."""
    return len(claim.parts) > 1 and read_function_head(claim.parts[0].text) is not None


def with_slopes(claims: list) -> list:
    """Claims with `f'(v)` for `df(v)`, `f_prime(v)` and their like where a line says what f(v) is."""
    heads = {claim.parts[0].text: read_function_head(claim.parts[0].text) for claim in claims}
    called = {head[0]: text.partition("(")[0].strip() for text, head in heads.items() if head is not None}
    for name, parameters in filter(None, heads.values()):
        for slope in filter(called.get, _slopes_of(name, parameters)):
            word = rf"(?<!\w){re.escape(called[slope])}(?=\s*\()"
            written = called[name] + "'"
            claims = [
                each._replace(parts=[part.replace(word, lambda _, new=written: new) for part in each.parts])
                for each in claims
            ]
    return claims


def _slopes_of(name, parameters):
    """What programs call the slope of a function of one number."""
    ways = ("d{0}", "d_{0}", "{0}_prime", "{0}prime", "{0}_derivative", "{0}_deriv", "grad_{0}", "{0}_grad")
    ways += ("d{0}d{1}", "d{0}_d{1}", "{0}Prime", "{0}_der", "derivative_{0}", "d{0}_{1}")
    return [each.format(name, *parameters) for each in ways if len(parameters) == 1]


def with_primes(claims: list) -> list:
    """Claims with `f'(v)` for `df/dv` and `f''(v)` for `d²f/dv²` where a line says what f(v) is."""
    heads = [read_function_head(claim.parts[0].text) for claim in claims if len(claim.parts) > 1]
    names = {claim.parts[0].text.strip() for claim in claims}
    for name, parameters in dict(each for each in heads if each is not None).items():
        if len(parameters) > 1 or name in names or name.endswith("'"):
            continue
        of, by = re.escape(name), re.escape(parameters[0])
        called = rf"(?:\({by}\))?"
        for power, primes in (("", "'"), (r"(?:²|\^\{?2\}?)", "''")):
            slope = rf"(?<!\w)[d∂]{power}\s?{of}{called}\s?/\s?[d∂]\s?{by}{power}(?![\w^²])"
            slope += rf"|(?<!\w)[d∂]{power}\s?/\s?[d∂]\s?{by}{power}\s?{of}\({by}\)"
            written = f"{name}{primes}({parameters[0]})"
            claims = [
                each._replace(parts=[part.replace(slope, lambda _, new=written: new) for part in each.parts])
                for each in claims
            ]
    return claims


def _define(name, parameters, text, known):
    """Whether a formula defines a function, which is kept.

    `f'(y) = y (1 - y)` does where it gives the slope of f from its value, else it claims what the slope is.
    """
    inside = Known({*known.names, *parameters}, dict(known.functions), set(known.arrays))
    try:
        formula = parse(text, inside)
    except NeuronnetError:
        return False
    if not {*formula.names()} <= {*parameters, *known.names} or {*parameters}.isdisjoint(formula.names()):
        return False
    if name in known.functions and not _is_of_value(name, parameters, formula, known):
        return False
    for primes in range(SLOPES + 1):
        known.functions[name + "'" * primes] = (parameters, formula)
        formula = slope_of(parameters, formula)
        if formula is None:
            break
    return True


def _is_of_value(name, parameters, formula, known):
    """Whether a formula is the slope of a function if it is taken of the function's value alone."""
    if not name.endswith("'") or len(parameters) != 1:
        return False
    (own,), value = known.functions[name.rstrip("'")]
    slope, here = known.functions[name][1], {own: Name(parameters[0])}
    of_value = put_in(formula, {parameters[0]: put_in(value, here, None)}, None)
    slope = put_in(slope, here, None)
    return _agree(of_value, slope, parameters[0]) and not _agree(formula, slope, parameters[0])


def _agree(one, other, name):
    """Whether two formulas of one name have the same values at some numbers."""
    with suppress(NeuronnetError, ArithmeticError, ValueError, KeyError):
        pairs = [[evaluator(each, float)({name: number}) for each in (one, other)] for number in TRIED]
        return all(isclose(*pair, rel_tol=1e-9) for pair in pairs)
    return False
