"""`python -m neuronnet`: says in one line which Python is needed, else runs the command line."""

import os
import signal
import sys
import threading
from contextlib import contextmanager


def main(argv=None) -> int:
    """Run the command line; return its exit status, 2 on a Python before 3.11."""
    if is_too_old("neuronnet"):
        return 2
    with quiet_interrupts("neuronnet"):
        from neuronnet.cli import main as run
    return run(argv)


def is_too_old(program: str) -> bool:
    """Whether this Python is one before 3.11; if so, a line on standard error says it."""
    if sys.version_info >= (3, 11):  # noqa: UP036
        return False
    found = ".".join(map(str, sys.version_info[:3]))
    print(program + ": Python 3.11 or newer is needed, this is " + found, file=sys.stderr)
    return True


@contextmanager
def quiet_interrupts(program: str):
    """Meanwhile Ctrl-C ends the program at once: no work is lost, and packages may take it for an error."""

    def end(*_):
        os.write(2, (program + ": interrupted\n").encode())
        os._exit(130)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)


if __name__ == "__main__":
    sys.exit(main())
