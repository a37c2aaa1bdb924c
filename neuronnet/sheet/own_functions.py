"""Functions that a sheet defines, `f(v) = 1/(1 + e^-v)`, with their slopes f' and f''; J for J(θ).

The first formula of a function defines it; whatever else a line says of f(1), f'(v) or df/dv is a claim.
"""

from __future__ import annotations

import re
from contextlib import suppress
from math import isclose

from neuronnet.derivation.sweep import slope_of
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.calls import SPELLED, put_in
from neuronnet.formulas.evaluating import TRIED, evaluator
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.notation import Known, parse, parse_number, read_function_head, read_name

_GRADIENT = re.compile(r"∇(?:²|\^\{?2\}?)?\s*([^\W\d_]\w*)(?:\s?\(([^\W\d_]\w*)\))?(?![\w(^])")
_CALLED = re.compile(r"\s*([^()∇∂/=]{1,40}?)\s*\(([^()]{1,60})\)\s*")
VARIABLES = ("θ", "theta", "w", "β", "x")  # by which ∇f is the gradient, the likeliest first
SLOPES = 2  # f' and f''
ACTIVATIONS = "logistic tanh relu leaky_relu elu softplus gelu swish".split()
SLOPED = {*ACTIVATIONS, "exp", "ln", "sin", "cos", "sqrt", "abs"}  # what a letter may stand for: h = tanh
_INSIDE = r"(?:[^()]|\([^()]*\)){1,60}"
_ABOVE = r"(?:\^\{?[\[(]\w{1,3}[\])](?P<within>')?\}?|_\{?\w\}?)"
_CALL = re.compile(
    rf"(?<![\w^\\.])(?P<name>[^\W\d_]{{1,3}})(?P<prime>')?(?P<above>{_ABOVE})?(?P<late>')?\s?\((?P<argument>{_INSIDE})\)"
)
_APPLIED = (
    re.compile(
        r"(?P<function>[^\W\d]\w*)\s?\((?P<argument>[^(),]+(?:\([^()]*\)[^(),]*)*)(?P<rest>,[^()]+)?\)"
    ),
    re.compile(rf"(?P<function>max)\s?\(0,\s?(?P<argument>{_INSIDE})\)"),
    re.compile(r"\(?1\)?/\(\s?1\s?\+\s?(?:exp\(|e\^\(?|e\^\{)\s?-\s?(?P<argument>[^\s()]+?)[)}]?\s?\)"),
)


def define_functions(claims: list, known: Known, of_several: dict) -> list:
    """Keep in `known` the functions that claims define, and those of_several; returns these claims."""
    found = []
    for claim in sorted(filter(is_of_function, claims), key=lambda each: "'" in each.parts[0].text):
        head = read_function_head(claim.parts[0].text)
        if head is not None and not known.has(head[0]) and _define(*head, claim.parts[1], known):
            found.append(claim)
    for name, (parameters, formula) in of_several.items():
        _define(name, parameters, formula, known)
    return found


def is_of_function(claim) -> bool:
    """Whether the first side of a claim is a function with its parameters."""
    return len(claim.parts) > 1 and read_function_head(claim.parts[0].text) is not None


def with_functions(claims: list) -> list:
    """Claims with `h(v) = tanh(v)` for `h = tanh`."""
    found = []
    for claim in claims:
        head, last = claim.parts[0].text.strip(), claim.parts[-1].text.strip(" .")
        if len(claim.parts) == 2 and SPELLED.get(last) in SLOPED and re.fullmatch(r"[^\W\d_]{1,3}", head):
            claim = claim._replace(parts=[part.replace(r"\s*\.?\s*\Z", "(v)") for part in claim.parts])
        found.append(claim)
    return found


def with_slopes(claims: list) -> list:
    """Claims with `f'(v)` for `df(v)`, `f_prime(v)` and their like where a line says what f(v) is."""
    heads = {claim.parts[0].text: read_function_head(claim.parts[0].text) for claim in claims}
    called = {head[0]: text.partition("(")[0].strip() for text, head in heads.items() if head is not None}
    for name, parameters in filter(None, heads.values()):
        for slope in filter(called.get, _slopes_of(name, parameters)):
            claims = _replaced(claims, rf"(?<!\w){re.escape(called[slope])}(?=\s*\()", called[name] + "'")
    return claims


