"""Gradients checked inside a test: what fails is an AssertionError whose message is the report; nothing is
judged here.
"""

from gradcheck import check

__unittest = True  # unittest leaves the frames of such a module out of its tracebacks


def assert_gradients(loss, gradients, parameters, *, allow_undecided=False, **options):
    """Return the report of `check` when the gradients are right; raise AssertionError with the report
    otherwise.

    loss, gradients, parameters and `options` (`seed`, `select`, ...) are those of `check`. A check that
    undecided fails too, unless `allow_undecided` is true. What `check` refuses it raises as ever.
    """
    __tracebackhide__ = True
    report = check(loss, gradients, parameters, **options)
    accepted = {"right", "undecided"} if allow_undecided else {"right"}
    if report.verdict not in accepted:
        raise AssertionError(str(report))
    return report
