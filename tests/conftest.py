"""What tests of several folders share, and the whole suite's use of every core."""

import gc
import os

import profiles  # noqa: F401  # registers the hypothesis profiles, and loads the quick one
import pytest

# NumPy reads this when it is imported. With two threads a dot product of 20,000 takes fifty times as long as
# with one, where both cores have tests to run.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Runs the whole suite on every core where pytest-xdist is installed; chosen files run in one process."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    is_worker = hasattr(config, "workerinput")  # a worker that started workers would have no end
    if whole and not is_worker and getattr(config.option, "numprocesses", 0) is None:
        config.option.numprocesses = "auto"
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"  # neighbours stay in one process, which makes their fixtures once


def pytest_collection_finish():
    """Keeps the collector of garbage from what pytest has collected, and lets it look for more rarely.

    Collected after every 700 objects, as by default, a tenth of the suite's time goes into looking.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
