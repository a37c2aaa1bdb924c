"""How a drawn author writes: names, products, powers, transposes, numbers; all drawn once per sheet."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

import numpy as np

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
NOTHING = Decimal("1e-30")  # what is smaller is zero but for the fifty digits that are computed
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Style:
    """The habits of one author."""

    def __init__(self, draw, matrices):
        self.matrices = matrices
        self.code = draw.random() < (0.35 if matrices else 0.15)
        self.kind = draw.choice(("fraction", "fraction", "delta", "d"))
        if self.code:
            self.kind = draw.choice(("d", "d", "fraction"))
        self.sign = -1 if self.kind == "delta" and draw.random() < 0.35 else 1
        self.differential = "d" if self.code else draw.choice("d∂")
        self.delta = draw.choice(("δ", "δ", "delta"))
        self.index = draw.choice(("glued", "glued", "_", "lowered"))
        if self.code:
            self.index = "glued"
        self.layer = draw.choice(("index", "index", "^[]", "^()"))
        self.loss = draw.choice(("L", "L", "J", "E", "C", "Loss", "E_total"))
        self.hat_form = "yhat" if self.code else draw.choice(("ŷ", "y_hat", "y", "o", "p"))
        self.letter_of_output = self.hat_form
        self.upper = draw.random() < 0.7
        self.time = draw.choice(("_", "_", "^<>", "^()"))
        self.weight_first = matrices or draw.random() < 0.7
        self.target_first = draw.random() < 0.35
        self.written_out = draw.random() < 0.3
        self.interleaved = draw.random() < 0.6
        self.biases = draw.random() < 0.75
        self.late_mean = self.kind != "fraction" and draw.random() < 0.5
        self.of_the_sum = self.kind == "d" and draw.random() < 0.3
        self._operators(draw)
        self.functions = {
            "logistic": draw.choice(("σ", "sigmoid", "sigma", "logistic")),
            "ln": draw.choice(("ln", "log")),
            "relu": draw.choice(("relu", "ReLU")),
            "exp": "exp",
        }
        if self.code:
            self.functions["logistic"] = "sigmoid"
            prefix = draw.choice(("np.", ""))
            self.functions |= {each: prefix + each for each in ("exp", "tanh", "sum", "mean", "sqrt")}
            self.functions["ln"] = prefix + "log"
        self.keepdims = self.code and draw.random() < 0.4
        self.flat = draw.random() < 0.75
        self.letter_of_rate = (
            draw.choice(("lr", "eta")) if self.code else draw.choice(("η", "eta", "α", "lr"))
        )
        self.approximately = draw.choice(("=", "=", "=", "≈"))
        self.wrapping, self.arrow = ("", ""), "←"
        self.marks = ("=", "_new") if self.code else (":=", "←", "=", "_new", "'", "^+", "@1")
        self.gradient = draw.choice(("grad_", "∇")) if self.kind != "d" and draw.random() < 0.12 else None

    def _operators(self, draw):
        fractions = self.kind == "fraction"
        self.times = draw.choice((" * ", "*", " · ", "·", " × ") + (() if fractions else (" ",)))
        self.matmul = draw.choice((" · ", " @ ") + (() if fractions else (" ", " ")))
        self.entrywise = draw.choice((" ⊙ ", " ⊙ ", " ∘ "))
        self.transposed = draw.choice(("ᵀ", "ᵀ", "^T"))
        self.power = draw.choice(("^2", "^2", "²"))
        if self.code:
            self.times, self.matmul, self.entrywise = draw.choice((" * ", "*")), " @ ", " * "
            self.transposed, self.power = ".T", "**2"
        self.number_times = self.times if self.times != " " else draw.choice(("()", "*", " · ", " × "))

    def indexed(self, letter, k):
        """A letter with the index k: w1, w_1, w₁; net_h1."""
        if self.index == "lowered":
            return f"{letter}{str(k).translate(SUBSCRIPTS)}" if "_" not in letter else f"{letter}{k}"
        return f"{letter}_{k}" if self.index == "_" and "_" not in letter else f"{letter}{k}"

    def layered(self, letter, k):
        """A letter with the number of its layer: W1, W_1, W^[1], W^(1); the letter alone without one."""
        if k == "":
            return letter
        if self.layer == "index" or self.code:
            return self.indexed(letter, k)
        return f"{letter}^[{k}]" if self.layer == "^[]" else f"{letter}^({k})"

    def timed(self, letter, k):
        """A letter at time k: h1, h_1, h^<1>, h^(1)."""
        if self.time == "_" or self.code:
            return self.indexed(letter, k)
        return f"{letter}^<{k}>" if self.time == "^<>" else f"{letter}^({k})"

    def hat(self, letter, k):
        """The output: ŷ1, y_hat1, y1, o_1, Ŷ."""
        upper = letter.isupper()
        if self.hat_form in ("y", "o", "p"):
            text = self.hat_form.upper() if upper else self.hat_form
        else:
            text = {"ŷ": "Ŷ", "y_hat": "Y_hat", "yhat": "Yhat"}[self.hat_form] if upper else self.hat_form
        return text if k is None else self.indexed(text, k) if "_" not in text else f"{text}{k}"

    def capital(self, samples):
        """What makes the names of arrays: capitals where there are several samples, for some authors."""
        return str.upper if samples > 1 and self.upper else str

    def name_of(self, text):
        """A name that was drawn without an index, as this author writes it."""
        return text

    def fraction(self, loss, text):
        """The derivative of the loss by a quantity: ∂L/∂w1."""
        return f"{self.differential}{loss}/{self.differential}{text}"

    def updated(self, text, mark):
        """The name after an update: w1_new, w1', w1^+."""
        return text + ("_new" if mark == "^+" and "^" in text else mark)

    def root(self, text):
        """A square root: sqrt(2)."""
        return f"{self.functions.get('sqrt', 'sqrt')}({text})"

    def step_of(self, text):
        """The name of a change: Δw1."""
        return f"Δ{text}"

    def quotient(self, left, right):
        """A quotient as a fraction, or None where it is a / b."""
        return None

    def transpose_of(self, text):
        """The transposed array of that text."""
        return text + ("ᵀ" if "^" in text and self.transposed == "^T" else self.transposed)

    def matrix(self, rows):
        """An array: [[0.1, -0.2], [0.3, 0.4]]."""
        return "[" + ", ".join("[" + ", ".join(row) + "]" for row in rows) + "]"

    def derivative(self, model, key):
        """The author's name for the derivative of the loss by `key`."""
        text = model.names[key]
        if self.kind == "d":
            return f"d{text}"
        if self.gradient and key in model.parameters:
            return f"{self.gradient}{text}"
        if self.kind == "delta" and key[0] in "zo" and key not in model.parameters:
            if key[0] == "o":
                return self.indexed(f"{self.delta}_y", key[1:]) if key[1:] else f"{self.delta}_y"
            if text.startswith("net_"):
                return f"{self.delta}_{text[4:]}"
            if model.family == "recurrent" and self.matrices:
                return self.timed(self.delta, key[1:])
            return self.layered(self.delta, key[1:]) if self.matrices else self.indexed(self.delta, key[1:])
        return self.fraction(self.loss, text)


