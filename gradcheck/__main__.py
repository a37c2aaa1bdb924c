"""`python -m gradcheck`: runs the command line, or says in one line which Python or package is missing."""

import sys


def main(argv=None) -> int:
    """Run the command line; return its exit status, 2 without NumPy or on a Python before 3.11."""
    if sys.version_info < (3, 11):  # noqa: UP036
        found = ".".join(map(str, sys.version_info[:3]))
        print("gradcheck: Python 3.11 or newer is needed, this is " + found, file=sys.stderr)
        return 2
    try:
        from gradcheck.cli import main as run
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        print("gradcheck: NumPy is missing; install it with: python -m pip install numpy", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gradcheck: interrupted", file=sys.stderr)
        return 130
    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
