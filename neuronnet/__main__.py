"""`python -m neuronnet`: says in one line which Python is needed, else runs the command line."""

import os
import signal
import sys
import threading
from contextlib import contextmanager


def main(argv=None) -> int:
    """Run the command line; return its exit status, 2 on a Python before 3.11."""
    if sys.version_info < (3, 11):  # noqa: UP036
        found = ".".join(map(str, sys.version_info[:3]))
        print("neuronnet: Python 3.11 or newer is needed, this is " + found, file=sys.stderr)
        return 2
    with _quiet_interrupts():
        from neuronnet.cli import main as run
    return run(argv)


@contextmanager
def _quiet_interrupts():
    """Meanwhile Ctrl-C ends the program at once: no work is lost, and packages may take it for an error."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)


def _end(*_):
    os.write(2, b"neuronnet: interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
