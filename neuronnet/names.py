"""Names: the one place where the names of neurons, parameters and quantities are built and read.

    i1 i2           inputs                      w1 w2    weights, by layer, then neuron, then input
    h1 h2           hidden neurons, one layer   b1 b2    biases, in the same order; a shared one counts once
    h1_1 h2_3       layer_neuron, several       eta      the learning rate
    o1 o2           output neurons              l2       the strength of the L2 term

    net_h1 out_h1 target_o1 E_o1 E_total delta_o1     quantities; delta_x is dE_total/dnet_x
    net_h1[2]       the same in sample 2
    dE_total/dw5    a derivative                w5@1     a value after one update
    dE_total/dw5@3  a derivative in the pass after three updates
    dE_batch/dw5    the gradient of an update that rests on some of the samples

A network may rename any of them (`names`); then the new names are built, and both are understood.
"""

import re
from functools import lru_cache

from neuronnet.errors import SpecError, did_you_mean, nearest

WORD = r"[^\W\d][\w']*"  # what an author may choose as a name, as a regular expression

_PARTIAL = re.compile(r"d(?P<numerator>[^/\s]+)/d(?P<denominator>[^/\s]+)")
_LATER = re.compile(r"([^@]+)@([1-9][0-9]{0,8})")
MOST_UPDATES = 10_000_000  # after which a quantity is asked for
BATCH_ERROR = "E_batch"  # what an update from some of the samples makes smaller
_UNICODE = {"∂": "d", "δ": "delta", "η": "eta", "′": "'"}
_KINDS = ("net", "out", "target", "E", "delta")


class Names:
    """All names of one network, the author's own where it renames.

    `inputs`, `layers[l][j]`, `weights[l][j][i]` and `biases[l]` hold the names of its parts; `biases[l]` has
    one name per neuron, the same one each time where the layer shares its bias, or is None. `renames` maps a
    standard name, of a part or of a quantity such as `net_h1`, to the author's.
    """

    def __init__(self, layers, renames):
        """`layers` are LayerDescriptions. Raises SpecError for a rename of what is not there."""
        self._own = {"E_total": "E_total", "E_l2": "E_l2", "eta": "eta", "l2": "l2"}
        self._quantities = {}
        self._renames = renames
        self.inputs = self._parts("i", layers[0].inputs)
        neurons, rows, own_biases = [], [], []
        weights = biases = 0
        for number, layer in enumerate(layers, 1):
            prefix = "o" if number == len(layers) else "h" if len(layers) == 2 else f"h{number}_"
            neurons.append(self._neurons(prefix, layer.neurons))
            starts = range(weights, weights + layer.neurons * layer.inputs, layer.inputs)
            rows.append(tuple(self._parts("w", layer.inputs, start) for start in starts))
            weights += layer.neurons * layer.inputs
            own = self._parts("b", len(layer.biases), biases)
            biases += len(own)
            own_biases.append((own * layer.neurons if layer.bias_kind == "shared" else own) or None)
        self.layers, self.weights, self.biases = tuple(neurons), tuple(rows), tuple(own_biases)
        for standard in renames:
            if standard not in self._own:
                known = f"allowed are its own names{did_you_mean(nearest(standard, self._own))}"
                raise SpecError(f"names, {standard!r}", "no such name in this network", known)
        for standard in ("E_total", "E_l2", "eta", "l2"):
            self._own[standard] = renames.get(standard, standard)
        self._known = self._own | self._chosen() if renames else self._own
        self.error, self.error_l2 = self._own["E_total"], self._own["E_l2"]
        self.rate, self.l2 = self._own["eta"], self._own["l2"]

    def of(self, kind, neuron):
        """The name of a neuron's quantity: of("net", "h1") is "net_h1", or what the author calls it."""
        return self._quantities[kind, neuron]

    def parameters(self):
        """(name, layer, is_bias) of every parameter, weights first, a shared bias once."""
        for layer, rows in enumerate(self.weights):
            yield from ((name, layer, False) for row in rows for name in row)
        for layer, biases in enumerate(self.biases):
            yield from ((name, layer, True) for name in dict.fromkeys(biases or ()))

    def standard(self, text):
        """`text` in this network's own names, from any accepted spelling and from the standard names.

        Where an author's name is the standard name of something else, the author's meaning counts.
        """
        text = spelled_out(text)
        partial = _PARTIAL.fullmatch(text)
        if partial:
            return partial_name(self.standard(partial["numerator"]), self.standard(partial["denominator"]))
        base, index = split_index(text)
        return self._known.get(base, base) + index

    def _chosen(self):
        """The names that differ from the standard, by their spelling. Refuses one for two."""
        chosen, meant = {}, {}
        for standard, own in self._own.items():
            spelling = spelled_out(own)
            meaning = spelling if spelling != own and spelling in self._own else standard
            if meant.setdefault(spelling, meaning) != standard:
                found = f"{own!r} for {meant[spelling]} and {standard}"
                raise SpecError("names", found, "every name stands for one thing")
            if own != standard:
                chosen[spelling] = own
        return chosen

    def _parts(self, prefix, count, start=0):
        names = []
        for standard in (f"{prefix}{number}" for number in range(start + 1, start + count + 1)):
            self._own[standard] = self._renames.get(standard, standard)
            names.append(self._own[standard])
        return tuple(names)

    def _neurons(self, prefix, count):
        names = self._parts(prefix, count)
        for number, name in enumerate(names, 1):
            for kind in _KINDS:
                standard = f"{kind}_{prefix}{number}"
                own = self._renames.get(standard, f"{kind}_{name}")
                self._own[standard] = self._quantities[kind, name] = own
        return names