class Digits:
    """How many digits are printed: a number of places or of significant digits, rounded or cut off."""

    def __init__(self, draw):
        self.count = draw.randint(3, 8)
        self.significant = draw.random() < 0.3
        self.cut = draw.random() < 0.1
        self.stripped = draw.random() < 0.15

    def rounded(self, value, extra=0):
        """The array with every entry as it is printed."""
        flat = [self._rounded(entry, extra) for entry in np.asarray(value, dtype=object).ravel()]
        result = np.empty(np.shape(value), dtype=object)
        result.ravel()[...] = flat if result.shape else flat[0]
        return result

    def _rounded(self, value, extra):
        rounding = ROUND_DOWN if self.cut else ROUND_HALF_UP
        count = self.count + extra
        if abs(value) < NOTHING:
            return Decimal(0)
        if self.significant:
            result = Context(prec=count, rounding=rounding).plus(value)
        else:
            result = value.quantize(Decimal(1).scaleb(-count), rounding)
        if result == 0:
            return abs(result)
        stripped = result.normalize()
        return stripped if self.stripped and stripped.as_tuple().exponent <= 0 else result


def literal(value, style, is_row_bias=False):
    """A number or an array as text: -0.25, [0.1, -0.2], [[0.1, -0.2], [0.3, 0.4]]."""
    if value.shape == ():
        return format(value.item(), "f")
    flat = (style.flat and value.shape[1] == 1) or is_row_bias
    if flat:
        return "[" + ", ".join(format(entry, "f") for entry in value.ravel()) + "]"
    return style.matrix([[format(entry, "f") for entry in row] for row in value])


def formula_text(node, leaf, is_array, style, numbers=False):
    """The formula as its author writes it; `leaf(key)` is the text of a name, `is_array(key)` its kind."""
    return _text(node, _Writing(leaf, is_array, style, numbers))[0]


