"""Names of parts and quantities: built by the rules, renamed by the author, and understood in every accepted
spelling.
"""

from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import examples

from neuronnet import Derivation, load
from neuronnet.description.description import LayerDescription
from neuronnet.errors import SpecError
from neuronnet.names import Names, after, in_sample, partial_name, spelled_out, split_index, split_partial


def layers(*sizes, bias=0.0):
    """The layers of a network of these sizes, inputs first."""
    return [
        LayerDescription("tanh", ((0.0,) * inputs,) * neurons, (0.0,) * neurons if bias == "own" else bias)
        for inputs, neurons in zip(sizes, sizes[1:])
    ]


def names(*sizes, bias=0.0, **renames):
    return Names(layers(*sizes, bias=bias), renames)


# Built by the rules


def test_the_names_of_the_worked_example():
    own = names(2, 2, 2)
    assert own.inputs == ("i1", "i2")
    assert own.layers == (("h1", "h2"), ("o1", "o2"))
    assert own.weights == ((("w1", "w2"), ("w3", "w4")), (("w5", "w6"), ("w7", "w8")))
    assert own.biases == (("b1", "b1"), ("b2", "b2"))
    assert (own.error, own.error_l2, own.rate, own.l2) == ("E_total", "E_l2", "eta", "l2")


@pytest.mark.parametrize(
    "sizes, expected",
    [
        ((3, 1), (("o1",),)),
        ((1, 2, 1), (("h1", "h2"), ("o1",))),
        ((1, 2, 1, 2), (("h1_1", "h1_2"), ("h2_1",), ("o1", "o2"))),
    ],
)
def test_hidden_neurons_carry_their_layer_only_where_there_are_several(sizes, expected):
    assert names(*sizes).layers == expected


@pytest.mark.parametrize(
    "bias, expected",
    [(None, (None, None)), (0.0, (("b1", "b1"), ("b2",))), ("own", (("b1", "b2"), ("b3",)))],
)
def test_a_shared_bias_counts_once_and_own_biases_each(bias, expected):
    assert names(1, 2, 1, bias=bias).biases == expected


def test_biases_are_numbered_past_a_layer_without_one():
    described = layers(1, 2, 1, 2)
    described[1] = replace(described[1], bias=None)
    described[2] = replace(described[2], bias=(0.0, 0.0))
    assert Names(described, {}).biases == (("b1", "b1"), None, ("b2", "b3"))


@pytest.mark.parametrize(
    "kind, neuron, expected",
    [
        ("net", "h1", "net_h1"),
        ("out", "o2", "out_o2"),
        ("delta", "o1", "delta_o1"),
        ("target", "o1", "target_o1"),
        ("E", "o1", "E_o1"),
    ],
)
def test_quantities_are_named_after_their_neuron(kind, neuron, expected):
    assert names(2, 2, 2).of(kind, neuron) == expected


def test_no_two_things_of_eleven_layers_share_a_name():
    own = names(*[12] * 12, bias="own")
    every = [*own.inputs, *chain(*own.layers), *chain(*chain(*own.weights)), *chain(*own.biases)]
    assert len(every) == len(set(every)) == 12 + 11 * (12 + 144 + 12)


# Built and read apart again


@pytest.mark.parametrize(
    "built, expected",
    [
        (partial_name("E_total", "w5"), "dE_total/dw5"),
        (in_sample("net_h1", 2), "net_h1[2]"),
        (in_sample("net_h1", None), "net_h1"),
        (after("w5", 0), "w5"),
        (after("w5", 3), "w5@3"),
        (after(in_sample("net_h1", 2), 1), "net_h1[2]@1"),
    ],
)
def test_names_are_built(built, expected):
    assert built == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("dE_total/dw5", ("E_total", "w5")),
        ("ddelta_o1/dw1", ("delta_o1", "w1")),
        ("dE_total[2]/dnet_h1[2]", ("E_total[2]", "net_h1[2]")),
        ("w5", None),
        ("dE_total", None),
        ("dE_total/w5", None),
        ("E_total/dw5", None),
        ("d/d", None),
        ("da/db/dc", None),
        ("dE total/dw5", None),
        ("", None),
    ],
)
def test_derivatives_are_taken_apart(text, expected):
    assert split_partial(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("w5", ("w5", "")),
        ("net_h1[2]", ("net_h1", "[2]")),
        ("w5@1", ("w5", "@1")),
        ("net_h1[2]@1", ("net_h1", "[2]@1")),
        ("w5@010", ("w5", "@10")),
        ("net_h1[02]@00", ("net_h1", "[2]@0")),
        ("w5@", ("w5", "@")),
        ("", ("", "")),
    ],
)
def test_sample_and_update_are_split_off(text, expected):
    assert split_index(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("∂E/∂w5", "dE_total/dw5"),
        ("dE/dw5", "dE_total/dw5"),
        ("dE_total/dw5", "dE_total/dw5"),
        ("δ_o1", "delta_o1"),
        ("η", "eta"),
        ("E", "E_total"),
        ("E@3", "E_total@3"),
        ("E[2]", "E_total[2]"),
        ("w5+", "w5@1"),
        (" w5 ", "w5"),
        ("∂E_o1/∂out_h1", "dE_o1/dout_h1"),
        ("∂E/∂δ_o1", "dE_total/ddelta_o1"),
        ("w′", "w'"),
        ("E_o1", "E_o1"),
        ("Error", "Error"),
        ("", ""),
    ],
)
def test_accepted_spellings_are_written_out(text, expected):
    assert spelled_out(text) == expected


