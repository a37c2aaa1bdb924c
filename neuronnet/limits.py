"""How much a command takes on: beyond that it would fill 500 MB, or be silent for more than some seconds.

The environment variable NEURONNET_LIMITS raises limits: `NEURONNET_LIMITS=samples=500000,weights=2000000`.
"""

import os

from neuronnet.errors import NeuronnetError, did_you_mean, nearest, shortened

VARIABLE = "NEURONNET_LIMITS"
MOST = {
    "bytes": 20_000_000,  # of a file of text
    "characters": 2_000_000,  # of the description of a network
    "weights": 500_000,  # of a network
    "samples": 100_000,  # of a network
    "numbers": 1_000_000,  # of all samples, of the parameters in a file, of another program's numbers
    "multiplications": 1_000_000,  # weights times samples times updates of a training in silence
}


def most(name: str) -> int:
    """The limit of that name in MOST, or what the environment says. Raises NeuronnetError if that is bad."""
    return _raised().get(name, MOST[name])


def allowed(name: str) -> str:
    """A clause that says the limit and how to raise it, for the end of a message."""
    return f"at most {most(name)} {name} are taken on; set {VARIABLE}={name}=NUMBER to raise that"


def require(name: str, count: int, where: str) -> None:
    """Raise NeuronnetError for a `count` beyond the limit."""
    if count > most(name):
        raise NeuronnetError(f"{where}: found {count} {name}; {allowed(name)}")


def _raised():
    found = {}
    for entry in filter(None, os.environ.get(VARIABLE, "").split(",")):
        name, _, number = (part.strip() for part in entry.partition("="))
        if name not in MOST:
            near = did_you_mean(nearest(name, MOST)) or f"; known are {', '.join(MOST)}"
            raise NeuronnetError(f"{VARIABLE}: unknown limit {shortened(name)}{near}")
        if not (number.isascii() and number.isdigit() and len(number) <= 12):
            raise NeuronnetError(f"{VARIABLE}: {name}: found {shortened(number)}; a whole number is needed")
        found[name] = int(number)
    return found