def with_activations(claims: list, known: Known) -> list:
    """Claims with `relu'(Z1)` for `g'(Z1)` where no line says what g is and the model has `A1 = relu(Z1)`.

    What is read so is noted in `known`.
    """
    texts = [part.text for claim in claims for part in claim.parts]
    if not any(map(_CALL.search, texts)):
        return claims
    applied: dict[str, set] = {}  # argument -> (function, everything in its brackets)
    for claim in claims:
        for part in claim.parts[1:]:
            for found in filter(None, (way.fullmatch(part.text.strip()) for way in _APPLIED)):
                function = SPELLED.get(found.groupdict().get("function") or "logistic", "")
                function = "relu" if function == "max" else function
                if function in ACTIVATIONS:
                    rest = found.groupdict().get("rest") or ""
                    applied.setdefault(_plain(found["argument"]), set()).add((function, rest))
    heads = {read_name(text) for text in (claim.parts[0].text for claim in claims)}
    heads |= {head[0] for head in map(read_function_head, (claim.parts[0].text for claim in claims)) if head}
    notes: dict[str, dict] = {}

    def meant(call):
        ways, name = (
            applied.get(_plain(call["argument"]), ()),
            call["name"] + (call["above"] or "").replace("'", ""),
        )
        if len(ways) != 1 or call["name"] in SPELLED or {call["name"], read_name(name)} & heads:
            return call.group()
        ((function, rest),) = ways
        notes.setdefault(name, {}).setdefault(function, []).append(call["argument"].strip())
        return f"{function}{call['prime'] or call['within'] or call['late'] or ''}({call['argument']}{rest})"

    claims = [each.replace(_CALL, meant) for each in claims]
    for name, functions in notes.items():
        ways = [f"{function} of {', '.join(dict.fromkeys(names))}" for function, names in functions.items()]
        known.notes.append(f"{name} is {' and '.join(ways)}, as in the model")
    return claims


def _plain(argument):
    return read_name(argument) or re.sub(r"\s+", "", argument)


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
            claims = _replaced(claims, slope, f"{name}{primes}({parameters[0]})")
    return claims


_AT_TIME = re.compile(r"\s*([^\W\d]\w*)\s?\(\d{1,2}\)\s*")


def with_times(claims: list) -> list:
    """Claims with w and `w@1` for `w(0)` and `w(1)`, where no line begins with w or with another w(…)."""
    heads = [claim.parts[0].text for claim in claims]
    plain = {text.partition("(")[0].strip() for text in heads if not _AT_TIME.fullmatch(text)}
    timed = {found[1] for found in map(_AT_TIME.fullmatch, heads) if found} - plain - SPELLED.keys()
    if not timed:
        return claims
    names = "|".join(sorted(map(re.escape, timed), key=len, reverse=True))
    called = re.compile(rf"(?<![^\W_])({names})\s?\((\d{{1,2}})\)")
    first = min(int(found[2]) for text in _texts(claims) for found in called.finditer(text))

    def at_time(found):
        return found[1] + (f"@{int(found[2]) - first}" if int(found[2]) > first else "")

    return [claim.respelled(lambda part: part.replace(called, at_time)) for claim in claims]


def without_arguments(claims: list) -> tuple[list, dict]:
    """(claims with J for J(θ) where θ has a value and J no other argument, and ∇_θ J for J' and its like,
    {name: ([parameters], formula)} of what is also a function of several, as f(x, y) beside f(x + h, y)).

    θ has values also where only θ_1 and θ_2 have some and no formula has θ itself.
    """
    heads = [claim.parts[0].text for claim in claims if len(claim.parts) > 1]
    plain = set(map(read_name, heads)) - {None}
    plain |= {stem.rstrip("0") for stem in map(str, plain) if stem.endswith("0")}  # w of w_0
    texts = " ".join(part.text for claim in claims for part in claim.parts[1:])
    stems = {re.sub(r"_?\d+\Z", "", each) for each in map(str, plain)}
    plain |= {each for each in stems if not re.search(rf"(?<!\w){re.escape(each)}(?!\w)", texts)}
    of_several: dict[str, tuple] = {}
    for match in filter(None, map(_CALLED.fullmatch, heads)):
        called, inside = match.groups()
        word, arguments = rf"(?<!\w){re.escape(called)}", rf"\s*\({re.escape(inside)}\)"
        names = set(map(read_name, inside.split(",")))
        others = re.compile(rf"{word}'*\s*\((?!{re.escape(inside)}\))|{word}'''")
        if called.rpartition(".")[2] in SPELLED or called.endswith("'") or not names <= plain:
            continue
        if any(others.search(each) for each in _texts(claims)):
            formulas = [each.parts[1] for each in claims if each.parts[0].text.strip() == match[0].strip()]
            if len(names) == 1 or parse_number(formulas[0].text):
                continue
            of_several[called] = [*map(read_name, inside.split(","))], formulas[0]
        if len(names) == 1:
            slopes = {"''": f"d²{called}/d{inside}²", "'": f"d{called}/d{inside}"}
            for primes, slope in slopes.items():
                claims = _replaced(claims, rf"{word}{primes}(?:{arguments}|(?!['(]))", slope)
        claims = _replaced(claims, word + arguments, called)
        claims = _without_nabla(claims, called, *re.split(r",\s*", inside.strip()))
    return claims, of_several


