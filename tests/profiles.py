"""How many examples the drawn tests draw: few by default, many with `--hypothesis-profile=thorough`."""

import pytest
from hypothesis import HealthCheck, settings

COMMON = {
    "deadline": None,  # a busy machine is no fault of ours
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
}
# Draws the same examples everywhere: whoever sees a test fail has broken something.
settings.register_profile("quick", max_examples=10, derandomize=True, database=None, **COMMON)
# Draws new examples every time, thirty times as many: finds what nobody thought of. For the night.
settings.register_profile("thorough", max_examples=300, print_blob=True, **COMMON)
settings.load_profile("quick")


def examples(count):
    """The decorator of a test that draws `count` examples where the profile in use draws 100."""
    return settings(max_examples=share(count))


def share(count, least=5):
    """`count` in proportion to the profile in use, where that draws 100 examples, and at least `least`."""
    return max(least, count * settings().max_examples // 100)


def by_day(items, step):
    """Every `step`-th of the items, and with the thorough profile all of them."""
    return list(items)[:: 1 if is_thorough() else step]


def is_thorough():
    """Whether the tests are to take the time that they need, as in a nightly run."""
    return settings().max_examples >= 300


def for_the_night():
    """The mark of a test that the quick profile leaves out, for it takes half a minute and more."""
    return pytest.mark.skipif(not is_thorough(), reason="runs with --hypothesis-profile=thorough")
