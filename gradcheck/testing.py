"""Checks gradients inside a test; an AssertionError has the report as its message."""

import warnings
from typing import Any

from gradcheck import check
from gradcheck.errors import GradcheckWarning
from gradcheck.report.report import Report

__unittest = True  # unittest leaves the frames of such a module out of its tracebacks


def assert_gradients(
    loss: Any, gradients: Any, parameters: Any, *, allow_undecided: bool = False, **options: Any
) -> Report:
    """Return the report of `check` when the gradients are right; raise AssertionError with it otherwise.

    loss, gradients, parameters and `options` (`seed`, `select`, ...) are those of `check`. An undecided check
    fails too, unless `allow_undecided` is true. Right gradients of functions that do something besides, such
    as changing their parameters, give a GradcheckWarning. Raises GradcheckError as `check` does.
    """
    __tracebackhide__ = True
    report = check(loss, gradients, parameters, **options)
    accepted = {"right", "undecided"} if allow_undecided else {"right"}
    if report.verdict not in accepted:
        raise AssertionError(str(report))
    for finding in report.audit:
        warnings.warn(finding.sentence, GradcheckWarning, stacklevel=2)
    return report
