"""The numbers that a network's passes leave with mistakes planted in them, by their ids."""

from math import isclose

from neuronnet import Derivation
from neuronnet.description.reading import read
from neuronnet.mistakes.networks import REMEMBERED, Network
from neuronnet.mistakes.printed_numbers import numbers_of
from neuronnet.mistakes.variation import RIGHT

_NETWORKS = {}


def network_of(description):
    """The Network of a description, one for each object."""
    if id(description) not in _NETWORKS:
        _NETWORKS[id(description)] = description, Network(read(description))
    return _NETWORKS[id(description)][1]


def planted(network, ids):
    """The Variation with these ids, none, one or two. Raises KeyError for one that makes no sense there."""
    first, *others = [network.variations[id] for id in ids if id != "none"] or [RIGHT]
    for each in others:
        first = first.with_other(each)
    return first


class Numbers(dict):
    """The numbers by name that a derivation lists up to some update; others when they are asked for."""

    def __init__(self, description, *ids, updates=1, keep=None):
        network = network_of(description)
        variation = planted(network, ids)
        self.replay = network.replay(variation, keep=keep)
        told = (
            network.description if variation.described is None else variation.described(network.description)
        )
        names = [each.name for each in Derivation(told, updates=updates if network.learns else 0).quantities]
        super().__init__(numbers_of(self.replay, [each for each in names if not each.startswith(REMEMBERED)]))

    def __missing__(self, name):
        return self.replay[name]


def alike(numbers, others):
    """Whether two passes have the same names and, to 1e-12 relative, the same numbers."""
    return [*numbers] == [*others] and all(
        isclose(one, other, rel_tol=1e-12, abs_tol=1e-300)
        for one, other in zip(numbers.values(), others.values())
    )
