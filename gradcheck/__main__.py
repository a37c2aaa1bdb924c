"""`python -m gradcheck`: runs the command line, or says in one line which Python or package is missing."""

import os
import signal
import sys
import threading
from contextlib import contextmanager


def main(argv=None) -> int:
    """Run the command line; return its exit status, 2 without NumPy or on a Python before 3.11."""
    if sys.version_info < (3, 11):  # noqa: UP036
        found = ".".join(map(str, sys.version_info[:3]))
        print("gradcheck: Python 3.11 or newer is needed, this is " + found, file=sys.stderr)
        return 2
    try:
        with _quiet_interrupts():
            from gradcheck.cli import main as run
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        print("gradcheck: NumPy is missing; install it with: python -m pip install numpy", file=sys.stderr)
        return 2
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
    os.write(2, b"gradcheck: interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
