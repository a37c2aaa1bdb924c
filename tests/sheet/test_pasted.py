"""What people paste: of the claims in a corpus of snippets nearly all are read, none as something else."""

import pytest
from pasted import compared, snippets


@pytest.fixture(scope="module")
def results():
    return {name: compared(each["text"], each["reads"]) for name, each in snippets().items()}


def test_the_corpus_has_snippets_of_every_kind_and_of_five_languages():
    kinds = {name.partition(":")[0] for name in snippets()}
    assert kinds == {"code", "latex", "notebooks", "pages", "prose", "tables"} and len(snippets()) >= 60
    assert len({each.get("language", "en") for each in snippets().values()}) >= 5


@pytest.mark.slow
def test_nearly_all_claims_are_read(results):
    found, missed = (sum(len(each[place]) for each in results.values()) for place in (0, 1))
    assert found > 300 and missed < 0.05 * (found + missed)


def test_no_claim_is_read_as_something_else(results):
    assert {name: each.misread for name, each in results.items() if each.misread} == {}


@pytest.mark.parametrize("name", [name for name, each in snippets().items() if each.get("told")])
def test_what_is_not_read_is_told(name, results):
    told = results[name].told
    assert [each for each in snippets()[name]["told"] if not any(each in text for text in told)] == []
