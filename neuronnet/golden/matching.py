"""Which quantity each number of another implementation is: by name, or by the shape of a matrix of them.

A matrix is told by its name (`W1 b1 z1 a1 dW1`, `fc1.weight`, `0.bias.grad`) and by its shape; where
both layouts of a kernel fit, by the numbers. What was found out is said.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.description.reading import read
from neuronnet.golden.recording import error_of_batch
from neuronnet.names import after, in_sample, partial_name, spelled_out, split_index, update_of

if TYPE_CHECKING:
    from neuronnet.golden.golden import Golden

_AT = re.compile(r"@(?P<count>[0-9]+)$")
_UPDATE = re.compile(r"(?:^|\.)(?:update|step|iteration|epoch|after)?[_ ]?(?P<count>[0-9]+)\.", re.I)
_LAYER = re.compile(r"\.?[0-9]+\.(?:weight|bias)(?:\.grad|\.exp_avg|\.exp_avg_sq|\.momentum_buffer)?", re.I)
_WORDS = {  # what a matrix is called: the kind of its entries
    "W": r"(?:w|weights?|kernels?|coefs?|theta)",
    "b": r"(?:b|bias(?:es)?|intercepts?)",
    "net": r"(?:z|nets?|pre_?activations?|logits)",
    "out": r"(?:a|h|outs?|outputs?|activations?|hidden)",
    "delta": r"(?:deltas?|dz|dnets?|grad_z)",
}
_GRADIENT = re.compile(r"^(?:d(?=[WwbB])|d_|grads?(?:ients?)?[._]|g_(?=[wb]))|[._]grad(?:ient)?s?$", re.I)
_MOMENT = re.compile(r"^(?P<moment>[mv])_(?=[WbB])|[._](?P<torch>exp_avg_sq|exp_avg|momentum_buffer)$")


class Matched(NamedTuple):
    """`values`: quantity -> number; `said`: what was found out; `unknown`: names, and why not."""

    values: dict[str, float]
    said: list[str]
    unknown: list[str]


def matched(golden: Golden, given: dict) -> Matched:
    """The numbers of a mapping, name -> number or nested lists, under the names of the golden quantities."""
    tables, values, said, unknown = _Tables(golden), {}, [], []
    arrays = defaultdict(list)
    for key, value in _by_layers(given):
        name = tables.own_name(key)
        if value is None:
            unknown.append(f"{key} (no number)")
        elif name is not None and not isinstance(value, list):
            values[name] = value
        elif isinstance(value, list) and f"{key}[{','.join('1' * _depth(value))}]" in tables:
            values |= _entries(key, value)
        elif not isinstance(value, list) and (update := tables.not_recorded(key)) is not None:
            unknown.append(f"{key} (not recorded after {update} updates)")
        elif tables.names is not None and (kind := _kind_of(key)) is not None:
            *kind, plain = kind
            arrays[tuple(kind)].append((key, plain, value))
        else:
            unknown.append(f"{key} (no quantity here)")
    for (kind, update), some in arrays.items():
        updates = [update] if update is not None else golden.at
        found = [_placed(tables, golden, kind, each, some) for each in updates]
        best = max(found, key=lambda each: (each.agree, len(each.values)))
        values |= best.values
        unknown += best.left
        said += best.said
        if best.values and update is None and len(golden.at) > 1 and not any("@" in key for key in given):
            keys = some[0][0] if len(some) == 1 else f"{some[0][0]} to {some[-1][0]}"
            said.append(f"{keys}: taken as those after {updates[found.index(best)]} updates")
    return Matched(values, list(dict.fromkeys(said)), unknown)


def _by_layers(given):
    """(key, value) of a mapping, a list of the matrices of all layers as one for each: coefs_1, coefs_2."""
    for key, value in given.items():
        kind = _kind_of(key) if isinstance(value, list) else None
        if kind is None or not _is_of_layers(value, kind[0][0]):
            yield key, value
            continue
        name, at, update = key.partition("@")
        yield from ((f"{name.rstrip('_')}_{layer}{at}{update}", each) for layer, each in enumerate(value, 1))


def _is_of_layers(value, role):
    lists = [each for each in value if isinstance(each, list)]
    if not value or len(lists) < len(value):
        return False
    is_ragged = len(set(map(len, lists))) > 1
    return _depth(value) == 3 or (len(lists) > 1 if role == "b" else is_ragged and role != "W")


class _Tables:
    """The names of a golden file as matrices: a row for each neuron, or for each sample of the batch."""

    def __init__(self, golden):
        self.golden, self.names = golden, None
        if "sheet" not in golden.description:
            description = read(golden.description)
            self.names, self.several = description.names, len(description.samples) > 1
            self.error = error_of_batch(description, golden.batches[0])
            self.is_mean = description.samples_combine == "mean"
        self._known = {*golden.values, *golden.refused}
        self._bases = {split_index(name)[0] for name in self._known}

    def __contains__(self, name):
        return name in self._known

    def share(self, update):
        """How many samples the mean is over that an update makes smaller; 1 where errors are summed."""
        return len(self._batch(update)) if self.is_mean else 1

    def _batch(self, update):
        return self.golden.batches[update % len(self.golden.batches)]

    def own_name(self, key):
        """The golden name that a key spells; None where it is none."""
        if key in self._known:
            return key
        key = key.replace(" ", "")
        if self.names is None:
            return None
        key = re.sub(r"^(loss|cost)(?=@|$)", self.error, key, flags=re.IGNORECASE)
        base, index = split_index(self.names.standard(spelled_out(key)))
        for each in (base + index, base + index.replace("@0", "")):
            if each in self._known:
                return each
        return None

    def not_recorded(self, key):
        """The update of a key that spells a quantity of other updates; None where it spells none."""
        if self.names is None:
            return None
        base, index = split_index(self.names.standard(spelled_out(key.replace(" ", ""))))
        return update_of(base + index) if base in self._bases else None

    def matrices(self, kind, update):
        """The matrices of a kind in order of layers, each a list of rows of names."""
        names, (role, of) = self.names, kind
        if role == "b":
            rows = [[list(each)] for each in names.biases if each is not None]
        elif role == "W":
            rows = [[list(row) for row in layer] for layer in names.weights]
        else:
            samples = self._batch(update) if self.several else (None,)
            neurons = [[names.of(role, each) for each in layer] for layer in names.layers]
            rows = [[[in_sample(each, sample) for each in layer] for sample in samples] for layer in neurons]
        is_own = role not in "Wb" or not of

        def name_of(each):
            own = each if is_own else partial_name(self.error, each) if of == "gradient" else f"{of}_{each}"
            return after(own, update)

        return [[list(map(name_of, row)) for row in each] for each in rows]


class _Placed(NamedTuple):
    values: dict
    said: list
    left: list
    agree: int


def _kind_of(key):
    """((role, of), update, plain name) of a matrix, (("W", "gradient"), 10, "W1") for `10.dW1`, or None."""
    key = re.sub(r":0$", "", key.replace("/", "."))
    update, stated = None, _AT.search(key) or _UPDATE.search(key)
    if stated is not None and _LAYER.fullmatch(key[stated.start() :]) is None:
        update, key = int(stated["count"]), key[: stated.start()] + key[stated.end() :]
    moment, of = _MOMENT.search(key), ""
    if moment is not None:
        of = moment["moment"] or ("m" if moment["torch"] == "exp_avg" else "v")
        key = _MOMENT.sub("", key)
    for role in ("delta", "W", "b", "net", "out"):
        if role == "W" and _GRADIENT.search(key):
            of, key = "gradient", _GRADIENT.sub("", key)
        if re.search(rf"(?:^|[._]){_WORDS[role]}[_.\[(]?(?:[lL]?[0-9]+)?[\])]?_?$", key, re.I):
            return (role, of), update, key
    return None


def _placed(tables, golden, kind, update, some):
    """The numbers of matrices of one kind at one update, laid out as fits them best."""
    matrices, values, said, left, agree = tables.matrices(kind, update), {}, [], [], 0
    order = _in_order(some, len(matrices))
    for (key, _, value), place in zip(some, order):
        rows = _rows(value)
        names = [] if place is None else matrices[place]
        shares = {1, tables.share(update)} if kind[0] == "delta" else {1}
        layouts = _layouts(names, rows, sorted(shares)) if rows is not None and names else []
        if not layouts:
            left.append(f"{key} ({_why_not(names, rows, len(matrices))})")
            continue
        if not any(name in tables for name in layouts[0].values):
            left.append(f"{key} (not recorded after {update} updates)")
            continue
        scores = [sum(_agrees(golden, *each) for each in layout.values.items()) for layout in layouts]
        chosen = max(range(len(layouts)), key=scores.__getitem__)
        values |= layouts[chosen].values
        if layouts[chosen].is_turned and len(rows) > 1 and len(rows[0]) > 1:
            what = "a row for each input" if kind[0] == "W" else "a column for each sample"
            said.append(f"{key}: {what}")
        if layouts[chosen].share > 1:
            said.append(f"{key}: of the mean over the batch, so times {layouts[chosen].share}")
        agree += scores[chosen]
    return _Placed(values, said, left, agree)


class _Layout(NamedTuple):
    values: dict
    is_turned: bool
    share: int


def _layouts(names, rows, shares):
    """The numbers of a matrix under their names: laid out in both ways, where these fit, times each share."""
    turned = list(map(list, zip(*rows)))
    ways = [(_fitted(names, way), is_turned) for way, is_turned in ((rows, False), (turned, True))]
    return [
        _Layout({name: number * share for name, number in found.items()}, is_turned, share)
        for share in shares
        for found, is_turned in ways
        if found is not None
    ]


def _why_not(names, rows, count):
    if not names:
        return f"there are {count} of its kind here"
    shape = "rows of different lengths" if rows is None else f"of shape {len(rows)}×{len(rows[0])}"
    return f"{shape}, here {len(names)}×{len(names[0])}"


def _in_order(some, count):
    """For each matrix the place of its layer: by the number in its name, from 0 or from 1, or by its rank.

    One without a number comes before those of the same name with one, as dense, dense_1, else after them.
    """
    numbers = [re.findall(r"[0-9]+", plain) for _, plain, _ in some]
    found = [int(each[-1]) if each else None for each in numbers]
    stems = [re.sub(r"_?[0-9]+", "", plain) for _, plain, _ in some]
    numbered = {stem for stem, number in zip(stems, found) if number is not None}
    found = [0 if number is None and stem in numbered else number for stem, number in zip(stems, found)]
    if len(some) == count or None in found:
        ranked = sorted(range(len(some)), key=lambda k: (found[k] is None, found[k] or 0, k))
        places = [0] * len(some)
        for rank, k in enumerate(ranked):
            places[k] = rank
        return [place if place < count else None for place in places]
    least = 0 if 0 in found or max(found) < 1 else 1
    return [each - least if 0 <= each - least < count else None for each in found]


def _depth(value):
    return 1 + _depth(value[0]) if isinstance(value, list) and value else 0


def _entries(key, value, place=()):
    """{name[i,j]: number} of the entries of nested lists."""
    if not isinstance(value, list):
        return {f"{key}[{','.join(map(str, place))}]": value}
    found = {}
    for number, each in enumerate(value, 1):
        found |= _entries(key, each, (*place, number))
    return found


def _rows(value):
    if not isinstance(value, list):
        return [[value]]
    if value and all(isinstance(row, list) and row and not isinstance(row[0], list) for row in value):
        return value if len({len(row) for row in value}) == 1 else None
    return None if any(isinstance(each, list) for each in value) or not value else [value]


def _fitted(names, rows):
    """{name: number} where the shapes are the same; a bias that a layer shares comes once."""
    if len(rows) == len(names) and len(rows[0]) == len(names[0]):
        return {name: number for row, numbers in zip(names, rows) for name, number in zip(row, numbers)}
    flat = [name for row in names for name in row]
    if len(set(flat)) == 1 and len(rows) == len(rows[0]) == 1:
        return {flat[0]: rows[0][0]}
    return None


def _agrees(golden, name, number):
    each = golden.values.get(name)
    return each is not None and abs(number - each.value) <= max(each.tolerance, 1e-5 * abs(each.value))
