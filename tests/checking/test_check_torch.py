"""`check_torch`: a torch.autograd.Function, modules and functions, where PyTorch is installed."""

import re
from pathlib import Path

import pytest

from gradcheck import check_model, check_torch
from gradcheck.errors import GradcheckError

torch = pytest.importorskip("torch")
PAGE = Path(__file__).parent.parent.parent / "docs" / "gradients.md"


def run_example(name):
    """Runs the block of the page that opens with this name."""
    source = re.search(rf"```python\n# {name}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    exec(compile(source, name, "exec"), {})


class Scaled(torch.autograd.Function):
    """exp(x)·w, whose gradient by w is wrong."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.exp(x) * w

    @staticmethod
    def backward(ctx, dout):
        x, w = ctx.saved_tensors
        return dout * torch.exp(x) * w, 2 * dout * torch.exp(x)


class Power(torch.autograd.Function):
    """In the newer style, with a whole number and an output that has no gradient."""

    @staticmethod
    def forward(x, k):
        return x**k, x.argmax()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.x, ctx.k = inputs
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx, dout, _):
        return dout * ctx.k * ctx.x ** (ctx.k - 1), None


def drawn(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1)) + 0.5


def test_the_wrong_gradient_of_a_function_is_named():
    report = check_torch(Scaled, drawn(3), drawn(3))
    assert [(block.name, block.verdict) for block in report.blocks] == [("x", "right"), ("w", "wrong")]
    assert report.call == "gradcheck.check_torch(Scaled, x, w, seed=0)"


def test_only_what_requires_a_gradient_is_varied_where_something_does():
    assert [block.name for block in check_torch(Scaled, drawn(3).requires_grad_(), w=drawn(3)).blocks] == [
        "x"
    ]


def test_a_function_with_settings_and_an_output_without_a_gradient():
    assert check_torch(Power, drawn(4), 3).verdict == "right"


def test_a_module_with_dropout_and_running_means_is_checked_and_left_as_it_was():
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Dropout(0.5)
    )
    before = {name: each.clone() for name, each in net.state_dict().items()}
    state = torch.get_rng_state()
    report = check_torch(net, drawn(5, 3))
    assert report.verdict != "wrong" and "0.weight" in [block.name for block in report.blocks]
    assert all(torch.equal(each, before[name]) for name, each in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state) and net[0].weight.grad is None


def test_a_function_that_takes_single_precision_alone_is_checked_in_it():
    x = drawn(5, 3)
    report = check_torch(lambda w: (x @ w).tanh().sum(), drawn(3, 2))
    assert report.verdict != "wrong" and "handed over as they are" in str(report)


def test_a_module_around_a_wrong_function_is_wrong():
    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(drawn(3))

        def forward(self, x):
            return {"out": Scaled.apply(x, self.w)}

    report = check_torch(Layer(), drawn(3))
    assert [(block.name, block.verdict) for block in report.blocks] == [("w", "wrong"), ("x", "right")]


@pytest.mark.parametrize(
    "function, inputs, words",
    [
        (lambda w: w.detach() * 2, (drawn(3),), "no output requires a gradient; is one detached"),
        (lambda k: k, (3,), "found no tensor of floats"),
        (torch.nn.Linear, (drawn(2, 3),), "Linear is a class; give an object of it, made with its settings"),
        (drawn(3), (drawn(3),), "expected a torch.autograd.Function, a module or a function, and then its"),
        ("Linear", (drawn(3),), "expected a torch.autograd.Function, .* found str"),
    ],
)
def test_what_has_no_gradient_is_refused(function, inputs, words):
    with pytest.raises(GradcheckError, match=f"^check_torch: {words}"):
        check_torch(function, *inputs)


def test_what_a_module_itself_raises_passes_with_a_note():
    with pytest.raises(TypeError) as raised:
        check_torch(torch.nn.Linear(3, 2))
    assert raised.value.__notes__[-1].startswith("raised by Linear, which check_torch calls with what")


def test_a_module_is_no_model_of_its_own_gradients():
    with pytest.raises(GradcheckError, match="^check_model: Linear is a module of PyTorch; check_torch"):
        check_model(torch.nn.Linear(3, 2), drawn(4, 3))


def test_the_example_of_the_page_finds_the_wrong_factor(capsys):
    run_example("with_torch.py")
    assert capsys.readouterr().out.splitlines() == ["factor 2", "right"]


def test_the_example_of_jax_finds_the_wrong_sign(capsys):
    pytest.importorskip("jax")
    run_example("with_jax.py")
    assert capsys.readouterr().out.splitlines() == ["sign"]
