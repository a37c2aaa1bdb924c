"""The pytest fixture `gradcheck`, which pytest finds through the entry point pytest11."""

import pytest


class Gradcheck:
    """What a test gets under the name `gradcheck`: `assert_gradients` when called, else the module."""

    def __call__(self, loss, gradients, parameters, **options):
        from gradcheck.testing import assert_gradients

        __tracebackhide__ = True
        return assert_gradients(loss, gradients, parameters, **options)

    def __getattr__(self, name):
        import gradcheck

        return getattr(gradcheck, name)

    def __repr__(self):
        return "the fixture gradcheck: gradcheck(loss, gradients, parameters), or a name of the module"


@pytest.fixture
def gradcheck():
    """`gradcheck(loss, gradients, parameters)` fails with the report where the gradients are not right.

    It is `assert_gradients`, which does the same in every run; `seed=` draws anew. As it hides the module of
    that name, it has the module's names as well: gradcheck.check, gradcheck.derivative, ...
    """
    return Gradcheck()
