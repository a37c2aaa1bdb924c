"""The ledger: every published number has a proof, and one whose proof fails is told."""

import json
from dataclasses import replace

import pytest

from neuronnet import NeuronnetError
from neuronnet.__main__ import main
from neuronnet.description.reading import example_names, read
from neuronnet.mistakes.ledger import Entry, ledger
from neuronnet.mistakes.networks import network_of
from neuronnet.render import text


@pytest.mark.parametrize("name", example_names())
def test_every_published_number_of_an_example_is_proved(name):
    description = read(name)
    found = ledger(description)
    assert len(found) == len(description.published + description.run + description.errata)
    assert len([each for each in found if each.holds]) == len(found) - len(description.run)


CHANGED = {  # the place of a published number, and what is changed so that its proof fails
    25: {"printed": "0.149780717"},
    26: {"verdict": "wrong"},
    20: {"really": "0.036350306 - 0.055399424"},
    29: {"printed": "0.291027925"},
    36: {"mistake": "both weight matrices loaded transposed"},
}


def test_entries_whose_proof_fails_are_told(tmp_path, capsys):
    description = read("worked-example")
    published = list(description.published)
    for place, changed in CHANGED.items():
        published[place] = replace(published[place], **changed)
    described = replace(description, published=tuple(published)).to_dict()
    (tmp_path / "net.json").write_text(json.dumps(described, default=float))
    assert main(["examples", str(tmp_path / "net.json"), "--ledger", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [place for place, each in enumerate(found) if not each["holds"]] == sorted(CHANGED)
    assert "not proved: 0.149780716133" in text.ledger(description, [Entry(**found[25])])


def test_a_number_excludes_what_would_print_other_digits():
    entries = {each.printed: each for each in ledger(read("worked-example"))}
    others = len(network_of(read("worked-example")).variations) - 1
    assert entries["0.291027924"].tried == entries["0.291027924"].excluded == others
    assert 0 < entries["0.298371109"].excluded < entries["0.149780716"].excluded


def test_what_has_no_ledger_is_refused(tmp_path, capsys):
    assert main(["examples", "--ledger"]) == main(["examples", "lstm-step", "--ledger"]) == 2
    assert "such as worked-example" in capsys.readouterr().err
    description = read("worked-example")
    number = replace(description.published[0], mistake="updated output weights used backward")
    with pytest.raises(NeuronnetError, match="did you mean updated output weights used backwards"):
        ledger(replace(description, published=(number,)))
