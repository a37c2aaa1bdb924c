"""`python -m gradcheck`, which needs NumPy and says so in one line where it is missing."""

import sys


def main(argv=None):
    """Run the command line; return its exit status, 2 without NumPy."""
    try:
        from gradcheck.cli import main as run
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        print("gradcheck: NumPy is missing; install it with: python -m pip install numpy", file=sys.stderr)
        return 2
    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
