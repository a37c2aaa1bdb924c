"""The pytest fixture `golden` and its options, which pytest finds through the entry point pytest11."""

from functools import partial

import pytest


def pytest_addoption(parser):
    """--golden-update and --golden-reason."""
    group = parser.getgroup("golden values")
    group.addoption("--golden-update", action="store_true", help="write the files of the fixture golden anew")
    group.addoption("--golden-reason", metavar="TEXT", help="why; kept in the files that are replaced")


@pytest.fixture
def golden(request):
    """golden("net.toml", updates=1000, dtype="float32").check(values): see `neuronnet.testing.GoldenTest`."""
    from neuronnet.testing import GoldenTest

    is_update, reason = (request.config.getoption(name) for name in ("golden_update", "golden_reason"))
    if is_update and not reason:
        raise pytest.UsageError("--golden-update needs --golden-reason TEXT")
    return partial(GoldenTest, folder=request.path.parent, is_update=is_update, reason=reason)
