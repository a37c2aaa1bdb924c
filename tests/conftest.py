"""What tests of several folders share."""

import pytest

from neuronnet.repairs.identity import Trials


@pytest.fixture(scope="session")
def trials():
    """The Trials of the worked example."""
    return Trials("worked-example")
