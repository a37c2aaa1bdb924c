"""`assert_golden` and the fixture `golden`, as a test of another project would use them."""

import json

import numpy as np
import pytest
from ports import drawn_description, port

from neuronnet import Golden
from neuronnet.description.reading import read
from neuronnet.testing import assert_golden

TEST = """
import json, pathlib

def test_port(golden):
    values = json.loads(pathlib.Path("values.json").read_text())
    golden("net.json", updates=2, dtype="float32").check(values)
"""


@pytest.fixture
def project(pytester, monkeypatch):
    """A project with a network, the numbers of a right port, and one test."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    description = drawn_description(3)
    values = port(read(description), (0, 2), np.float32)
    pytester.makefile(".json", net=json.dumps(description))
    pytester.makefile(".json", values=json.dumps({name: each.tolist() for name, each in values.items()}))
    pytester.makepyfile(TEST)
    return pytester


def run(project, *options):
    return project.runpytest_inprocess("-p", "neuronnet.plugin", *options)


@pytest.mark.slow
def test_the_fixture_writes_only_where_asked_and_then_fails_where_the_network_changes(project):
    path = project.path / "golden" / "net-2-float32.json"
    run(project).assert_outcomes(passed=1)
    assert not path.exists()
    assert "--golden-update needs --golden-reason" in run(project, "--golden-update").stdout.str()
    run(project, "--golden-update", "--golden-reason", "first").assert_outcomes(passed=1)
    run(project).assert_outcomes(passed=1)
    found = json.loads(path.read_text())
    assert found["at"] == [0, 2]
    changed = drawn_description(3) | {"learning_rate": 0.2}
    (project.path / "net.json").write_text(json.dumps(changed))
    assert "made from another network" in run(project).stdout.str()
    run(project, "--golden-update", "--golden-reason", "another rate").assert_outcomes(failed=1)
    assert json.loads(path.read_text())["history"][0]["reason"] == "another rate"


def test_a_failure_is_the_report_without_frames_of_ours(project):
    values = json.loads((project.path / "values.json").read_text())
    values["W1@2"][0][0] += 0.01
    (project.path / "values.json").write_text(json.dumps(values))
    shown = run(project).stdout.str()
    assert "first difference, in order of computation: w1@2" in shown
    assert "def check" not in shown


def test_assert_golden_takes_a_file_or_a_golden_and_returns_the_comparison(tmp_path):
    golden = Golden.of("worked-example")
    golden.write(tmp_path / "golden.json")
    assert assert_golden({"E_total": 0.2983711087600027}, tmp_path / "golden.json").compared == 1
    with pytest.raises(AssertionError, match="first difference, in order of computation: E_total"):
        assert_golden({"E_total": 0.2983711}, golden)
