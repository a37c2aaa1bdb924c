"""Everything neuronnet refuses, as exceptions that carry what was found and what is allowed.

One base class, so that a program can catch `NeuronnetError` and print it; the message is meant for the
reader.
"""

import difflib
import re
from math import isfinite

# What a PassOrderError misses in a description, in the same words everywhere.
A_SAMPLE = "at least one [[sample]] in the network's description"
A_RATE = "a learning_rate in the network's description, such as learning_rate = 0.1,"


class NeuronnetError(ValueError):
    """The base of every error that neuronnet raises on purpose."""


class SpecError(NeuronnetError):
    """A network description that cannot be used.

    Carries `where` (file and key), `found` and `allowed`; its message is made of these, or is `message`.
    """

    def __init__(self, where, found, allowed, message=None):
        self.where, self.found, self.allowed = where, found, allowed
        super().__init__(message or f"{where}: found {found}; {allowed}")


class SizeError(NeuronnetError):
    """A list of numbers of the wrong length. Carries `what`, `expected` and `found`."""

    def __init__(self, what, expected, found):
        self.what, self.expected, self.found = what, expected, found
        super().__init__(f"{what}: expected {counted(expected, 'number')}, found {found}")


class NumberError(NeuronnetError):
    """Something that is not a finite number. Carries `what` and `found`."""

    def __init__(self, what, found):
        self.what, self.found = what, found
        super().__init__(f"{what}: expected a finite number, found {shortened(found)}")


class PassOrderError(NeuronnetError):
    """A step asked for before the step it rests on. Carries `asked` and `missing`."""

    def __init__(self, asked, missing):
        self.asked, self.missing = asked, missing
        super().__init__(f"{asked} needs {missing} first")


class UnknownName(NeuronnetError):
    """A name that nothing here has. Carries `name` and `nearest`, the names most like it."""

    def __init__(self, name, known):
        self.name, self.nearest = name, written_otherwise(name, known) or nearest(name, known)
        some = f"; known are {', '.join(list(known)[:6])} and others" if known else ""
        super().__init__(f"unknown name {shortened(name)}{did_you_mean(self.nearest) or some}")


class ExpressionError(NeuronnetError):
    """A formula that cannot be read. Carries `text`, `column` (from 1) and `reason`."""

    def __init__(self, text, column, reason):
        self.text, self.column, self.reason = text, column, reason
        super().__init__(f"column {column}: {reason}")


class Interrupted(KeyboardInterrupt):
    """Ctrl-C amid long work. Carries what was `made` so far, and `until`, how far that is."""

    def __init__(self, made, until):
        self.made, self.until = made, until
        super().__init__(f"interrupted {until}")


def require_numbers(values, what, expected):
    """`values`, if there are as many as expected and each is a finite number; otherwise SizeError or
    NumberError.
    """
    if len(values) != expected:
        raise SizeError(what, expected, len(values))
    try:
        if isfinite(sum(values)):
            return values
    except (TypeError, ValueError, ArithmeticError):
        pass
    for value in values:
        if not is_finite(value):
            raise NumberError(what, value)
    return values


def require_count(value, what):
    """`value`, if it is a whole number from 1; otherwise NeuronnetError."""
    if not isinstance(value, int) or value < 1:
        raise NeuronnetError(f"{what}: found {shortened(value)}; allowed are whole numbers from 1")
    return value


def require_samples(samples):
    """`samples` as a list, if there are any; otherwise PassOrderError."""
    samples = list(samples)
    if not samples:
        raise PassOrderError("a total over samples", A_SAMPLE)
    return samples


def is_finite(value):
    """Whether a value is a number, neither infinite nor NaN."""
    try:
        return value - value == 0
    except (TypeError, ArithmeticError):
        return False


def named(value, table):
    """What a table has under a name; a value that is no name stays as it is. Raises UnknownName."""
    if not isinstance(value, str):
        return value
    if value not in table:
        raise UnknownName(value, table)
    return table[value]


def nearest(name, known):
    """The names in `known` most like `name`, best first; an empty list when none is alike."""
    if not isinstance(name, str):
        return []
    return difflib.get_close_matches(name[:100], [str(each) for each in known], n=3, cutoff=0.6)


def written_otherwise(name, known):
    """[the name with known words in it] where some differ in capitals and low lines alone, else []:
    `dE_total/dw5` for `dETotal/dW5`.
    """
    plain = {_squeezed(each): each for each in map(str, reversed(list(known)))}

    def as_known(match):
        word = match[0]
        starts = (0, 1) if word[0] == "d" else (0,)  # dW5 is the derivative by W5
        found = (word[:start] + plain.get(_squeezed(word[start:]), "") for start in starts)
        return word if word in known else next((each for each in found if each not in ("", "d")), word)

    written = re.sub(r"[^\W\d_](?:(?!_new|_old)\w){0,99}", as_known, str(name)[:100])
    return [] if written == name else [written]


def _squeezed(word):
    return word.replace("_", "").casefold()


def did_you_mean(names):
    """A clause that offers `names`, empty when there are none."""
    return f"; did you mean {' or '.join(names)}?" if names else ""


def counted(count, noun):
    """A count with its noun: 1 sample, 3 samples."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def shown(number):
    """A number in nine significant digits, for a repr; as it is where its type has no digits to cut."""
    try:
        return format(number, ".9g")
    except (TypeError, ValueError):
        return str(number)


def shortened(value, limit=60):
    """`repr(value)`, cut in the middle when it is longer than a line can bear."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 1000:
        return f"a whole number of {value.bit_length()} bits"
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} too large to be shown"
    return text if len(text) <= limit else f"{text[: limit - 15]} ... {text[-8:]}"
