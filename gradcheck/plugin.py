"""The pytest fixture `gradcheck`, which pytest finds through the entry point pytest11."""

import pytest

SEED = 0


class Gradcheck:
    """What a test gets under the name `gradcheck`: `assert_gradients` when called, else the module."""

    def __call__(self, loss, gradients, parameters, **options):
        """`assert_gradients(loss, gradients, parameters, seed=0, **options)`."""
        from gradcheck.testing import assert_gradients

        __tracebackhide__ = True
        return assert_gradients(loss, gradients, parameters, **{"seed": SEED} | options)

    def __getattr__(self, name):
        import gradcheck

        return getattr(gradcheck, name)

    def __repr__(self):
        return "the fixture gradcheck: gradcheck(loss, gradients, parameters), or a name of the module"


@pytest.fixture
def gradcheck():
    """`gradcheck(loss, gradients, parameters)` fails with the report where the gradients are not right.

    It is `assert_gradients` with the seed fixed, so that a test does the same in every run; `seed=` gives it
    another. As it hides the module of that name, it has the module's names as well: gradcheck.check,
    gradcheck.derivative, ...
    """
    return Gradcheck()
