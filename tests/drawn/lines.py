"""The lines of a drawn derivation: givens, forward lines, derivatives, updates, a second pass."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from drawn.latex import LatexStyle
from drawn.matrices import matrix_model
from drawn.notation import Digits, Style
from drawn.scalars import scalar_model
from drawn.trees import Tree, in_decimals, name, names_in, nodes, tree

MARGIN = Decimal("0.02")  # nothing that has a kink, a logarithm or a quotient is closer to its edge


class Redraw(Exception):
    """What was drawn is of no use: a name twice, a unit at its kink, a mistake that nobody could see."""


@dataclass
class Line:
    """One line of a derivation. The second half is filled in while its numbers are carried.

    `parts` are written: "names" (the formula), "numbers" (the formula in numbers), "result". `before` holds
    the numbers at hand, `operand` computes an operand that is written down, `printed` is the result. In a
    planted line `formula_shown` and `numbers_shown` stand in place of the formula.
    """

    role: str
    key: str
    formula: Tree | None = None
    parts: tuple = ()
    head: str = "="
    before: dict | None = None
    operand: Callable | None = None
    printed: np.ndarray | None = None
    formula_shown: Tree | None = None
    numbers_shown: Tree | None = None


class Plan:
    """A drawn model in a drawn style: its `lines` in order, and the `exact` value of every quantity."""

    def __init__(self, draw):
        self.draw = draw
        matrices = draw.random() < 0.5
        self.style = (LatexStyle if draw.random() < 0.15 else Style)(draw, matrices)
        self.model = (matrix_model if matrices else scalar_model)(draw, self.style)
        self.digits = Digits(draw)
        self.lines = []
        self._plan()
        self._check_names()
        self.exact = self._exact_values()
        self._check_margins()

    def is_array(self, key):
        """Whether a quantity, its derivative or its new value is an array."""
        base = key[2:] if key[1:2] == ":" else key.split("@")[0]
        if base in self.model.givens:
            return self.model.givens[base].shape != ()
        return base != self.model.loss and self.style.matrices

    def is_settled_without(self, line):
        """Whether the factor of the deltas follows from a parameter's gradient that does not use a line."""
        if any(abs(factor) != 1 for key, _, factor in self.model.claims if key[2:] in self.model.parameters):
            return False
        if all(factor in (1, -1) for _, _, factor in self.model.claims):
            return True
        gradients = [
            each for each in self.lines if each.role == "claim" and each.key[2:] in self.model.parameters
        ]
        return any(each is not line and line.key not in names_in(each.formula) for each in gradients)

    def _plan(self):
        draw, model, style = self.draw, self.model, self.style
        self.lines += [Line("given", key) for key in model.givens]
        self.updates = draw.random() < 0.45
        self.direct = (
            self.updates and not model.samples > 1 and draw.random() < (0.5 if style.sign == -1 else 0.2)
        )
        if style.sign == -1 and style.matrices:
            self.direct = False
        self.lines += [Line("model", key, formula) for key, formula in model.definitions.items()]
        for key, text in model.names.items():
            model.names[key] = text if key.startswith("slope") else style.name_of(text)
        for key, formula, _ in model.claims:
            model.names[key] = style.derivative(model, key[2:])
            if not (self.direct and key[2:] in model.parameters):
                self.lines.append(Line("claim", key, formula))
        if self.updates:
            self._plan_updates()
        for line in self.lines:
            line.parts = self._parts(line)

    def _plan_updates(self):
        draw, model, style = self.draw, self.model, self.style
        mark = draw.choice(style.marks)
        named = mark[0] in "_'^@"
        with_steps = not style.code and draw.random() < 0.15
        eta = model.given(
            "eta", np.asarray(Decimal(draw.choice(("0.5", "0.1", "0.05", "0.2"))), dtype=object)
        )
        model.names["eta"] = self.style.letter_of_rate
        self.lines.insert(len(model.givens) - 1, Line("given", "eta"))
        by_key = {key: formula for key, formula, _ in model.claims}
        rate = eta if draw.random() < 0.6 else tree(model.givens["eta"].item())
        new = {}
        for key in model.parameters:
            if f"d:{key}" not in by_key:
                continue
            step = by_key[f"d:{key}"] if self.direct else name(f"d:{key}")
            negative = step.op == "neg"
            step = rate * (step.parts[0] if negative else step)
            if with_steps:
                model.names[f"Δ:{key}"] = style.step_of(model.names[key])
                self.lines.append(Line("claim", f"Δ:{key}", step if negative else -step))
                step, negative = name(f"Δ:{key}"), True
            formula = name(key) + step if negative else name(key) - step
            new[key] = f"{key}@1"
            model.names[new[key]] = style.updated(model.names[key], mark) if named else model.names[key]
            self.lines.append(
                Line("claim", new[key], formula, head="=" if named else mark.replace("←", style.arrow))
            )
        if not named and len(new) == len(model.parameters) and draw.random() < 0.5:
            self.lines.append(Line("prose", draw.choice(("Second pass", "Epoch 2", "Iteration 2:"))))
            for key, formula in model.definitions.items():
                new[key] = f"{key}@1"
                model.names[new[key]] = model.names[key]
                self.lines.append(Line("claim", new[key], _renamed(formula, new)))

    def _parts(self, line):
        draw = self.draw
        if line.role in ("given", "prose"):
            return ()
        array = self.is_array(line.key)
        if line.formula.op == "name":
            return ("names", "result")
        full, brief, names, numbers = (
            ("names", "numbers", "result"),
            ("names", "result"),
            ("names",),
            ("numbers", "result"),
        )
        if line.role == "model":
            return draw.choices((full, brief, names), (1, 8, 1) if array else (5, 4, 1))[0]
        if array:
            return draw.choices((full, brief, names, ("result",)), (1, 6, 3, 1))[0]
        return draw.choices((full, brief, names, numbers, ("result",)), (8, 6, 2, 2, 1))[0]

    def _check_names(self):
        names = self.model.names
        keys = [key for key in names if "@" not in key and not key.startswith("slope ")]
        texts = [names[key] for key in keys]
        if len(set(texts)) < len(texts) or (self.style.kind == "d" and "d" in texts):
            raise Redraw
        if any(key.startswith("w") and f"d:{key}" not in names for key in self.model.parameters):
            raise Redraw

    def _exact_values(self):
        values = dict(self.model.givens)
        for line in self.lines:
            if line.formula is not None:
                values[line.key] = in_decimals(line.formula, values)
                if any(abs(entry) > 50 for entry in values[line.key].ravel()):
                    raise Redraw
        for key, formula, _ in self.model.claims:
            if key not in values:
                values[key] = in_decimals(formula, values)
        return values

    def _check_margins(self):
        for line in self.lines:
            for node in nodes(line.formula) if line.formula is not None else ():
                if node.op == "call" and node.data[0] in ("relu", "positive", "ln") or node.op == "div":
                    edge = node.parts[-1]
                    if any(abs(entry) < MARGIN for entry in in_decimals(edge, self.exact).ravel()):
                        raise Redraw


def _renamed(node, new):
    if node.op == "name":
        return name(new.get(node.data, node.data))
    return Tree(node.op, tuple(_renamed(part, new) for part in node.parts), node.data)