def partial_name(numerator, denominator):
    """`dA/dB`, the derivative of A with B taken as the independent variable."""
    return f"d{numerator}/d{denominator}"


@lru_cache(maxsize=10_000)
def split_partial(name):
    """(A, B) of a derivative `dA/dB`; None when the name is not one."""
    partial = _PARTIAL.fullmatch(name)
    return None if partial is None else (partial["numerator"], partial["denominator"])


def in_sample(name, number):
    """`name[number]`; plain `name` when number is None, as in a network with a single sample."""
    return name if number is None else f"{name}[{number}]"


def after(name, updates):
    """`name@updates`; plain `name` before the first update."""
    return name if updates == 0 else f"{name}@{updates}"


def split_index(name):
    """ "net_h1[2]@01" gives ("net_h1", "[2]@1"), sample and update without leading zeros."""
    cut = min((position for position in (name.find("["), name.find("@")) if position > 0), default=len(name))
    return name[:cut], re.sub(r"(?<=[\[@])0+(?=[0-9])", "", name[cut:])


def split_update(name):
    """("net_h1[2]", 3) of "net_h1[2]@3"; (name, 0) where it says no number of updates."""
    found = _LATER.fullmatch(name)
    return (name, 0) if found is None else (found[1], int(found[2]))


def of_one_pass(numerator, denominator):
    """`dA/dB@3`, the derivative in the pass after 3 updates, wherever in `dA@3/dB@3` the number stands.

    A and B of two passes keep their numbers.
    """
    (above, one), (below, other) = split_update(numerator), split_update(denominator)
    if one and other and one != other:
        return partial_name(numerator, denominator)
    return after(partial_name(above, below), one or other)


def in_later_pass(numerator, denominator):
    """(A@3, B@3) of `dA/dB@3`: the number of updates behind a derivative is that of both."""
    count = split_update(denominator)[1]
    return (after(numerator, count) if "@" not in numerator else numerator), denominator


def update_of(name):
    """After how many updates a name's value is taken: 3 for "E_total@3" and "dE_total/dw5@3", or 0."""
    parts = split_partial(name)
    if parts is not None:
        return max(map(update_of, parts))
    return split_update(name)[1]


def spelled_out(text):
    """`text` with the accepted short spellings written out: ∂ δ η, E for E_total, w5+ for w5@1.

    >>> spelled_out("∂E/∂w5")
    'dE_total/dw5'
    >>> spelled_out("w5+")
    'w5@1'
    """
    text = text.strip()
    for symbol, word in _UNICODE.items():
        text = text.replace(symbol, word)
    partial = _PARTIAL.fullmatch(text)
    if partial:
        return partial_name(spelled_out(partial["numerator"]), spelled_out(partial["denominator"]))
    if text.endswith("+"):
        text = text[:-1] + "@1"
    if text == "E" or text.startswith(("E@", "E[")):
        text = "E_total" + text[1:]
    return text


def updated(name: str) -> str | None:
    """What `w1_new`, `w1'`, `w1^+` is the new value of: `w1`; None for a name without such a mark."""
    for mark in ("_new", "^+", "'"):
        if name.endswith(mark) and len(name) > len(mark):
            return name[: -len(mark)]
    return None
