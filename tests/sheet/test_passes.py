"""Names that are assigned again and again, as people write passes, momentum and Adam in text and in code."""

import pytest

import neuronnet

ONE = "w = 0.5, x = 2, t = 3, lr = 0.1"
LOSS = f"{ONE}\nL = (w*x - t)^2 = 4"
NUMBERS = [("1", "4", "-8", "1.3"), ("2.6", "0.16", "-1.6", "1.46"), ("2.92", "0.0064", "-0.32", "1.492")]
IN_FULL = """y = w x = {0}
L = (y - t)^2 = {1}
g = 2 (y - t) x = {2}
w = w - lr g = {3}"""


def passes(text, heading="\nEpoch {}\n", wrong=None):
    """Three passes of one text, with `wrong` as the new value of the last one."""
    rows = [*NUMBERS[:2], (*NUMBERS[2][:3], wrong or NUMBERS[2][3])]
    return "\n".join(heading.format(place) + text.format(*row) for place, row in enumerate(rows, 1))


def wrong_lines(text):
    return [each.text for each in neuronnet.check_sheet(text).lines if each.is_wrong]


REPEATED = {
    "in full": (ONE, IN_FULL),
    "derivative": (ONE, IN_FULL.replace("g", "dL/dw")),
    "arrow": (ONE, IN_FULL.replace("w = w -", "w ← w -")),
    "loss alone": (ONE, "L = (w*x - t)^2 = {1}\ngrad = 2*(w*x - t)*x = {2}\nw = w - lr*grad = {3}"),
    "gradient alone": (LOSS, "grad = 2*(w*x - t)*x = {2}\nw = w - lr*grad = {3}"),
    "derivative alone": (LOSS, "dL/dw = 2*(w*x - t)*x = {2}\nw = w - lr*dL/dw = {3}"),
}


@pytest.mark.parametrize("opening, text", REPEATED.values(), ids=REPEATED)
def test_every_pass_goes_on_from_the_one_before(opening, text):
    assert wrong_lines(opening + passes(text)) == []
    (wrong,) = wrong_lines(opening + passes(text, wrong="1.429"))
    assert wrong.startswith("w") and wrong.endswith("1.429")


def test_updates_in_numbers_start_from_the_newest_value():
    text = ONE + passes(IN_FULL).replace("w = w - lr g = 1.46", "w = 1.3 - 0.1*(-1.6) = 1.46")
    assert wrong_lines(text) == []
    assert wrong_lines(text.replace("1.46\n", "1.64\n"))[0] == "w = 1.3 - 0.1*(-1.6) = 1.64"
