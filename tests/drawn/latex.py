"""How a drawn author writes in LaTeX."""

import re

from drawn.notation import Style

GREEK = {"η": r"\eta", "α": r"\alpha", "eta": r"\eta", "lr": r"\alpha"}


class LatexStyle(Style):
    """The habits of an author who writes LaTeX."""

    def __init__(self, draw, matrices):
        super().__init__(draw, matrices)
        self.code, self.keepdims = False, False
        self.kind = draw.choice(("fraction", "fraction", "delta"))
        self.sign = -1 if self.kind == "delta" and draw.random() < 0.35 else 1
        self.late_mean, self.of_the_sum = self.kind == "delta" and self.late_mean, False
        self.index, self.differential = "_", draw.choice(("d", r"\partial ", r"\partial "))
        self.delta = r"\delta"
        self.hat_form = draw.choice((r"\hat{y}", r"\hat y", "y", "o"))
        self.letter_of_output = self.hat_form
        self.letter_of_rate = GREEK.get(self.letter_of_rate, r"\eta")
        self.times = draw.choice((r" \cdot ", r" \cdot ", r" \times ", " "))
        self.number_times = self.times if self.times != " " else draw.choice(("()", r" \cdot "))
        self.matmul = draw.choice((" ", " ", r" \cdot "))
        self.entrywise = draw.choice((r" \odot ", r" \circ "))
        self.transposed = draw.choice(("^T", r"^\top", "^{T}"))
        self.power, self.fractions = "^2", draw.random() < 0.8
        self.functions = {
            "logistic": draw.choice((r"\sigma", r"\sigma", r"\text{sigmoid}")),
            "ln": draw.choice((r"\ln", r"\log")),
            "exp": r"\exp",
            "tanh": r"\tanh",
            **{each: rf"\text{{{each}}}" for each in ("relu", "softplus", "softmax", "sum", "mean")},
        }
        self.approximately = draw.choice(("=", r"\approx"))
        self.wrapping = draw.choice(
            (("$", "$"), ("$$", "$$"), ("$$ ", " $$"), (r"\[ ", r" \]"), ("- $", "$"))
        )
        self.arrow, self.gradient = r"\leftarrow", None
        self.marks = (":=", "←", "=", "_new", "'", "^+")
        self.brackets = draw.choice(("bmatrix", "pmatrix", "bmatrix"))

    def indexed(self, letter, k):
        """A letter with the index k: w_1, w_{11}, net_{h1}."""
        if "_" in letter:
            base, rest = letter.split("_", 1)
            return f"{base}_{{{rest}{k}}}"
        return f"{letter}_{k}" if len(str(k)) == 1 else f"{letter}_{{{k}}}"

    def layered(self, letter, k):
        """A letter with the number of its layer: W_1, W^{[1]}, W^{(1)}."""
        if k == "" or self.layer == "index":
            return letter if k == "" else self.indexed(letter, k)
        return f"{letter}^{{[{k}]}}" if self.layer == "^[]" else f"{letter}^{{({k})}}"

    def timed(self, letter, k):
        """A letter at time k: h_1, h^{<1>}, h^{(1)}."""
        if self.time == "_":
            return self.indexed(letter, k)
        return rf"{letter}^{{\langle {k} \rangle}}" if self.time == "^<>" else f"{letter}^{{({k})}}"

    def hat(self, letter, k):
        """The output: \\hat{y}_1, y_1, O."""
        text = self.hat_form
        if letter.isupper():
            text = text.replace("y", "Y") if "hat" in text else text.upper()
        return text if k is None else f"{text}_{k}"

    def name_of(self, text):
        """A name with what follows its underscore in braces: E_{total}, W_{xh}."""
        return re.sub(r"_([A-Za-z]{2,}|[A-Za-z]\w+)", r"_{\1}", text)

    def fraction(self, loss, text):
        """The derivative as a fraction."""
        return rf"\frac{{{self.differential}{self.name_of(loss)}}}{{{self.differential}{text}}}"

    def updated(self, text, mark):
        """The name after an update: w_1', w_1^{new}."""
        if "^" in text and mark != "@1":
            return text + r"_{\text{new}}"
        return text + {"_new": r"^{\text{new}}", "^+": "^{+}", "'": "'"}[mark]

    def root(self, text):
        """A square root: \\sqrt{2}."""
        return rf"\sqrt{{{text}}}"

    def step_of(self, text):
        """The name of a change: \\Delta w_1."""
        return rf"\Delta {text}"

    def quotient(self, left, right):
        """A quotient: \\frac{a}{b} or a/b."""
        return rf"\frac{{{left}}}{{{right}}}" if self.fractions else None

    def transpose_of(self, text):
        """The transposed array of that text."""
        return f"{{{text}}}{self.transposed}" if "^" in text else f"{text}{self.transposed}"

    def matrix(self, rows):
        """An array: \\begin{bmatrix} 0.1 & 0.2 \\\\ 0.3 & 0.4 \\end{bmatrix}."""
        inside = r" \\ ".join(" & ".join(row) for row in rows)
        return rf"\begin{{{self.brackets}}} {inside} \end{{{self.brackets}}}"