class _Writing:
    def __init__(self, leaf, is_array, style, numbers):
        self.leaf, self.array_name, self.style, self.numbers = leaf, is_array, style, numbers

    def is_array(self, node):
        if node.op == "name":
            return self.array_name(node.data)
        if node.op == "call" and node.data[0] in ("sum", "mean") and node.data[1] is None:
            return False
        return any(self.is_array(part) for part in node.parts)


def _text(node, w):
    if node.op == "name":
        text = w.leaf(node.data)
        return text, (PRODUCT if "/" in text else SUM if text.startswith("-") else ATOM)
    if node.op == "num":
        return node.data, ATOM
    return TEXTS[node.op](node, w)


def _bracketed(node, w, least):
    text, precedence = _text(node, w)
    return text if precedence >= least else f"({text})"


def _sum_text(sign):
    def text(node, w):
        left, right = node.parts
        return f"{_bracketed(left, w, SUM)} {sign} {_bracketed(right, w, PRODUCT)}", SUM

    return text


def _product_text(node, w):
    left, right = node.parts
    first, second = (_inner(part) for part in (left, right))
    arrays = [w.is_array(part) for part in (left, right)]
    if node.op == "matmul" and all(arrays):
        symbol = w.style.matmul
    elif node.op == "mul" and all(arrays):
        return _entrywise_text(left, right, w)
    elif any(arrays):
        symbol = (
            " * "
            if w.style.code
            else " · "
            if w.style.times == " " and w.style.matmul != " "
            else w.style.times
        )
    else:
        symbol = w.style.number_times if w.numbers else w.style.times
    if symbol == "()":
        return f"({_text(left, w)[0]})({_text(right, w)[0]})", PRODUCT
    least = PRODUCT
    if (
        "*" not in symbol
        and first.op == "div"
        or (first.op == "mul" and symbol == " " and _has_quotient(first))
    ):
        least = POWER
    texts = _bracketed(left, w, least), _bracketed(right, w, POWER)
    if texts[0][-1].isdigit() and texts[1][0].isdigit() and symbol == " ":
        symbol = " * "
    return symbol.join(texts), PRODUCT


def _inner(node):
    return _inner(node.parts[0]) if node.op == "tag" else node


def _has_quotient(node):
    node = _inner(node)
    return node.op == "div" or (node.op == "mul" and any(_has_quotient(part) for part in node.parts))


def _entrywise_text(left, right, w):
    def side(part):
        inner = _inner(part)
        loose = inner.op in ("mul",) and not w.style.code
        return _bracketed(part, w, PRODUCT if loose else POWER)

    return f"{side(left)}{w.style.entrywise}{side(right)}", PRODUCT


def _quotient_text(node, w):
    left, right = node.parts
    fraction = w.style.quotient(_text(left, w)[0], _text(right, w)[0])
    if fraction is not None:
        return fraction, PRODUCT
    symbol = "/" if w.style.times.strip() == w.style.times else " / "
    return f"{_bracketed(left, w, PRODUCT)}{symbol}{_bracketed(right, w, ATOM)}", PRODUCT


def _power_text(node, w):
    base = _inner(node.parts[0])
    text = _bracketed(base, w, ATOM)
    if base.op == "name" and "^" in text:
        text = f"({text})"
    return f"{text}{w.style.power}", POWER


def _transposed_text(node, w):
    text = _bracketed(node.parts[0], w, ATOM)
    return w.style.transpose_of(text), ATOM


def _call_text(node, w):
    function, axis = node.data
    inside = _text(node.parts[0], w)[0]
    if function == "positive":
        return f"({inside} > 0)", ATOM
    if function == "sqrt":
        return w.style.root(inside), ATOM
    called = w.style.functions.get(function, function)
    if function in ("sum", "mean") and axis is not None:
        keeps = w.style.keepdims or node.parts[0].op != "name"
        return f"{called}({inside}, axis={axis}{', keepdims=True' if keeps else ''})", ATOM
    return f"{called}({inside})", ATOM


def _negative_text(node, w):
    return f"-{_bracketed(node.parts[0], w, PRODUCT)}", SUM


TEXTS = {
    "add": _sum_text("+"),
    "sub": _sum_text("-"),
    "mul": _product_text,
    "matmul": _product_text,
    "div": _quotient_text,
    "pow": _power_text,
    "T": _transposed_text,
    "call": _call_text,
    "neg": _negative_text,
    "tag": lambda node, w: _text(node.parts[0], w),
}
