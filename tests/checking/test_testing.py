"""assert_gradients and the pytest fixture: what fails, with which message, and which frames a reader sees."""

import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

import numpy as np
import pytest

from gradcheck.testing import assert_gradients

ROOT = Path(__file__).parent.parent.parent
POINT = {"W": np.array([0.5, -1.0]), "b": np.array([0.25])}
NEEDED = "import numpy as np\nfrom gradcheck.testing import assert_gradients\n"


def loss(p):
    return np.sum(np.sin(p["W"])) + np.sum(p["b"] ** 2)


def right(p):
    return {"W": np.cos(p["W"]), "b": 2 * p["b"]}


def wrong(p):
    return right(p) | {"b": 3 * p["b"]}


def jumping(p):
    return np.sum(p["W"] > 0.5) + np.sum(p["b"])


def of_jumping(p):
    return {"W": 0 * p["W"], "b": np.ones(1)}


def run(directory, test, *arguments):
    """What pytest prints about a file with this test, and its status."""
    (directory / "test_it.py").write_text(NEEDED + textwrap.dedent(test), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        *arguments,
        "test_it.py",
    ]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr, done.returncode


def test_right_gradients_give_the_report():
    report = assert_gradients(loss, right, POINT)
    assert report.verdict == "right" and report["W"].verdict == "right"


def test_wrong_gradients_fail_with_the_report_as_message():
    with pytest.raises(AssertionError) as caught:
        assert_gradients(loss, wrong, POINT)
    message = str(caught.value)
    assert message.startswith("gradients: wrong") and "b[0]: analytic 0.75, numeric 0.5" in message


def test_options_reach_the_check():
    assert assert_gradients(loss, wrong, POINT, select="W").verdict == "right"
    assert assert_gradients(loss, right, POINT, seed=7).seed == 7


def test_undecided_fails_unless_it_is_allowed():
    with pytest.raises(AssertionError, match="gradients: undecided"):
        assert_gradients(jumping, of_jumping, POINT)
    assert assert_gradients(jumping, of_jumping, POINT, allow_undecided=True).verdict == "undecided"


def test_wrong_fails_even_where_undecided_is_allowed():
    with pytest.raises(AssertionError, match="gradients: wrong"):
        assert_gradients(jumping, lambda p: of_jumping(p) | {"b": np.zeros(1)}, POINT, allow_undecided=True)


def test_what_the_check_refuses_is_not_a_failed_assertion():
    with pytest.raises(ValueError, match="W"):
        assert_gradients(loss, lambda p: right(p) | {"W": np.ones(3)}, POINT)


BAD = """
def test_bad({fixture}):
    {call}(lambda p: np.sum(p ** 2), lambda p: 3 * p, np.array([1.0, 2.0]))
"""


@pytest.mark.slow
def test_pytest_shows_the_report_and_no_frame_of_ours(tmp_path):
    printed, status = run(tmp_path, BAD.format(fixture="", call="assert_gradients"))
    assert status == 1 and "E       AssertionError: gradients: wrong" in printed
    assert "E         x: wrong, all 2 entries" in printed
    assert "testing.py" not in printed and "test_it.py:5: AssertionError" in printed


@pytest.mark.slow
def test_the_fixture_fails_with_the_report_and_no_frame_of_ours(tmp_path):
    printed, status = run(
        tmp_path, BAD.format(fixture="gradcheck", call="gradcheck"), "-p", "gradcheck.plugin"
    )
    assert status == 1 and "AssertionError: gradients: wrong" in printed
    assert "testing.py" not in printed and "plugin.py" not in printed


@pytest.mark.slow
def test_the_fixture_checks_with_the_same_seed_unless_told_otherwise(tmp_path):
    test = """
    def test_seed(gradcheck):
        square, slope, x = lambda p: np.sum(p ** 2), lambda p: 2 * p, np.array([1.0, 2.0])
        assert gradcheck(square, slope, x).to_dict() == gradcheck(square, slope, x).to_dict()
        assert gradcheck(square, slope, x).seed == 0 and gradcheck(square, slope, x, seed=3).seed == 3
    """
    printed, status = run(tmp_path, test, "-p", "gradcheck.plugin")
    assert status == 0, printed


@pytest.mark.slow
def test_the_fixture_hides_nothing_of_the_module_of_its_name(tmp_path):
    test = """
    import pytest
    import gradcheck

    module = gradcheck

    def test_names(gradcheck):
        for name in module.__all__:
            assert getattr(gradcheck, name) is getattr(module, name)
        assert gradcheck.check(lambda p: p ** 2, lambda p: 2 * p, 1.0).verdict == "right"
        assert gradcheck.errors.GradcheckError is module.GradcheckError
        with pytest.raises(AttributeError, match="module 'gradcheck' has no attribute 'chek'"):
            gradcheck.chek
    """
    printed, status = run(tmp_path, test, "-p", "gradcheck.plugin")
    assert status == 0, printed


@pytest.mark.slow
def test_without_the_plugin_there_is_no_fixture_and_nothing_else_changes(tmp_path):
    printed, status = run(tmp_path, BAD.format(fixture="gradcheck", call="gradcheck"), "-p", "no:gradcheck")
    assert status == 1 and "fixture 'gradcheck' not found" in printed


def test_unittest_shows_no_frame_of_ours():
    class Bad(unittest.TestCase):
        def runTest(self):
            assert_gradients(loss, wrong, POINT)

    result = unittest.TestResult()
    Bad().run(result)
    ((_, shown),) = result.failures
    assert "gradients: wrong" in shown and 'testing.py"' not in shown.replace("test_testing.py", "")


def test_the_plugin_is_an_entry_point_of_pytest():
    listed = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert "pytest11 =\n    gradcheck = gradcheck.plugin\n" in listed


@pytest.mark.slow
def test_pytest_shows_no_frame_of_ours_where_a_gradient_has_another_shape(tmp_path):
    test = """
    def test_shape():
        from gradcheck import check
        check(lambda p: np.sum(p), lambda p: np.ones((5, 3)), np.ones(3))
    """
    printed, status = run(tmp_path, test)
    assert status == 1 and "is the sum over the samples, .sum(axis=0), missing?" in printed
    assert not any(
        f"{name}.py:" in printed for name in ("checking", "functions", "point", "audit", "testing")
    )