@given(st.text(alphabet="dEwδ∂ηo1_+@[]/ '", max_size=12))
def test_writing_out_twice_changes_nothing_more(text):
    once = spelled_out(text)
    assume("+" not in once)  # a second + is no spelling of anything
    assert spelled_out(once) == once


# Renamed by the author


def test_both_names_of_a_renamed_part_are_understood():
    own = names(2, 2, 2, h1="4", i1="x1", w5="v11", E_total="L", eta="alpha", net_h1="I4")
    assert own.inputs == ("x1", "i2") and own.weights[1][0] == ("v11", "w6")
    assert own.error == "L" and own.rate == "alpha"
    for standard, chosen in (
        ("i1", "x1"),
        ("w5", "v11"),
        ("E_total", "L"),
        ("E", "L"),
        ("η", "alpha"),
        ("net_h1", "I4"),
        ("out_h1", "out_4"),
        ("δ_h1", "delta_4"),
        ("w5@3", "v11@3"),
        ("w5+", "v11@1"),
        ("out_h1[2]@1", "out_4[2]@1"),
        ("∂E/∂w5", "dL/dv11"),
        ("dout_h1/dnet_h1", "dout_4/dI4"),
    ):
        assert own.standard(standard) == chosen
        assert own.standard(chosen) == chosen


@pytest.mark.parametrize("chosen", ["δ1", "η1", "σ", "∂x", "w′", "w'"])
def test_an_authors_own_symbols_survive(chosen):
    own = names(2, 2, 2, w1=chosen)
    assert own.weights[0][0][0] == chosen
    assert own.standard(chosen) == own.standard("w1") == chosen
    assert own.standard(f"∂E/∂{chosen}") == f"dE_total/d{chosen}"


def test_where_names_change_places_the_author_is_believed():
    own = names(2, 2, 2, w2="w3", w3="w2")
    assert own.weights[0] == (("w1", "w3"), ("w2", "w4"))
    assert own.standard("w2") == "w2" and own.standard("w3") == "w3"
    assert own.standard("dE/dw2") == "dE_total/dw2"


def test_quantities_of_swapped_names_have_each_others_values():
    description = load("worked-example").to_dict()
    plain, swapped = Derivation(description), Derivation(description | {"names": {"w2": "w3", "w3": "w2"}})
    assert plain["w2"].value != plain["w3"].value
    for one, other in (
        ("w2", "w3"),
        ("w3", "w2"),
        ("dE_total/dw2", "dE_total/dw3"),
        ("dE_total/dw3", "dE_total/dw2"),
        ("w2@1", "w3@1"),
        ("dE_o1/dw2", "dE_o1/dw3"),
        ("dnet_o1/dw3", "dnet_o1/dw2"),
        ("net_h1", "net_h1"),
    ):
        assert swapped[one].value == plain[other].value
    assert swapped["net_h1"].formula == "w1*i1 + w3*i2 + b1"


OWN = st.from_regex(r"\A[a-zδη∂σ_E][a-z0-9'_Eδ]{0,3}\Z")
STANDARD = [
    "i1",
    "i2",
    "h1",
    "o1",
    "w1",
    "w2",
    "w5",
    "b1",
    "net_h1",
    "out_o1",
    "delta_h2",
    "E_o1",
    "E_total",
    "eta",
    "l2",
]


@examples(300)
@given(st.dictionaries(st.sampled_from(STANDARD), st.one_of(OWN, st.sampled_from(STANDARD)), max_size=6))
def test_an_own_name_always_means_itself(renames):
    try:
        own = Names(layers(2, 2, 2), renames)
    except SpecError:
        return
    every = [*own.inputs, *chain(*own.layers), *chain(*chain(*own.weights)), *chain(*own.biases)]
    every += [
        own.of(kind, neuron)
        for layer in own.layers
        for neuron in layer
        for kind in ("net", "out", "target", "E", "delta")
    ]
    for name in every + [own.error, own.rate, own.l2]:
        assert own.standard(name) == name
        assert own.standard(in_sample(name, 2)) == in_sample(name, 2)
    for standard, chosen in renames.items():
        # A standard name that the author gave to something else means that.
        if standard not in every + [own.error, own.rate, own.l2]:
            assert own.standard(standard) == chosen


@pytest.mark.parametrize(
    "renames, where, found",
    [
        ({"w9": "a"}, "names, 'w9'", "no such name in this network"),
        ({"h1_1": "a"}, "names, 'h1_1'", "no such name in this network"),
        ({"net": "a"}, "names, 'net'", "no such name in this network"),
        ({"w1": "w2"}, "names", "'w2' for w1 and w2"),
        ({"w1": "x", "i1": "x"}, "names", "'x' for i1 and w1"),
        ({"h1": "o1"}, "names", "'o1' for h1 and o1"),
        ({"h1": "x", "w1": "net_x"}, "names", "'net_x' for net_h1 and w1"),
        ({"o1": "total"}, "names", "'E_total' for E_total and E_o1"),
        ({"w1": "E"}, "names", "'E' for E_total and w1"),
        ({"w1": "E", "E_total": "L"}, "names", "'E' for E_total and w1"),
        ({"w1": "η"}, "names", "'η' for eta and w1"),
        ({"w1": "δ_h1"}, "names", "'δ_h1' for delta_h1 and w1"),
    ],
)
def test_a_rename_of_nothing_and_one_name_for_two_things_are_refused(renames, where, found):
    with pytest.raises(SpecError) as caught:
        Names(layers(2, 2, 2), renames)
    assert (caught.value.where, caught.value.found) == (where, found)
