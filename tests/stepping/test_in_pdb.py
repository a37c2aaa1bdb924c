"""pdb at the line that computes a number: which line it is, what it is about to compute, a real session."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from neuronnet import Derivation, load
from neuronnet.description.reading import read
from neuronnet.errors import NeuronnetError
from neuronnet.names import after
from neuronnet.stepping import in_pdb

ROOT = Path(__file__).parent.parent.parent


class Asked(in_pdb.pdb.Pdb):
    """Stops as pdb does, and notes the line and what its right-hand side is about to give."""

    def interaction(self, frame, *rest):
        if not Path(frame.f_code.co_filename).is_file():  # the statement itself
            self.set_continue()
            return
        lines = Path(frame.f_code.co_filename).read_text(encoding="utf-8").splitlines()
        line = lines[frame.f_lineno - 1].strip()
        formula = line.removeprefix("return ").partition(" = ")[2] or line.removeprefix("return ")
        value = None if " += " in line else eval(formula, frame.f_globals, frame.f_locals)
        Asked.found = line, value
        self.set_quit()


def asked(description, name, update):
    with patch.object(in_pdb.pdb, "Pdb", Asked):
        Asked.found = None
        assert in_pdb.debug(read(description), name, update) == 0
    return Asked.found


def described(name, **others):
    description = load(name).to_dict() | others
    return description | {"sample": description["sample"][:3]}


SUMS = ("net_o2", "dE_total/dout_h1", "dE_total/dw1")
CASES = {
    "worked": (
        described("worked-example"),
        ["out_h2", "E_o1", "dE_total/dout_o1", "dout_h1/dnet_h1", "delta_o2"],
    ),
    "its weights": (
        described("worked-example"),
        ["w5", "dE_total/dw2", "dnet_o1/dw5", "dE_total/db1", "delta_h1"],
    ),
    "sums": (described("worked-example"), ["net_o2", "dE_total/dout_h1"]),
    "Adam": (described("worked-example", update={"rule": "adam"}), ["w1", "m_w1", "vhat_w1"]),
    "momentum": (described("worked-example", update={"rule": "momentum"}), ["w1", "v_w1"]),
    "RMSprop": (described("worked-example", update={"rule": "rmsprop"}), ["w1", "v_w1"]),
    "samples": (
        described("xor", batch="full"),
        ["w1", "delta_h1[3]", "out_h2[2]", "E_o1[2]", "dE_total[3]/dw2"],
    ),
    "softmax": (described("moons-tanh", l2=0.01), ["out_o2[3]", "delta_o1[2]", "dE_total/dw1", "E_o1[3]"]),
}


@pytest.mark.parametrize("case", CASES)
def test_it_stops_on_the_line_that_is_about_to_compute_the_number(case, capsys):
    description, names = CASES[case]
    derivation = Derivation(description, updates=0)
    for name in names:
        own = derivation.own_name(name)
        is_made = own[0] in "wbmv" and "_o" not in own
        line, value = asked(description, own, 3)
        exact = derivation[after(own, 3 if is_made else 2)].value
        if value is not None:  # otherwise the line adds the first of several terms
            assert value == pytest.approx(exact, rel=1e-12), (own, line)
        assert (value is None) == (name in SUMS)


@pytest.mark.parametrize(
    "name, update, said",
    [
        ("w99", 1, "unknown name"),
        ("w5", 0, "count from 1"),
        ("delta_o1[2]", 1, "not made from that sample"),
        ("delta_o1", 1, "did you mean delta_o1"),
    ],
)
def test_what_is_not_computed_there_is_refused(name, update, said):
    description = described("xor", batch="online", order={"kind": "in turn"})
    with pytest.raises(NeuronnetError, match=said):
        in_pdb.debug(read(description), name, update)


def test_a_real_session_through_a_pipe():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "neuronnet",
            "step",
            "--pdb",
            "worked-example",
            "--at",
            "delta_h1",
            "--update",
            "2",
        ],
        input="p self.name, dE_dout * dout_dnet\nnext\np delta\ncontinue\n",
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
    )
    value = Derivation("worked-example")["delta_h1@1"].value
    assert done.returncode == 0 and done.stderr == ""
    assert "-> delta = dE_dout * dout_dnet" in done.stdout
    assert f"(Pdb) ('h1', {value!r})" in done.stdout and f"(Pdb) {value!r}\n" in done.stdout
