"""Where a chain of derivatives broke, told from which blocks are right and which are wrong; numbers are not looked at.

A backward pass goes from the last layer to the first, each layer with its delta. So a wrong delta is seen in all blocks
of its layer and of those before; a wrong weight beside a right bias shows that the delta of the two is right.
"""

import re
from itertools import groupby

from .shapes import listing


def place(blocks, wrong):
    """(id, sentence) of the place, from the names of the wrong blocks; None where the blocks say nothing about it."""
    layers = layers_of(blocks)
    if len(blocks) < 2 or layers is None:
        return None
    return _place(layers, set(wrong), {block.name for block in blocks if block.is_vector})


def layers_of(blocks):
    """Lists of names, a layer each, in forward order: by the numbers in the names, else a matrix and the vectors after it.

    None where there is no matrix to tell layers by.
    """
    parts = [re.fullmatch(r"(\D*)(\d+).*", block.name) for block in blocks]
    if all(parts) and len({part[2] for part in parts}) < len(blocks):
        layers = {}
        for block, part in zip(blocks, parts):
            layers.setdefault(int(part[2]), []).append(block.name)
        return list(layers.values())
    if all(block.is_vector for block in blocks):
        return None
    runs = [(is_vector, [block.name for block in run]) for is_vector, run in groupby(blocks, lambda block: block.is_vector)]
    before = runs[0][0]
    layers, waiting = [], []
    for is_vector, names in runs:
        if is_vector and not before:
            layers[-1] += names
        elif is_vector:
            waiting = names
        else:
            layers += [[name] for name in names]
            layers[-len(names)][:0] = waiting
            waiting = []
    if waiting:
        layers[-1] += waiting
    return layers


def _place(layers, wrong, vectors):
    broken = [number for number, layer in enumerate(layers) if wrong & set(layer)]
    whole = all(wrong >= set(layers[number]) for number in broken)
    last = broken[-1]
    if whole and broken == list(range(last + 1)) and len(layers) > 1:
        here = listing(layers[last])
        if last == len(layers) - 1:
            return "output delta", f"wrong from {here} on, the last layer, down to {listing(layers[0])}: the output delta"
        return "hidden delta", f"right down to {listing(layers[last + 1])}, wrong from {here} on: the hidden delta"
    in_broken = {name for number in broken for name in layers[number]}
    where = f"wrong in {listing(name for layer in layers for name in layer if name in wrong)} only"
    if wrong == in_broken & vectors:
        return "biases", (f"{where}; the weights, made of the same deltas, are right: the sum over the samples that makes "
                          "the gradient of a bias")
    if wrong == in_broken - vectors and in_broken & vectors:
        return "weights", (f"{where}; the biases of the same layers are right, and so are the deltas: what the deltas are "
                           "multiplied by")
    if whole and len(broken) == 1:
        return "one layer", f"{where}, right before and after: the delta handed on is right, what is made of it is not"
    return None
