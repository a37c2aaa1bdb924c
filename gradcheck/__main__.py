"""`python -m gradcheck`: runs the command line, or says in one line which Python or package is missing."""

import sys

from neuronnet.__main__ import is_too_old, quiet_interrupts


def main(argv=None) -> int:
    """Run the command line; return its exit status, 2 without NumPy or on a Python before 3.11."""
    if is_too_old("gradcheck"):
        return 2
    try:
        with quiet_interrupts("gradcheck"):
            from gradcheck.cli import main as run
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        print("gradcheck: NumPy is missing; install it with: python -m pip install numpy", file=sys.stderr)
        return 2
    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
