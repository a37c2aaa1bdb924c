"""`python -m neuronnet`: says in one line which Python is needed, else runs the command line."""

import sys


def main(argv=None) -> int:
    """Run the command line; return its exit status, 2 on a Python before 3.11."""
    if sys.version_info < (3, 11):  # noqa: UP036
        found = ".".join(map(str, sys.version_info[:3]))
        print("neuronnet: Python 3.11 or newer is needed, this is " + found, file=sys.stderr)
        return 2
    try:
        from neuronnet.cli import main as run
    except KeyboardInterrupt:
        print("neuronnet: interrupted", file=sys.stderr)
        return 130
    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
