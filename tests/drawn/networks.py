"""Hypothesis strategies for networks: any number of layers, every activation, loss and convention."""

from hypothesis import strategies as st

HIDDEN = ("logistic", "tanh", "relu", "identity")
# Cross-entropies need outputs that are probabilities; the squared errors and `output` take any.
LAST_LAYER = {
    "half squared error": HIDDEN + ("softmax",),
    "squared error": HIDDEN + ("softmax",),
    "output": HIDDEN + ("softmax",),
    "binary cross-entropy": ("logistic", "softmax"),
    "categorical cross-entropy": ("softmax", "logistic"),
}


def numbers(largest=2.0):
    """Finite floats without subnormals, whose products would lose digits."""
    return st.floats(-largest, largest, allow_nan=False, allow_subnormal=False).map(
        lambda x: 0.0 if abs(x) < 1e-6 else x
    )


@st.composite
def descriptions(
    draw,
    losses=tuple(LAST_LAYER),
    most_layers=4,
    most_neurons=3,
    most_samples=3,
    largest=2.0,
    batches=("full", "online", 2),
    hidden=HIDDEN,
):
    """A description of a network with its samples, as a plain dict."""
    loss = draw(st.sampled_from(losses))
    layer_count = draw(st.integers(1, most_layers))
    sizes = draw(st.lists(st.integers(1, most_neurons), min_size=layer_count + 1, max_size=layer_count + 1))
    layers = []
    for number in range(layer_count):
        last = number == layer_count - 1
        inputs, neurons = sizes[number], sizes[number + 1]
        activation = draw(st.sampled_from(LAST_LAYER[loss] if last else hidden))
        if loss == "binary cross-entropy" and neurons == 1 and last:
            activation = "logistic"  # the softmax of one output is 1, and 1 - out has no logarithm
        layer = {
            "activation": activation,
            "weights": draw(
                st.lists(
                    st.lists(numbers(largest), min_size=inputs, max_size=inputs),
                    min_size=neurons,
                    max_size=neurons,
                )
            ),
        }
        bias = draw(st.sampled_from(("none", "shared", "own")))
        if bias == "shared":
            layer["bias"] = draw(numbers(largest))
        elif bias == "own":
            layer["bias"] = draw(st.lists(numbers(largest), min_size=neurons, max_size=neurons))
        if bias != "none":
            layer["train_bias"] = draw(st.booleans())
        layers.append(layer)
    samples = draw(st.lists(_sample(loss, sizes[0], sizes[-1]), min_size=1, max_size=most_samples))
    return {
        "title": "drawn",
        "loss": loss,
        "layer": layers,
        "sample": samples,
        "outputs": draw(st.sampled_from(("sum", "mean"))),
        "samples_combine": draw(st.sampled_from(("sum", "mean"))),
        "learning_rate": draw(st.sampled_from((0.5, 0.1, 1.0))),
        "l2": draw(st.sampled_from((0.0, 0.0, 0.1))),
        "l2_scale": draw(st.sampled_from(("as is", "per sample"))),
        "batch": draw(st.sampled_from(batches)),
    }


@st.composite
def _sample(draw, loss, inputs, outputs):
    sample = {"inputs": draw(st.lists(numbers(), min_size=inputs, max_size=inputs))}
    if loss == "categorical cross-entropy":
        hot = draw(st.integers(0, outputs - 1))
        sample["targets"] = draw(
            st.one_of(
                st.just([float(j == hot) for j in range(outputs)]),
                st.lists(st.floats(0, 1, allow_subnormal=False), min_size=outputs, max_size=outputs),
            )
        )
    elif loss == "binary cross-entropy":
        sample["targets"] = draw(
            st.lists(
                st.one_of(st.sampled_from((0.0, 1.0)), st.floats(0, 1, allow_subnormal=False)),
                min_size=outputs,
                max_size=outputs,
            )
        )
    elif loss != "output":
        sample["targets"] = draw(st.lists(numbers(), min_size=outputs, max_size=outputs))
    return sample
