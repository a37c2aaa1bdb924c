"""How many examples the drawn tests draw: few by default, many with `--hypothesis-profile=thorough`."""

import pytest
from hypothesis import HealthCheck, settings

COMMON = {
    "deadline": None,  # a busy machine is no fault of ours
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
}
# Draws the same examples everywhere: whoever sees a test fail has broken something.
settings.register_profile("quick", max_examples=30, derandomize=True, database=None, **COMMON)
# Draws new examples every time, ten times as many: finds what nobody thought of. For the night.
settings.register_profile("thorough", max_examples=300, print_blob=True, **COMMON)
settings.load_profile("quick")


def examples(count):
    """The decorator of a test that draws `count` examples where the profile in use draws 100."""
    return settings(max_examples=share(count))


def share(count):
    """`count` in proportion to the profile in use, and at least 5."""
    return max(5, count * settings().max_examples // 100)


def for_the_night():
    """The mark of a test that the quick profile leaves out, for it takes half a minute and more."""
    quick = settings().max_examples < 300
    return pytest.mark.skipif(quick, reason="runs with --hypothesis-profile=thorough")
