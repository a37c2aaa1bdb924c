"""Sessions of R, Julia, MATLAB and Python as they are pasted."""

import pytest

import neuronnet

IN_R = """> W <- matrix(c(0.1, -0.2, 0.3, 0.4), nrow=2, byrow=TRUE)
> x <- c(0.5, -1)
> z <- W %*% x
> z
      [,1]
[1,]  0.25
[2,] -0.25
> a <- tanh(z)
> L <- 0.5 * sum((a - 0.3)^2)
> L
[1] 0.1499852
> dz <- (a - 0.3) * (1 - a^2)
> dW <- dz %*% t(x)
> dW
            [,1]       [,2]
[1,] -0.02588864 0.05177728
[2,] -0.25611582 0.51223163"""
SCRIPT_IN_R = """W <- matrix(c(0.1, 0.3, -0.2, 0.4), 2, 2)
X <- rbind(c(0.5, -1), c(1, 2))
Z <- X %*% t(W)
L <- sum(Z^2)
dZ <- 2 * Z
dW <- t(dZ) %*% X"""
IN_JULIA = """julia> W = [0.1 -0.2; 0.3 0.4]
2×2 Matrix{Float64}:
 0.1  -0.2
 0.3   0.4

julia> x = [0.5, -1];

julia> z = W * x
2-element Vector{Float64}:
  0.25
 -0.25

julia> a = tanh.(z);

julia> L = 0.5 * sum((a .- 0.3).^2)
0.1499851512

julia> dz = (a .- 0.3) .* (1 .- a.^2);

julia> dW = dz * x'
2×2 Matrix{Float64}:
 -0.0258886  0.0517773
 -0.256116   0.512232"""
IN_MATLAB = """>> W = [0.1 -0.2; 0.3 0.4];
>> x = [0.5; -1];
>> z = W*x

z =

    0.2500
   -0.2500

>> a = tanh(z);
>> L = 0.5*sum((a - 0.3).^2)

L =

    0.1500

>> dz = (a - 0.3).*(1 - a.^2);
>> (a(1) - 0.3)*(1 - a(1)^2)

ans =

   -0.0518

>> dW = dz*x'"""
IN_IPYTHON = """In [1]: import numpy as np

In [2]: W, x = np.array([[0.1, -0.2], [0.3, 0.4]]), np.array([0.5, -1])

In [3]: z = W @ x

In [4]: z
Out[4]: array([ 0.25, -0.25])

In [5]: a = np.tanh(z)
   ...: L = 0.5 * np.sum((a - 0.3)**2)

In [6]: dz = (a - 0.3) * (1 - a**2)

In [7]: dW = np.outer(dz, x)

In [8]: dW
Out[8]:
array([[-0.02588864,  0.05177728],
       [-0.25611582,  0.51223163]])"""


@pytest.mark.parametrize(
    "text, right, wrong",
    [
        (IN_R, "[1,]  0.25", "[1,]  0.52"),
        (IN_R, "0.1499852", "0.1499582"),
        (IN_R, "dz %*% t(x)", "x %*% t(dz)"),
        (IN_R, "0.51223163", "0.52123163"),
        (SCRIPT_IN_R, "t(dZ) %*% X", "t(X) %*% dZ"),
        (IN_JULIA, "  0.25\n", "  0.52\n"),
        (IN_JULIA, "0.1499851512", "0.1499815512"),
        (IN_JULIA, "dz * x'", "x * dz'"),
        (IN_JULIA, "-0.256116", "-0.265116"),
        (IN_MATLAB, "    0.1500", "    0.5100"),
        (IN_MATLAB, "-0.0518", "-0.0581"),
        (IN_MATLAB, "dz*x'", "x*dz'"),
        (IN_IPYTHON, "(1 - a**2)", "(1 - a)"),
        (IN_IPYTHON, "0.51223163", "0.52123163"),
    ],
)
def test_a_pasted_session_is_judged_with_its_answers(text, right, wrong):
    report = neuronnet.check_sheet(text)
    assert report.status == 0 and text.count(right) == 1
    assert neuronnet.check_sheet(text.replace(right, wrong)).status == 1


@pytest.mark.parametrize(
    "text",
    [
        "> As he said: a quotation\n\nx = 1\nw = 2\ny = w x = 2\n",
        "x = 1\nw = 2\ny = w x = 2\n> 1 < 2 is so\n",
        "julia> x = 1\n1\n\njulia> w = 2\n2\n\njulia> y = w * x\n2\n",
    ],
)
def test_what_is_quoted_or_shown_again_is_no_claim(text):
    report = neuronnet.check_sheet(text)
    assert [line.verdict for line in report.lines if line.verdict not in ("given", "model")] == ["right"]
