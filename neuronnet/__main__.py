"""`python -m neuronnet`: says in one line which Python is needed, else runs the command line."""

import os
import sys

try:
    from _signal import SIGINT, signal  # type: ignore[import-not-found]  # `signal` imports first
except ImportError:
    from signal import SIGINT, signal


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


class quiet_interrupts:
    """Meanwhile Ctrl-C ends the program at once: no work is lost, and packages may take it for an error."""

    def __init__(self, program: str):
        self.program, self.kept = program, None

    def __enter__(self):
        try:
            self.kept = signal(SIGINT, self._end)
        except ValueError:  # of a thread that is not the main one
            self.kept = None

    def __exit__(self, *_):
        if self.kept is not None:
            signal(SIGINT, self.kept)

    def _end(self, *_):
        os.write(2, (self.program + ": interrupted\n").encode())
        os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
