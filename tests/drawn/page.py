"""A drawn derivation as text: every line with the parts that its author writes, and which line is what."""

from drawn.notation import formula_text, literal
from drawn.trees import Tree, tree

HEADINGS = {"model": ("Forward pass", "Forward:"), "claim": ("Backward pass", "Backward:")}


class Page:
    """The text of a plan whose numbers were carried, line by line.

    `roles` tells of each line number what stands there, `numbers` where each line of the plan stands.
    """

    def __init__(self, plan, draw):
        self.plan, self.style, self.model = plan, plan.style, plan.model
        self.texts, self.roles, self.numbers = [], {}, {}
        headings = draw.random() < 0.4
        givens = [line for line in plan.lines if line.role == "given"]
        if headings:
            self._add(draw.choice(("Given:", "Given", "Inputs and weights:")), "prose")
        self._add_givens([self._wrapped(self._head(line) + self._given(line.key)) for line in givens], draw)
        role = "given"
        for line in plan.lines[len(givens) :]:
            if line.role == "prose" or (line.role != role and headings):
                self._add("", "prose")
                self._add(draw.choice(HEADINGS[line.role]) if line.role in HEADINGS else line.key, "prose")
            if line.role != "prose":
                self._add(self.line_text(line), line.role)
                self.numbers[id(line)] = len(self.texts)
                role = line.role

    @property
    def text(self):
        """The whole sheet."""
        return "\n".join(self.texts) + "\n"

    def line_text(self, line):
        """One line: its name, and what is equal to it."""
        parts = []
        for part in line.parts:
            if part == "names":
                parts.append(self.in_names(line.formula_shown or line.formula))
            elif part == "numbers":
                formula = line.numbers_shown or line.formula
                parts.append(self._in_numbers(formula, line.before))
                written = self._steps(formula, line)
                if written is not None and written not in parts:
                    parts.append(written)
            else:
                parts.append(self.number(line.key, line.printed))
        if len(parts) > 1 and parts[-1] == parts[-2]:
            parts.pop()
        text = self._head(line) + parts[0]
        for part in parts[1:]:
            text += f" {self.style.approximately if part is parts[-1] else '='} {part}"
        return self._wrapped(text)

    def in_names(self, formula):
        """A formula in the author's names."""
        return formula_text(formula, self.model.names.get, self.plan.is_array, self.style)

    def number(self, key, value):
        """The value of a quantity as its author prints it."""
        base = key[2:] if key[1:2] == ":" else key
        is_row = base.startswith("b") and self.model.family == "rows" and self.style.flat
        return literal(value, self.style, is_row)

    def _in_numbers(self, formula, values):
        def leaf(key):
            return self.number(key, self._shown(values[key]))

        return formula_text(formula, leaf, self.plan.is_array, self.style, numbers=True)

    def _shown(self, value):
        """A number as printed; one that was never printed, as it would have been."""
        rounded = self.plan.digits.rounded(value)
        return rounded if any(len(format(entry, "f")) > 12 for entry in value.ravel()) else value

    def _steps(self, formula, line):
        """The operands of the outermost sum or product, computed, for an author who writes them."""
        if line.operand is None or self.plan.is_array(line.key) or formula.op not in ("add", "sub", "mul"):
            return None
        return self._in_numbers(_collapsed(formula, line.operand), line.before)

    def _head(self, line):
        return f"{self.model.names[line.key]} {line.head} "

    def _wrapped(self, text):
        return text.join(self.style.wrapping)

    def _given(self, key):
        return self.number(key, self.model.givens[key])

    def _add_givens(self, texts, draw):
        beside = draw.choice((None, None, "    ", ", "))
        if self.style.matrices or self.style.wrapping[0] not in ("", "$"):
            beside = None
        width = draw.randint(2, 4) if beside else 1
        for start in range(0, len(texts), width):
            self._add((beside or "").join(texts[start : start + width]), "given")

    def _add(self, text, role):
        self.texts.append(text)
        self.roles[len(self.texts)] = role


def _collapsed(node, value):
    """The formula with the operands of its outermost sum or product as numbers."""
    same = {"add": ("add", "sub"), "sub": ("add", "sub"), "mul": ("mul",)}[node.op]
    parts = []
    for position, part in enumerate(node.parts):
        inner = part.parts[0] if part.op == "tag" else part
        if inner.op in same and position == 0:
            parts.append(_collapsed(inner, value))
        elif inner.op in ("num", "name"):
            parts.append(inner)
        else:
            number = value(inner).item()
            parts.append(tree(format(number, "f")) if number >= 0 else -tree(format(-number, "f")))
    return Tree(node.op, tuple(parts))
