"""NumPy's float32 and float64 as the numbers of a network's objects."""

import numpy as np
import pytest
from profiles import for_the_night

from neuronnet import Golden, Model, NeuralNetwork, diagnose


@pytest.mark.parametrize("number", [np.float32, np.float64])
@pytest.mark.parametrize(
    "example", ["worked-example", pytest.param("moons-tanh", marks=for_the_night()), "xor"]
)
def test_objects_of_numpys_numbers_train_as_golden_values_say(example, number):
    if number is np.float32 and np.lib.NumpyVersion(np.__version__) < "2.0.0":
        pytest.skip("NumPy 1 makes a float64 of a float32 and a Python float")
    network = NeuralNetwork.from_dict(example, number)
    network.fit(5)
    values = {f"{parameter.name}@5": parameter.value for parameter in network.parameters}
    assert {type(value) for value in values.values()} == {number}
    found = Golden.of(example, at=[5], dtype=np.dtype(number).name).compare(values)
    assert (found.verdict, found.dtype, found.compared) == ("right", np.dtype(number).name, len(values))


def test_numpys_numbers_are_diagnosed():
    up = {"dE_total/dw5": np.float32(0.0821670406), "w5@1": np.array(0.44108352028)}  # the gradient added
    assert diagnose("worked-example", up)[0].id == "sign flipped"
    model = Model.from_text("x = [1, 2]\nw = [0.5, 0.25]\nL = (w·x - 3)^2")
    assert diagnose(model, {"dL/dw": np.array([-4.0, -8.0])}) == []
    assert diagnose(model, {"dL/dw": np.array([-2.0, -4.0])}) != []
