"""Samples under headings of their own are judged one by one, with what is given for all of them."""

import pytest

from neuronnet import check_sheet

SHEET = """w = 0.2, b = 0.1
Sample 1: x = 1.0, y = 1
z = w x + b = 0.3
p = σ(z) = 0.5744
L = 1/2 (p - y)² = 0.0905
∂L/∂w = (p - y) p (1 - p) x = -0.1040

Sample 2: x = -2.0, y = 0
z = 0.2·(-2.0) + 0.1 = -0.3
p = 0.4256
L = 0.0906
∂L/∂w = (p - y) p (1 - p) x = -0.2081
"""
FINE = {"right", "rounding", "given", "model"}


def not_fine(text):
    return {line.line: line.verdict for line in check_sheet(text).lines if line.verdict not in FINE}


def test_each_sample_has_its_own_numbers():
    assert not_fine(SHEET) == {}
    assert sum(line.is_judged for line in check_sheet(SHEET).lines) == 8


@pytest.mark.parametrize(
    "old, new, line, verdict",
    [
        ("p = 0.4256", "p = 0.5744", 10, "wrong number"),
        ("L = 0.0906", "L = 0.0990", 11, "wrong number"),
        ("z = w x + b = 0.3", "z = w x + b = 0.4", 3, "wrong number"),
        ("x = -0.2081", "y = -0.2081", 12, "wrong formula"),
    ],
)
def test_a_mistake_in_one_sample_is_told_in_its_line(old, new, line, verdict):
    assert not_fine(SHEET.replace(old, new))[line] == verdict


@pytest.mark.parametrize("language", ["Beispiel", "Muestra", "Exemple", "Пример"])
def test_samples_are_known_by_their_headings_in_other_languages(language):
    assert not_fine(SHEET.replace("Sample", language)) == {}


def test_a_mean_behind_the_last_sample_is_not_taken_for_its_line():
    text = SHEET + "\nMean\n∂L/∂w = (-0.1040 - 0.2081)/2 = -0.1561\n"
    assert not_fine(text) == {15: "unreadable"}


def test_what_is_not_read_is_told_once():
    text = (
        SHEET.replace("L = 0.0906", "L = = 0.0906") + "\nSample 3: x = 1.5, y = 1\nz = 0.2·1.5 + 0.1 = 0.4\n"
    )
    lines = check_sheet(text.replace("L = 1/2", "L = = 1/2")).lines
    assert [each.line for each in lines if each.verdict == "unreadable"] == [5, 11]


def test_samples_with_updates_between_them_are_passes():
    first = SHEET.partition("\nSample 2")[0] + "w = w - 0.1 ∂L/∂w = 0.2104\n"
    assert not_fine(first + "\nSample 2: x = -2.0, y = 0\nz = w x + b = -0.3208\n") == {}
    assert not_fine(first + "\nSample 2: x = -2.0, y = 0\nz = w x + b = -0.3308\n") == {10: "wrong number"}