def with_one_parameter(claims: list) -> list:
    """Claims with `∂L/∂θ` for `∇L` where L is computed from one name that is given or that updates change.

    Of several, none of them updated, by the likeliest of VARIABLES, or by all that are numbers where so many
    derivatives are listed. Likewise the second derivative for `∇²L`.
    """
    heads = {read_name(claim.parts[0].text): claim for claim in claims if len(claim.parts) > 1}
    found = {match.groups() for text in _texts(claims) for match in _GRADIENT.finditer(text)}
    for called, argument in sorted(found, key=lambda each: each[1] is None):  # ∇f(x) says by what
        loss = read_name(called)
        own = heads[loss].parts[1].text if loss in heads else ""
        words = {
            *map(read_name, re.findall(r"[^\W\d_]+", own)),
            *map(read_name, re.findall(r"[^\W\d_]\w*", own)),
        }
        if loss in words:  # W := W + ΔW is an update, and no loss
            continue
        stems = {
            name if name in words else name.rstrip("0123456789_") for name in filter(None, heads)
        } & words
        updated = {name for name in stems if heads.keys() & {name + "'", name + "_new", name + "^+"}}
        usual = [each for each in VARIABLES if each in stems][:1]
        names = [*({argument} & words if argument else stems if len(stems) == 1 else updated or usual)]
        numbers = [name for name, each in heads.items() if name in words and parse_number(each.parts[1].text)]
        are_all = 1 < len(words & heads.keys()) == len(numbers) == _listed(claims, called)
        if are_all and argument is None and not updated:
            names = numbers
        if names and (len(names) == 1 or names is numbers):
            claims = _without_nabla(claims, called, *map(str, names))
    return claims


def _without_nabla(claims, called, *by):
    """Claims with `∂f/∂x` for ∇f, ∇f(x) and their like, or `[∂f/∂x, ∂f/∂y]`; and for ∇²f what is by both."""
    arguments = r",\s?".join(map(re.escape, by))
    word = rf"\s*{re.escape(called)}(?:\s?\({arguments}\))?(?![\w(^])"
    second = [[f"∂²{called}/∂{one}∂{other}" for other in by] for one in by]
    claims = _replaced(claims, f"∇{word}", _nested([f"∂{called}/∂{each}" for each in by]))
    return _replaced(claims, rf"∇(?:²|\^2|\^\{{2\}}){word}", _nested([*map(_nested, second)]))


def _nested(found):
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def _listed(claims, called):
    """How many entries a claim on ∇f lists; 0 where none does."""
    head = re.compile(rf"\s*∇\s?{re.escape(called)}\s*")
    texts = (claim.parts[1].text.strip() for claim in claims if head.fullmatch(claim.parts[0].text))
    return max((text.count(",") + 1 for text in texts if text[:1] in "[("), default=0)


def _texts(claims):
    return (part.text for claim in claims for part in claim.parts)


def _replaced(claims, pattern, text):
    return [claim.replace(pattern, lambda _: text) for claim in claims]


def _define(name, parameters, text, known):
    """Whether a formula defines a function, which is kept.

    `f'(y) = y (1 - y)` does where it gives the slope of f from its value, else it claims what the slope is.
    """
    inside = Known({*known.names, *parameters}, dict(known.functions), set(known.arrays))
    inside.log = known.log
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
    if not name.endswith("'") or len(parameters) != 1 or name.rstrip("'") not in known.functions:
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
