"""Sheets that pin one rule of judging each, with the verdicts that are due; nothing is tested here.

A sheet is a model and rows of (line, verdict, more): `more` is the line that a number follows from, or words
that belong into what is said of the line. A line without a verdict is not accused. Verdicts beside the usual
ones: "undecided"; "doubt", a forward line that may be wrong; "not judged"; "not read"; "false step", a right
result behind a step that is not. Numbers are computed with NumPy.
"""

from typing import NamedTuple


class Rule(NamedTuple):
    """`verdicts`, `follows` and `says` are by line, counted from 1; `status` is the exit status or None."""

    id: str
    text: str
    verdicts: dict[int, str]
    follows: dict[int, int]
    says: dict[int, str]
    status: int | None


def rule(name, model, *rows, status=None):
    lines, verdicts, follows, says = model.strip().splitlines(), {}, {}, {}
    for line, *expected in rows:
        lines.append(line)
        number = len(lines)
        if expected:
            verdicts[number] = expected[0]
        for more in expected[1:]:
            if isinstance(more, int):
                follows[number] = more
            else:
                says[number] = more
    return Rule(name, "\n".join(lines) + "\n", verdicts, follows, says, status)


SOFTMAX = """
Z = [[0.2, -0.4, 0.9], [1.1, 0.3, -0.5]]
Y = {Y}
P = softmax(Z) = [[0.2807, 0.1540, 0.5653], [0.6056, 0.2721, 0.1223]]
L = -sum(Y*log(P))
"""
ONE_HOT = SOFTMAX.format(Y="[[0, 0, 1], [1, 0, 0]]")
DISTRIBUTION = SOFTMAX.format(Y="[[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]")
NO_DISTRIBUTION = """
Z = [[0.2, -0.4]]
Y = [[0.5, 0.2]]
P = softmax(Z) = [[0.6457, 0.3543]]
L = -sum(Y*log(P))
"""

NESTEROV = """
f(w) = w², μ = 0.9, η = 0.1, w0 = 1, v0 = 0
g1 = 2 (w0 + μ v0) = 2
v1 = μ v0 - η g1 = -0.2
w1 = w0 + v1 = 0.8
"""
SOFTMAX_OF_NUMBERS = """
z1 = 2
z2 = 1
z3 = 0.1
y1 = {}
y2 = {}
y3 = {}
s = e^z1 + e^z2 + e^z3
p1 = e^z1/s
p2 = e^z2/s
p3 = e^z3/s
L = -(y1 ln p1 + y2 ln p2 + y3 ln p3)
"""
INDEXED_NUMBERS = """
x_1 = 0.5
x_2 = -1
w_{11} = 0.2
w_{12} = 0.4
w_{21} = -0.3
w_{22} = 0.1
w_{31} = 0.6
w_{32} = -0.5
u_1 = 0.3
u_2 = -0.7
u_3 = 0.2
t = 0.6
z_j = Σ_i w_ji x_i
a_j = tanh(z_j)
y = Σ_{j=1}^{3} u_j a_j = 0.2169
L = 1/2 (y - t)^2
"""
INDEXED_ARRAYS = """
x = [1, 2, 4]
t = [0, 0.5, 1]
g = 1.5
c = 0.2
m = 3
mu = 1/m Σ_{i=1}^m x_i
s = sqrt(1/m Σ_{i=1}^m (x_i - mu)^2)
x_hat_i = (x_i - mu)/s
y_i = g x_hat_i + c
L = 1/2 Σ_i (y_i - t_i)^2
"""
IN_NUMBERS = """
t = 0
x1 = 0.9
x2 = 0.4
w1 = 0.3
w2 = 0.7
v = -0.6
z1 = 0.3*0.9 + 0.7*0.4 = 0.55
h = sigmoid(z1) = 0.6341
y = v h = -0.3805
L = 1/2 (y - t)^2
"""
ACROSS = """
W = [[1, 2, 3], [4, 5, 6]]
x = [0.1, 0.2, 0.3]
t = [1, 2]
z = W x = [1.4, 3.2]
L = 1/2 sum((z - t)^2) = 0.8
∂L/∂z = z - t = [0.4, 1.2]
"""
JACOBIAN = """
z = [2, 1, 0.1]
p = softmax(z) = [0.6590, 0.2424, 0.0986]
"""
ENTRYWISE = """
x = [1, 2], W = [[0.1, 0.2], [0.3, 0.4]], b = [0.1, 0.2], t = [1, 0]
z = W x + b
a = tanh(z)
L = 1/2 sum((a - t)^2)
"""
AT_A_KINK = """
x = 0.5
t = -1.2
w = 0.4
b = -0.2
c = 0
v = 0.7
h = max(0, w x + b + c)
y = v h = 0
L = 1/2 (y - t)^2
"""
SAMPLES_ABOVE = """
m = 3
X = [[1, 0, -1], [0.5, 2, 1]]
Y = [[1, 0, 1], [0, 1, 1]]
W^{[1]} = [[0.2, -0.1], [0.4, 0.3]]
b^{[1]} = [[0.6], [0.1]]
Z^{[1]} = W^{[1]} X + b^{[1]}
A^{[1]} = σ(Z^{[1]})
J = -1/m Σ_{i=1}^{m} [y^{(i)} log a^{[1](i)} + (1 - y^{(i)}) log(1 - a^{[1](i)})]
"""
ALL_IN_NUMBERS = """
x = 0.4
w = 0.3
b = -0.08
t = 0.9
lr = 0.5
z = 0.3*0.4 - 0.08 = 0.04
y = 1/(1 + e^-0.04) = 0.5100
E = 0.5*(0.9 - 0.5100)^2 = 0.0760
"""
BATCH = """
m = 4
X = [[0.5, 1], [1.5, -0.5], [-1, 0.3], [2, 0.8]]
Y = [[1], [0], [0], [1]]
W = [[0.3], [-0.2]]
b = 0.1
Z = X @ W + b = [[0.05], [0.65], [-0.26], [0.54]]
A = sigmoid(Z) = [[0.5125], [0.6570], [0.4354], [0.6318]]
J = mean(-Y*log(A) - (1 - Y)*log(1 - A)) = 0.69231
"""

TANH_LAYER = """
x = [0.5, -1]
t = 0.3
W1 = [[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]]
b1 = [0.1, 0, 0.2]
W2 = [[0.7, -0.8, 0.4]]
b2 = 0.05
z1 = W1 x + b1 = [0.35, -0.25, -0.65]
a1 = tanh(z1) = [0.3364, -0.2449, -0.5717]
y = W2 a1 + b2 = 0.2527
L = 1/2 (y - t)^2 = 0.001117
δ2 = y - t = -0.0473
"""

LOGISTIC_UNIT = """
h = 0.7
t = 1
w = 0.4
b = -0.1
η = 0.5
net = w h + b = 0.18
y = σ(net) = 0.5449
E = 1/2 (t - y)^2 = 0.1036
"""

ADAM = """
x = 1.2
t = 0.3
w = 0.5
η = 0.01
y = w x
L = (y - t)^2
"""

LINE = """
x = {x}
t = 0.5
w = 0.8
b = 0.1
y = w x + b = {y}
L = 1/2 (y - t)^2
δ = y - t
"""

RELU = """
x = 0.5
t = 0.4
w1 = 0.8
b1 = {b1}
w2 = -0.6
b2 = 0.2
z = w1 x + b1 = {z}
a = relu(z) = {a}
y = w2 a + b2 = {y}
L = (y - t)^2
dL/dy = 2 (y - t)
"""
ACTIVE = RELU.format(b1=0.1, z=0.5, a=0.5, y=-0.1)
DEAD = RELU.format(b1=-0.9, z=-0.5, a=0, y=0.2)

ONE_WEIGHT = """
x = 0.3
t = 0.21
w = 0.4
y = w x = 0.12
L = 1/2 (y - t)^2 = 0.00405
dL/dw = (y - t) x = -0.027
"""

CODE = """
import numpy as np
X = np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8], [0.2, 0.9]])
t = np.array([[1], [0.5], [-0.3], [0.2]])
W1 = np.array([[0.2, -0.4, 0.6], [0.5, 0.3, -0.1]])
W2 = np.array([[0.3], [-0.5], [0.6]])
a = X @ W1
a = np.tanh(a)
y = a @ W2
L = 0.5 * np.sum((y - t)**2)
d = (y - t) @ W2.T
"""

ERRORS = """
x = [1, 2, 4]
t = [0.7, 0.8, 2.3]
w = 0.5
p = w x = [0.5, 1.0, 2.0]
e = p - t = [-0.2, 0.2, -0.3]
J = sum(e^2) = 0.17
"""

TARGET_D = """
x = 0.5
d = 0.9
w = 0.6
b = 0.2
y = w x + b = 0.5
E = 1/2 (d - y)^2 = 0.08
δ = y - d = -0.4
"""

COMPUTED = """
x = 0.5
w1 = -1.0174
z1 = w1 x = -0.5087
a1 = σ(z1) = 0.38
"""

WRONG_SUM = """
a1 = 0.5
t = 1
w2 = 0.74
b2 = 0.1
z2 = w2 a1 + b2 = 0.46
"""

STEP = """
x = 0.5
t = 0.2
w = 0.3844
b = 0.05
z = w x + b = 0.2422
"""

TWO_OUTPUTS = """
h1 = 0.62
h2 = 0.31
b = 0.1
w5 = 0.4
w6 = 0.45
w7 = 0.5
w8 = 0.55
"""
RECURRENT = """
x1 = 0.5
x2 = 0.4
w = -0.7
u = 0.6
v = 0.4
s0 = {s0}
d = -0.4
z1 = w*x1 + u*s0
s1 = tanh(z1)
z2 = w*x2 + u*s1
s2 = tanh(z2)
p = v*s2
J = 1/2*(p - d)^2
δ_y = {error}
δ2 = δ_y*v*(1 - s2^2)
"""
TWO_SAMPLES = """
x1 = 0.5
x2 = 1.5
w = 0.8
b = -0.1
p1 = w*x1 + b
p2 = w*x2 + b
L = 1/2*(p1 - 0.2)^2 + 1/2*(p2 - 0.7)^2
delta1 = p1 - 0.2
delta2 = p2 - 0.7
"""
MATRIX = "W = [[0.4, 0.45], [0.5, 0.55]]\n"

MOONS = """
{N}
W1 = [[0.4, -0.3, 0.8], [0.2, 0.6, -0.5]]
b1 = [[0.1, 0, -0.2]]
W2 = [[0.7, -0.4], [-0.6, 0.9], [0.3, 0.5]]
b2 = [[0.05, -0.05]]
z1 = x W1 + b1
a1 = tanh(z1)
z2 = a1 W2 + b2
ŷ = softmax(z2) = {probabilities}
L = {L}
δ3 = ŷ - y
δ2 = (1 - tanh(z1)^2) ∘ δ3 W2ᵀ
"""
ONE_ROW = MOONS.format(
    N="x = [[0.5, -1.2]]\ny = [[0, 1]]", probabilities="[[0.7475, 0.2525]]", L="-sum(y ⊙ ln(ŷ))"
)
ROWS = "x = [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8], [0.2, 0.9]]\ny = [[1, 0], [0, 1], [1, 0], [0, 1]]\nN = 4"
FOUR = "[[0.7475, 0.2525], [0.7432, 0.2568], [0.3419, 0.6581], [0.4753, 0.5247]]"
MEAN = MOONS.format(N=ROWS, probabilities=FOUR, L="-1/N sum(y ⊙ ln(ŷ))")
TOTAL = MOONS.format(N=ROWS, probabilities=FOUR, L="-sum(y ⊙ ln(ŷ))")

CODE_OF_THE_WEB = """
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
W1 = np.array([[0.5, -0.3, 0.2], [0.1, 0.4, -0.6]])
W2 = np.array([[0.7], [-0.2], [0.3]])
hidden = sigmoid(X @ W1)
out = sigmoid(hidden @ W2)
loss = np.mean((y - out) ** 2)
{out} = 2 * (out - y) / 4 * out * (1 - out)
dW2 = hidden.T @ {out}
"""
COLUMN_OF_BIASES = """
X = np.array([[0.5, -1.0, 2.0]])
Y = np.array([[1.0, 0.0, 1.0], [0.5, 0.2, 0.1]])
W = np.array([[0.3], [0.1]])
b = np.array([[0.1], [0.2]])
Z = W @ X + b
L = np.sum((Z - Y)**2)
dZ = 2*(Z - Y)
"""
ONE_OUTPUT = """import numpy as np
x = np.array([[0.5], [-1.2], [0.7]])
W1 = np.array([[0.2, -0.3, 0.1], [0.4, 0.1, -0.5]])
W2 = np.array([[0.6, -0.7]])
t = {t}
h = np.tanh(W1 @ x)
y = W2 @ h
L = 0.5*np.sum((y - t)**2)
dy = y - t
"""
COLUMN_LESS_PLAIN = """import numpy as np
X = np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8]])
W = np.array([[0.2], [0.5]])
p = X @ W
"""
FILTER = """
x = [0.5, -1.2, 0.3]
k = [0.4, -0.3]
v = [0.2, 0.7]
z_1 = k_1 x_1 + k_2 x_2
z_2 = k_1 x_2 + k_2 x_3
a = tanh([z_1, z_2])
L = 1/2 (v_1 a_1 + v_2 a_2 - 0.1)^2
"""
REGRESSION = """
X = [[1, 0.5], [1, -1.2], [1, 2.0]]
y = [1, 0, 1]
θ = [0.2, -0.4]
h = σ(X θ)
J(θ) = -1/3 Σ [y ln h + (1 - y) ln(1 - h)]
"""
HEADS = """
X = [[0.5, -0.3, 0.2], [0.1, 0.9, -0.4]]
W = [[0.7, -0.8], [0.4, 0.2], [0.1, -0.6]]
A = [[0.3, 0.7], [0.4, 0.6]]
T = [[0.1, 0.2], [0.4, -0.2]]
V = X W
O = A V
L = 1/2 sum((O - T)^2)
"""
# The worked example in another's names: weights counted from the inputs, deltas of the other sign.
BESIDE = """
network: worked-example
x_1 = 0.05
x_2 = 0.10
w_{11} = 0.15
w_{12} = 0.25
w_{21} = 0.20
w_{22} = 0.30
b = 0.35
c = 0.6
v_{11} = 0.40
v_{21} = 0.45
v_{12} = 0.50
v_{22} = 0.55
"""
FORWARD_BESIDE = """
a_1 = w_{11} x_1 + w_{21} x_2 + b = 0.3775
a_2 = w_{12} x_1 + w_{22} x_2 + b = 0.3925
z_1 = σ(a_1) = 0.593270
z_2 = σ(a_2) = 0.596884
y_1 = σ(v_{11} z_1 + v_{21} z_2 + c) = 0.751365
y_2 = σ(v_{12} z_1 + v_{22} z_2 + c) = 0.772928
"""

# A bias beside a square matrix: along the last axis in NumPy, in text as the samples stand.
SQUARE = """
X = {a}[[0.5, -1.2], [1.5, 0.3]]{z}
t = {a}[[1.0, 0.2], [0.5, -0.3]]{z}
W = {a}[[0.2, -0.4], [0.5, 0.3]]{z}
b = {a}[0.1, -0.2]{z}
z = {product} + b
L = 0.5*sum((z - t)**2)
dz = z - t
"""
SQUARE_CODE = "import numpy as np" + SQUARE.format(a="np.array(", z=")", product="X @ W")

TWO_PASSES = """x = [0.5, -0.3]
w = [1.5, -0.8]
v = 0.7
b = 0.3
t = 1
eta = 0.5
h = v x
s = w·h + b
L = (s - t)^2/2"""
ADAGRAD = """
eta = 0.1
w_0 = 0.5
x = 2
t = 0.3
y_1 = w_0 x = 1
L_1 = 1/2 (y_1 - t)^2 = 0.245
g_1 = (y_1 - t) x = 1.4
G_1 = g_1^2 = 1.96
w_1 = w_0 - eta g_1/sqrt(G_1) = 0.4
y_2 = w_1 x = 0.8
L_2 = 1/2 (y_2 - t)^2 = 0.125
g_2 = (y_2 - t) x = 1
"""
ENTRIES = """
x = [0.5, -1]
W = [[0.1, 0.2], [0.3, -0.4], [0.2, 0.5]]
b = [0.1, 0, -0.1]
t = [1, 0, 0.5]
eta = 0.1
z_i = Σ_j W_ij x_j + b_i = [-0.05, 0.55, -0.5]
y_i = 1/(1 + e^{-z_i}) = [0.487503, 0.634136, 0.377541]
E = 1/2 Σ_i (t_i - y_i)^2 = 0.339889
"""
ENTRIES_OF_LAYERS = """
x = [0.5, -1]
W^{(1)} = [[0.1, 0.2], [0.3, -0.4]]
W^{(2)} = [[0.7, -0.2], [0.1, 0.4]]
t = [1, 0]
h_j = tanh(sum_i W^{(1)}_{ij} x_i)
z_k = sum_j W^{(2)}_{kj} h_j
y_k = e^{z_k}/sum_l e^{z_l}
L = -sum_k t_k ln y_k
delta_k = y_k - t_k
"""
SQUARED = "a_0 = 3\neta = 0.1\nL = a_0^2 = 9"
GIVEN_SLOPES = """
beta1 = 0.9
beta2 = 0.999
eta = 0.01
eps = 1e-8
w_0 = 0.5
m_0 = 0
v_0 = 0
g_1 = 0.12
m_1 = beta1 m_0 + (1 - beta1) g_1 = 0.012
v_1 = beta2 v_0 + (1 - beta2) g_1^2 = 0.0000144
mhat_1 = m_1/(1 - beta1^1) = 0.12
vhat_1 = v_1/(1 - beta2^1) = 0.0144
w_1 = w_0 - eta mhat_1/(sqrt(vhat_1) + eps) = 0.49
g_2 = 0.08
"""
RULES = [
    rule(
        "a step of Adam from given gradients",
        GIVEN_SLOPES,
        ("m_2 = beta1 m_1 + (1 - beta1) g_2 = 0.0188", "right"),
        ("v_2 = beta2 v_1 + (1 - beta2) g_2^2 = 0.0000207856", "right"),
        ("mhat_2 = m_2/(1 - beta1^2) = 0.098947", "right"),
        ("vhat_2 = v_2/(1 - beta2^2) = 0.010398", "right"),
        ("w_2 = w_1 - eta mhat_2/(sqrt(vhat_2) + eps) = 0.480297", "rounding"),
        status=0,
    ),
    rule(
        "a moment of Adam from given gradients without its share of the new one",
        GIVEN_SLOPES.replace("(1 - beta1) g_1 = 0.012", "g_1 = 0.12").replace("= 0.12\nvhat", "= 1.2\nvhat"),
        ("m_2 = beta1 m_1 + g_2 = 0.188", "wrong formula", "the factor 1 - beta1 is missing"),
        ("mhat_2 = m_2/(1 - beta1^2) = 0.98947", "wrong number", 15),
    )._replace(
        verdicts={
            9: "wrong formula",
            11: "wrong number",
            15: "wrong formula",
            16: "wrong number",
        }
    ),
    rule(
        "moments and a step of Adam from given gradients, with mistakes",
        GIVEN_SLOPES,
        ("m_2 = beta1 m_0 + (1 - beta1) g_2 = 0.008", "wrong formula", "m_1, not m"),
        ("v_2 = beta1 v_1 + (1 - beta1) g_2^2 = 0.00065296", "wrong formula", "beta2, not beta1"),
        ("mhat_2 = m_2/(1 - beta1^1)", "wrong formula", "the exponent of beta1 should be 2"),
        ("vhat_2 = v_2/(1 - beta2^2)",),
        ("w_2 = w_1 + eta mhat_2/(sqrt(vhat_2) + eps)", "wrong formula"),
        status=1,
    ),
    rule(
        "gradients that are given for all steps at the beginning",
        "w_0 = 1\nm_0 = 0\nbeta = 0.9\neta = 0.1\ng_1 = 0.5, g_2 = -0.3",
        ("m_1 = beta m_0 + (1 - beta) g_1 = 0.05", "right"),
        ("n_1 = m_1/(1 - beta^1) = 0.5", "right"),
        ("w_1 = w_0 - eta n_1 = 0.95", "right"),
        ("m_2 = beta m_1 + (1 - beta) g_2 = 0.015", "right"),
        ("n_2 = m_2/(1 - beta^1) = 0.15", "wrong formula", "the exponent of beta should be 2"),
        ("w_2 = w_1 - eta n_2 = 0.935", "wrong number", 10),
        status=1,
    ),
    rule(
        "a given delta may have either sign",
        "w = 0.8\neta = 0.5\ndelta = 0.2",
        ("w' = w + eta delta = 0.9", "undecided"),
    ),
    rule(
        "momentum from given derivatives",
        "w = 1\neta = 0.1\nmu = 0.9\nv = 0\ndL/dw = -4\nv = mu v - eta dL/dw = 0.4",
        ("w = w + v = 1.4", "right"),
        ("dL/dw = -3.2", "seed"),
        ("v = mu v - eta dL/dw = 0.68", "right"),
        ("w = w + v = 2.08", "right"),
    ),
    rule(
        "momentum uphill from given gradients",
        "w_0 = 1\neta = 0.1\nmu = 0.9\nv_0 = 0\ng_1 = -4\nv_1 = mu v_0 + g_1 = -4",
        ("w_1 = w_0 - eta v_1 = 1.4", "right"),
        ("g_2 = -3.2", "not judged"),
        ("v_2 = mu v_1 + g_2 = -6.8", "right"),
        ("w_2 = w_1 + eta v_2 = 0.72", "wrong formula"),
    ),
    rule(
        "squares that are added up in plain assignments",
        "w = 1\neta = 0.1\nL = w^2\ng = 2 w = 2\nG = g^2 = 4\nw = w - eta g/sqrt(G) = 0.9\ng = 2 w = 1.8",
        ("G = G + g^2 = 7.24", "right"),
        ("w = w - eta g/sqrt(G) = 0.833104", "right"),
        ("g = 2 w = 1.666207", "right"),
        ("G = G + g^2 = 10.061246", "wrong number"),
        ("w = w - eta g/sqrt(G) = 0.780574", "wrong number", 11),
    ),
    rule(
        "a number between names is a factor",
        SQUARED,
        ("a_1 = a_0 - eta 2 a_0 = 2.4", "right"),
        status=0,
    ),
    rule(
        "a gradient that is written out beside the rate has its own factor",
        SQUARED,
        ("a_1 = a_0 - eta 3 a_0 = 2.1", "wrong formula", "3 should be 2"),
    ),
    rule(
        "a gradient that is a whole step",
        SQUARED,
        ("da = -eta 2 a_0 = -0.6", "right"),
        ("a_1 = a_0 + da = 2.4", "right"),
        status=0,
    ),
    rule(
        "a gradient that is turned around before its update",
        SQUARED,
        ("da = -2 a_0 = -6", "right"),
        ("a_1 = a_0 + eta da = 2.4", "right"),
        status=0,
    ),
    rule(
        "a gradient that is a whole step twice",
        SQUARED,
        ("da = -eta 2 a_0 = -0.6", "wrong formula"),
        ("a_1 = a_0 + eta da = 2.94", "wrong formula"),
    ),
    rule(
        "a mark of the next pass before the number of a sample",
        "x[1] = 0.5\nx[2] = -1\nw = 0.4\neta = 0.1\nnet_h1[1] = w x[1] = 0.2\nnet_h1[2] = w x[2] = -0.4",
        ("E = 1/2 (net_h1[1] - 0.3)^2 + 1/2 (net_h1[2] - 0.1)^2 = 0.13", "right"),
        ("w^{+} = w - eta ((net_h1[1] - 0.3) x[1] + (net_h1[2] - 0.1) x[2]) = 0.355", "right"),
        ("net_h1^{+}[1] = w^{+} x[1] = 0.1775", "right"),
        ("net_h1^{+}[2] = w^{+} x[2] = -0.535", "wrong number"),
    ),
    rule(
        "updates are followed up to a limit",
        ONE_WEIGHT,
        ("w@1001 = 0.5", "not read", "at most 1000 updates are followed"),
        ("dL@2000/dw@2000 = 3", "not read", "at most 1000 updates are followed"),
        status=2,
    ),
    rule(
        "entries of products of matrices",
        ENTRIES,
        ("∂E/∂z_i = (y_i - t_i) y_i (1 - y_i) = [-0.128044, 0.147124, -0.028778]", "right"),
        ("∂E/∂W_ij = ∂E/∂z_i x_j", "right"),
        ("∂E/∂x_j = Σ_i ∂E/∂z_i W_ij", "right"),
        ("W_ij' = W_ij - eta ∂E/∂z_i x_j", "right"),
        status=0,
    ),
    rule(
        "entries of products of matrices, with mistakes",
        ENTRIES,
        ("∂E/∂W_ij = ∂E/∂z_j x_i", "wrong formula"),
        ("∂E/∂x_j = Σ_i ∂E/∂z_i W_ij x_j", "wrong formula", "the factor x is too much"),
        ("W_ij' = W_ij + eta ∂E/∂z_i x_j", "wrong formula", "the sign of"),
    ),
    rule(
        "entries of products of matrices in layers",
        ENTRIES_OF_LAYERS,
        ("∂L/∂W^{(2)}_{kj} = delta_k h_j", "right"),
        ("∂L/∂W^{(1)}_{ij} = x_i (1 - h_j^2) sum_k W^{(2)}_{kj} delta_k", "right"),
        ("∂L/∂x_i = sum_j W^{(1)}_{ij} (1 - h_j^2) sum_k W^{(2)}_{kj} delta_k", "right"),
    ),
    rule(
        "entries of a matrix that is transposed",
        ENTRIES_OF_LAYERS,
        ("∂L/∂h_j = sum_k W^{(2)}_{jk} delta_k", "wrong formula", "W^{(2)}ᵀ, not W^{(2)}"),
        ("∂L/∂W^{(1)}_{ij} = x_i (1 - h_j^2) sum_k W^{(2)}_{kj} delta_k", "right"),
    ),
    rule(
        "squares that are added up begin with the first square",
        ADAGRAD,
        ("G_2 = G_1 + g_2^2 = 2.96", "right"),
        ("w_2 = w_1 - eta g_2/sqrt(G_2) = 0.341876", "right"),
        status=0,
    ),
    rule(
        "a step that is multiplied by the root of the squares is wrong",
        ADAGRAD,
        ("G_2 = G_1 + g_2^2 = 2.96", "right"),
        ("w_2 = w_1 - eta g_2 sqrt(G_2) = 0.227953", "wrong formula", "divided by sqrt(G_2)"),
        status=1,
    ),
    rule(
        "a sum of squares with a wrong number, and the step from it",
        ADAGRAD,
        ("G_2 = G_1 + g_2^2 = 2.69", "wrong number"),
        ("w_2 = w_1 - eta g_2/sqrt(G_2) = 0.339031", "wrong number", 13),
    ),
    rule(
        "a step in one digit, carried on exactly",
        "a = 0.3000000005\nx = 2\nt = 1.5\nw = 2 a = 0.600000001",
        ("L = 1/2 (w x - t)^2 = 1/2 (0.6*2 - 1.5)^2 = 0.0449999994", "right"),
    ),
    rule(
        "a step in one digit that rounds another number",
        "a = 0.31\nx = 2\nt = 1.5\nw = 2 a = 0.62",
        ("L = 1/2 (w x - t)^2 = 1/2 (0.6*2 - 1.5)^2 = 0.0338", "wrong number", "the step is false"),
    ),
    rule(
        "a second pass with the numbers of its own lines",
        TWO_PASSES,
        ("v_new = v - eta dL/dv = 0.703465", "right"),
        ("h^+ = v_new x = [0.3517325, -0.2110395]", "right"),
        ("s^+ = w·h^+ + b = [1.5, -0.8]·[0.3517, -0.2110] + 0.3 = 0.99643035", "right"),
        ("L^+ = (s^+ - t)^2/2 = (0.9964 - 1)^2/2 = 0.00000637120", "right"),
    ),
    rule(
        "a second pass in which a number of its own lines is wrong",
        TWO_PASSES,
        ("v_new = v - eta dL/dv = 0.703465", "right"),
        ("h^+ = v_new x = [0.3517325, -0.2110395]", "right"),
        ("s^+ = w·h^+ + b = 0.9946", "wrong number"),
    ),
    rule(
        "a bias beside a square matrix in NumPy",
        SQUARE_CODE,
        ("dW = X.T @ dz", "right"),
        ("db = dz.sum(axis=1)", "wrong formula"),
        ("db = dz.sum(axis=0)", "right"),
    ),
    rule(
        "a bias beside a square matrix, samples as columns",
        SQUARE.format(a="", z="", product="W X"),
        ("dW = dz Xᵀ", "right"),
        ("db = sum(dz, axis=0)", "wrong formula"),
        ("db = sum(dz, axis=1)", "right"),
    ),
    # A helper is by the quantity of its name, or by what that is the activation of.
    rule(
        "code that calls the slope by its output",
        CODE_OF_THE_WEB.format(out="d_out"),
        ("d_hidden = d_out @ W2.T * hidden * (1 - hidden)", "right"),
        ("dW1 = X.T @ d_hidden", "right"),
        status=0,
    ),
    rule(
        "the same with the slope of the hidden layer missing",
        CODE_OF_THE_WEB.format(out="d_out"),
        ("d_hidden = d_out @ W2.T", "wrong formula", "slope of logistic"),
        ("dW1 = X.T @ d_hidden", "right"),
    ),
    rule(
        "the same with deltas called last",
        CODE_OF_THE_WEB.format(out="out_delta"),
        ("hidden_error = out_delta @ W2.T", "right"),
        ("hidden_delta = hidden_error * hidden * (1 - hidden)", "right"),
        ("dW1 = X.T @ hidden_delta", "right"),
    ),
    rule(
        "the gradient of a column of biases is plain, and the update makes a matrix of it",
        COLUMN_OF_BIASES,
        ("db = np.sum(dZ, axis=1)", "wrong formula", "keepdims=True is missing"),
        ("b = b - 0.1*db", "right"),
        status=1,
    ),
    rule(
        "the gradient of a column of biases is a column",
        COLUMN_OF_BIASES,
        ("db = np.sum(dZ, axis=1, keepdims=True)", "right"),
        ("b = b - 0.1*db", "right"),
        status=0,
    ),
    # Code is judged by what NumPy makes of its shapes.
    rule(
        "shapes of a single output in NumPy",
        ONE_OUTPUT.format(t="0.3"),
        ("dW2 = dy @ h.T", "right"),
        ("dh = W2.T @ dy", "right"),
        ("dW1 = (dh*(1 - h**2)) @ x.T", "right"),
        status=0,
    ),
    rule(
        "a column for a row in NumPy",
        ONE_OUTPUT.format(t="0.3"),
        ("dW2 = dy*h", "wrong formula", "2×1, but W2 is 1×2: transpose it"),
        ("dh = dy*W2", "right", "as a row"),
        ("dW1 = (dh.T*(1 - h**2)) @ x.T", "right"),
    ),
    rule(
        "a row and a column together in NumPy",
        ONE_OUTPUT.format(t="0.3"),
        ("dh = dy*W2", "right", "as a row"),
        ("dW1 = (dh*(1 - h**2)) @ x.T", "wrong formula", "1×3, but dW1 is 2×3"),
    ),
    rule(
        "a product with a matrix of one number in NumPy",
        ONE_OUTPUT.format(t="0.3"),
        ("dh = W2 @ dy", "wrong formula", "(1×2)(1×1) does not fit"),
    ),
    rule(
        "np.dot of a number in NumPy",
        "import numpy as np\nx = np.array([0.5, -1.2])\nw = 0.3\ny = np.dot(w, x)\nL = np.sum(y**2)",
        ("dy = 2*y", "right"),
        ("dw = np.dot(dy, x)", "right"),
        status=0,
    ),
    rule(
        "a column less a plain vector in NumPy",
        COLUMN_LESS_PLAIN + "y = np.array([1.0, 0.0, 1.0])\n",
        ("e = p - y", "wrong formula", "3×1 and 3 are spread to 3×3, in NumPy"),
        ("L = np.mean(e**2)", "not judged"),
    ),
    rule(
        "a column less a column in NumPy",
        COLUMN_LESS_PLAIN + "y = np.array([1.0, 0.0, 1.0]).reshape(-1, 1)\ne = p - y\nL = np.mean(e**2)\n",
        ("dW = 2/3*X.T @ e", "right"),
        ("W -= 0.1*dW", "right"),
        status=0,
    ),
    rule(
        "a sign turned in the first helper",
        HEADS,
        ("dO = T - O", "wrong formula"),
        ("dV = Aᵀ dO", "right"),
        ("dW = Xᵀ dV", "right"),
    ),
    # Beside a network, names are what they compute, and a wrong line is of what it is most like.
    rule(
        "another's names beside a network",
        BESIDE + FORWARD_BESIDE.lstrip(),
        ("δ_1 = (0.01 - y_1) y_1 (1 - y_1) = -0.138499", "right", "δ_1 is -∂E_total/∂net_o1"),
        ("δ_2 = (0.99 - y_2) y_2 (1 - y_2) = 0.038098", "right", "w_{12} is w3, w_{21} is w2"),
        ("γ_1 = (v_{11} δ_1 + v_{12} δ_2) z_1 (1 - z_1) = -0.008771", "right"),
        ("∂E/∂v_{11} = -δ_1 z_1 = 0.082167", "right"),
        ("Δv_{11} = 0.5 δ_1 z_1 = -0.041084", "right"),
        ("v_{11}' = v_{11} + Δv_{11} = 0.358916", "right"),
        ("∂E/∂w_{11} = -γ_1 x_1 = 0.000439", "right"),
        status=0,
    ),
    rule(
        "another's names beside a network, with mistakes",
        BESIDE,
        ("a_1 = w_{11} x_1 + w_{12} x_2 + b = 0.3825", "wrong formula"),
        ("a_2 = w_{12} x_1 + w_{22} x_2 + b = 0.3925", "right"),
        ("z_1 = σ(a_1) = 0.593270", "right"),
        ("z_2 = tanh(a_2) = 0.373495", "wrong formula"),
        ("y_1 = σ(v_{11} z_1 + v_{12} z_2 + c) = 0.756904", "wrong formula"),
        ("y_2 = σ(v_{12} z_1 + v_{22} z_2 + c) = 0.772928", "right"),
        ("E = (0.01 - y_1)^2 + 1/2 (0.99 - y_2)^2 = 0.573181", "wrong formula"),
        ("δ_1 = (0.01 - y_1) (1 - y_1) = -0.184328", "wrong formula"),
        ("∂E/∂v_{11} = -δ_1 z_1 = 0.082167", "right"),
        ("∂E/∂v_{21} = -δ_1 z_2", "right"),
        status=1,
    ),
    rule(
        "slope of a hidden neuron with one path, beside a network",
        BESIDE + FORWARD_BESIDE.lstrip(),
        ("δ_1 = (0.01 - y_1) y_1 (1 - y_1) = -0.138499", "right"),
        ("γ_1 = v_{11} δ_1 z_1 (1 - z_1) = -0.013367", "wrong formula"),
        ("∂E/∂w_{11} = -γ_1 x_1 = 0.000439", "right"),
    ),
    rule(
        "a slope missing in an array of deltas of the other sign, beside a network",
        "network: worked-example",
        ("δ2 = (t - a2) ⊙ a2 ⊙ (1 - a2)", "right"),
        ("δ1 = W2ᵀ δ2 = [-0.036350, -0.041370]", "wrong formula"),
        ("dW1 = -δ1 xᵀ = [[0.001818, 0.003635], [0.002069, 0.004137]]", "wrong number", 3),
    ),
    rule(
        "a slope that stands where an array of deltas is used, beside a network",
        "network: worked-example",
        ("dZ2 = (a2 - t) ⊙ a2 ⊙ (1 - a2)", "right"),
        ("δ1 = W2ᵀ dZ2", "right"),
        ("dW1 = (δ1 ⊙ a1 ⊙ (1 - a1)) xᵀ", "right"),
        status=0,
    ),
    rule(
        "several samples and no index",
        "network: xor",
        ("net_h1 = w1*i1 + w2*i2 + b1", "right", "of each sample"),
        ("δ_o1 = (out_o1 - target_o1) out_o1 (1 - out_o1)", "right"),
        ("∂E_o1/∂w11 = δ_o1 out_h1", "right"),
        ("∂E_o1/∂w11 = δ_o1 out_h2", "wrong formula"),
        ("∂E/∂w11 = δ_o1 out_h1", "wrong formula"),
    ),
    rule(
        "several samples, no index, the number of one",
        "network: xor",
        ("net_h1 = 1.6661", "right", "sample 2, as the numbers show"),
        ("net_h1 = 1.6616", "wrong number"),
    ),
    # Entries of arrays.
    rule(
        "a filter by its entries",
        FILTER,
        ("δ_1 = (v_1 a_1 + v_2 a_2 - 0.1) v_1 (1 - a_1²)", "right"),
        ("δ_2 = (v_1 a_1 + v_2 a_2 - 0.1) v_2", "wrong formula"),
        ("∂L/∂k_1 = δ_1 x_1 + δ_2 x_2", "right"),
        ("∂L/∂k_2 = δ_1 x_2 + δ_2 x_2", "wrong formula", "x[3], not x[2]"),
        ("∂L/∂x_2 = δ_1 k_2 + δ_2 k_1", "right"),
    ),
    # A loss with its arguments.
    rule(
        "a loss of its parameters",
        REGRESSION,
        ("∂J(θ)/∂θ = 1/3 Xᵀ (h - y)", "right"),
        ("∇J(θ) = 1/3 Xᵀ (h - y)", "right"),
        ("∇J = Xᵀ (h - y)", "wrong formula"),
        ("θ := θ + 0.1 ∇J(θ)", "wrong formula"),
    ),
    rule(
        "a count of samples that no line gives",
        REGRESSION.rpartition("J(")[0] + "L = mean(-y ln h - (1 - y) ln(1 - h))",
        ("dθ = 1/m Xᵀ (h - y)", "right", "m = 3, the number of samples"),
        ("dθ = Xᵀ (h - y)/(2m)", "wrong formula"),
    ),
    rule(
        "a count that is not evident",
        "x = [1, 0.5]\nt = [1, 0, 1]\nw = [[0.2, -0.4], [0.1, 0.2], [0.3, 0.4]]\np = w x",
        ("L = 1/n Σ (p - t)²", "unknown name"),
        ("∂L/∂p = 2/n (p - t)", "undecided"),
    ),
    rule(
        "a variance and the logistic have one letter",
        "X = [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8]]\nμ = mean(X, axis=0)\nσ² = mean((X - μ)², axis=0)\n"
        "Y = (X - μ)/sqrt(σ² + 0.01)\nL = sum(Y³)",
        ("dY = 3 Y²", "right"),
        ("dX = (dY - mean(dY, axis=0) - Y ⊙ mean(dY ⊙ Y, axis=0))/sqrt(σ² + 0.01)", "right"),
        ("dX = (dY - mean(dY, axis=0) - Y ⊙ mean(dY, axis=0))/sqrt(σ² + 0.01)", "wrong formula"),
    ),
    # P - Y is the slope of softmax with cross-entropy if the targets of a sample sum to 1.
    rule("softmax one-hot", ONE_HOT, ("dZ = P - Y", "right", "sum to 1")),
    rule("softmax, targets that sum to one", DISTRIBUTION, ("dZ = P - Y", "right", "sum to 1")),
    rule("softmax, targets that do not", NO_DISTRIBUTION, ("dZ = P - Y", "wrong formula")),
    rule(
        "softmax, one sample whose target the loss does not name",
        "z = [0.6, 0.7, -0.4]\ny = [0, 1, 0]\np = softmax(z) = [0.4044, 0.4469, 0.1488]\nL = -log p_2",
        ("∂L/∂z = p - y", "right", "y holds only 0 and 1"),
    ),
    rule("softmax in general", NO_DISTRIBUTION, ("∂L/∂Z = P*sum(Y) - Y", "right")),
    rule("softmax, a derivative with the other sign", ONE_HOT, ("∂L/∂Z = Y - P", "wrong formula")),
    # Where the mean over the samples comes in.
    rule(
        "mean at the weights",
        BATCH,
        ("dZ = A - Y", "right"),
        ("dW = X.T @ dZ / m", "right"),
        ("db = sum(dZ) / m", "right"),
    ),
    rule(
        "mean at the delta",
        BATCH,
        ("dZ = (A - Y) / m", "right"),
        ("dW = X.T @ dZ", "right"),
        ("db = sum(dZ)", "right"),
    ),
    rule(
        "mean at the bias alone",
        BATCH,
        ("dZ = A - Y", "right"),
        ("dW = X.T @ dZ", "wrong formula", "divide by m"),
        ("db = sum(dZ) / m", "right"),
    ),
    rule(
        "gradients of the sum",
        BATCH,
        ("dZ = A - Y", "right"),
        ("dW = X.T @ dZ", "right", "of the sum over the samples, 4 times ∂J/∂W"),
        ("db = sum(dZ)", "right"),
    ),
    rule(
        "steps of gradients of the sum",
        BATCH + "η = 0.1",
        ("dZ = A - Y", "right"),
        ("dW = X.T @ dZ", "right"),
        ("ΔW = -η dW", "right"),
        ("ΔW = -2 η dW", "wrong formula"),
    ),
    rule(
        "gradients of the sum, called derivatives of the mean",
        BATCH,
        ("dZ = A - Y", "right"),
        ("∂J/∂W = Xᵀ dZ", "wrong formula"),
    ),
    rule(
        "twice the gradients",
        BATCH,
        ("dZ = A - Y", "right"),
        ("dW = X.T @ dZ / 2", "wrong formula"),
        ("db = sum(dZ) / 2", "wrong formula"),
    ),
    # A delta is what it is used for.
    rule(
        "slope missing in the delta",
        TANH_LAYER,
        ("δ1 = W2ᵀ δ2", "wrong formula"),
        ("∂L/∂W1 = δ1 xᵀ", "right"),
    ),
    rule(
        "slope where the delta is used",
        TANH_LAYER,
        ("δ1 = W2ᵀ δ2", "right", "∂L/∂a1"),
        ("∂L/∂W1 = (δ1 ⊙ (1 - a1²)) xᵀ", "right"),
    ),
    rule(
        "slope in the delta",
        TANH_LAYER,
        ("δ1 = W2ᵀ δ2 ⊙ (1 - a1²)", "right"),
        ("∂L/∂W1 = δ1 xᵀ", "right"),
        ("∂L/∂b1 = δ1", "right"),
    ),
    rule(
        "slope in both, the delta said to be of z1",
        TANH_LAYER,
        ("δ1 = ∂L/∂z1 = W2ᵀ δ2 ⊙ (1 - a1²)", "right"),
        ("∂L/∂W1 = (δ1 ⊙ (1 - a1²)) xᵀ", "wrong formula"),
    ),
    rule(
        "one line against the others that use a delta",
        TWO_SAMPLES,
        ("dL/dw = delta1*x1 + delta2*x2", "right"),
        ("dL/db = delta1", "wrong formula", "delta2"),
    ),
    rule(
        "slope missing in a recurrence, deltas of the other sign",
        RECURRENT.format(s0=0.3, error="d - p"),
        ("δ1 = δ2*u", "wrong formula"),
        ("dJ/dw = -(δ1*x1 + δ2*x2)", "right"),
        ("dJ/du = -(δ1*s0 + δ2*s1)", "right"),
    ),
    rule(
        "a delta that a start of nought multiplies",
        RECURRENT.format(s0=0, error="d - p"),
        ("δ1 = δ2*u*(1 - s1^2)", "right"),
        ("dJ/dw = -(δ1*x1 + δ2*x2)", "right"),
        ("dJ/du = -(δ1*s0 + δ2*s1)", "right"),
    ),
    rule(
        "a sign turned in the first of many deltas",
        RECURRENT.format(s0=0.3, error="p - d").partition("δ")[0],
        ("δ_y = p - d", "wrong formula"),
        ("δ2 = δ_y*v*(1 - s2^2)", "right"),
        ("δ1 = δ2*u*(1 - s1^2)", "right"),
        ("dJ/dw = -(δ1*x1 + δ2*x2)", "right"),
        ("dJ/du = -(δ1*s0 + δ2*s1)", "right"),
        ("dJ/dv = -δ_y*s2", "right"),
    ),
    rule(
        "gradients of the sum, in numbers alone",
        BATCH,
        ("dZ = [[-0.4875], [0.6570], [0.4354], [-0.3682]]", "right", "4 dJ/dZ"),
        ("dW = [[-0.4301], [-0.9799]]", "rounding", "of the sum over the samples"),
    ),
    rule(
        "a gradient is by what its name says",
        TANH_LAYER,
        ("grad_b1 = W2ᵀ δ2", "wrong formula"),
    ),
    # Deltas of the other sign, undone by the update.
    rule(
        "minus the derivative, added",
        LOGISTIC_UNIT,
        ("δo = (t - y) y (1 - y) = 0.1129", "right"),
        ("w += η δo h = 0.4395", "right"),
    ),
    rule(
        "minus the derivative, subtracted",
        LOGISTIC_UNIT,
        ("δ_o = (t - y) y (1 - y) = 0.1129", "right"),
        ("w -= η δ_o h = 0.3605", "wrong formula"),
    ),
    rule(
        "the derivative, subtracted",
        LOGISTIC_UNIT,
        ("δ_o = (y - t) y (1 - y) = -0.1129", "right"),
        ("w -= η δ_o h = 0.4395", "right"),
    ),
    rule(
        "the derivative, added",
        LOGISTIC_UNIT,
        ("∂E/∂w = (y - t) y (1 - y) h = -0.0790", "right"),
        ("w += η ∂E/∂w = 0.3605", "wrong formula"),
    ),
    # A factor that happens to be 1.
    rule(
        "input of 1 left out",
        LINE.format(x=1, y=0.9),
        ("dL/dw = δ", "right by coincidence"),
        ("dL/db = δ", "right"),
        status=0,
    ),
    rule(
        "input of 2 left out",
        LINE.format(x=2, y=1.7),
        ("dL/dw = δ", "wrong formula"),
        ("dL/db = δ", "right"),
        status=1,
    ),
    rule(
        "input of 1 written",
        LINE.format(x=1, y=0.9),
        ("dL/dw = δ x", "right"),
        ("dL/db = δ", "right"),
        status=0,
    ),
    rule("an update without the rate", LOGISTIC_UNIT, ("w' = w - (y - t) y (1 - y) h", "wrong formula")),
    rule(
        "the first step of Adam",
        ADAM,
        ("g = 2 (y - t) x", "right"),
        ("m = (1 - 0.9) g",),
        ("v = (1 - 0.99) g²",),
        ("w_new = w - η m/(1 - 0.9)/(sqrt(v/(1 - 0.99)) + 0.001)", "right"),
        status=0,
    ),
    rule(
        "a step of Adam uphill, of half the gradient",
        ADAM,
        ("g = (y - t) x", "wrong formula"),
        ("m = (1 - 0.9) g",),
        ("v = (1 - 0.99) g²",),
        ("w_new = w + η m/(1 - 0.9)/(sqrt(v/(1 - 0.99)) + 0.001)", "wrong formula"),
    ),
    # Relu on its branch.
    rule("slope of an active relu left out", ACTIVE, ("dL/dw1 = dL/dy w2 x", "right", "z > 0")),
    rule("slope of a dead relu left out", DEAD, ("dL/dw1 = dL/dy w2 x", "wrong formula")),
    rule("slope of a dead relu written", DEAD, ("dL/dw1 = dL/dy w2 (z > 0) x", "right")),
    # A name with a second value.
    rule("update in numbers", ONE_WEIGHT, ("w = 0.4 - 0.1*(-0.027) = 0.4027", "right")),
    rule(
        "update in numbers, subtracted wrongly",
        ONE_WEIGHT,
        ("w = 0.4 - 0.1*(-0.027) = 0.3973", "wrong number"),
    ),
    rule("a second value without a sign", ONE_WEIGHT, ("w = 0.41", "undecided")),
    # In code a name is what was assigned last.
    rule("code", CODE, ("dW1 = X.T @ (d * (1 - a**2))", "right")),
    rule("code, not squared", CODE, ("dW1 = X.T @ (d * (1 - a))", "wrong formula")),
    # e is the author's error, or Euler's number where the numbers say so.
    rule("an error called e", ERRORS, ("dJ/dw = 2 sum(e x) = -2.0", "right")),
    rule("an error called e, its slope without the 2", ERRORS, ("dJ/dw = sum(e x) = -1.0", "wrong formula")),
    rule(
        "Euler beside e, by its number",
        ERRORS,
        ("k = 0.5",),
        ("q = e^-k = 0.6065",),
        ("dJ/dw = 2 sum(e x)", "right"),
    ),
    rule("Euler beside e, without a number", ERRORS, ("k = 0.5",), ("q = e^-k", "not read")),
    # d is the author's target.
    rule("a target called d", TARGET_D, ("dw = δ x = -0.2", "right"), ("db = δ = -0.4", "right")),
    rule("a target called d, a wrong slope", TARGET_D, ("db = δ x = -0.2", "wrong formula")),
    # Brackets: an array, or a sum.
    rule(
        "an array with blanks",
        "v = [0.1 -0.2]\nw = [0.5 0.4]\ns = w·v = -0.03\nL = s^2 = 0.0009",
        ("dL/dw = 2 s v = [-0.006 0.012]", "right"),
    ),
    rule(
        "a difference in brackets",
        "y = 0.1\nt = 0.2\nL = (y - t)^2 = [0.1 - 0.2]^2 = 0.01",
        ("dL/dy = 2 (y - t) = -0.2", "right"),
    ),
    # A printed number that stands for a computed one.
    rule("a computed number, rounded on the line", COMPUTED, ("da1/dz1 = (0.38)(0.62) = 0.2345", "right")),
    rule("a computed number, another result", COMPUTED, ("da1/dz1 = (0.38)(0.62) = 0.25", "wrong number")),
    rule(
        "a given number, rounded on the line",
        "a1 = 0.38",
        ("s1 = a1 (1 - a1) = (0.38)(0.62) = 0.2345", "undecided"),
    ),
    rule(
        "a given number, another result",
        "a1 = 0.38",
        ("s1 = a1 (1 - a1) = (0.38)(0.62) = 0.25", "wrong number"),
    ),
    # What follows from a wrong number, and what is a mistake of its own.
    rule(
        "a number that follows from a wrong one",
        WRONG_SUM.rsplit("z2", 1)[0],
        ("z2 = w2 a1 + b2 = 0.46", "wrong number"),
        ("y = σ(z2) = σ(0.46) = 0.613", "wrong number", 5),
    ),
    rule(
        "a second mistake below a wrong number",
        WRONG_SUM.rsplit("z2", 1)[0],
        ("z2 = w2 a1 + b2 = 0.46", "wrong number"),
        ("y = σ(z2) = σ(0.46) = 0.631", "wrong number"),
    ),
    rule(
        "the right number below a wrong one",
        WRONG_SUM.rsplit("z2", 1)[0],
        ("z2 = w2 a1 + b2 = 0.46", "wrong number"),
        ("y = σ(z2) = 0.6154", "right"),
    ),
    # A step that is false, a result that is right.
    rule(
        "a false step before a right result",
        STEP,
        ("a = σ(z) = 1/(1+e^{0.43}) = 0.56026", "false step", "the result is right"),
        ("L = (a - t)^2 = 0.12978",),
        ("dL/da = 2 (a - t) = 0.72051", "right"),
    ),
    # A forward line that its number or its siblings contradict.
    rule(
        "a wrong index, a matrix and a number against it",
        TWO_OUTPUTS + MATRIX,
        ("y1 = w5 h1 + w6 h1 + b = 0.4875", "wrong formula"),
        ("y2 = w7 h1 + w8 h2 + b = 0.5805",),
    ),
    rule(
        "a wrong index, its number against it",
        TWO_OUTPUTS,
        ("y1 = w5 h1 + w6 h1 + b = 0.4875", "wrong formula"),
        ("y2 = w7 h1 + w8 h2 + b = 0.5805",),
    ),
    rule(
        "a wrong index, its siblings against it",
        TWO_OUTPUTS,
        ("y1 = w5 h1 + w6 h1 + b", "doubt"),
        ("y2 = w7 h1 + w8 h2 + b",),
        status=3,
    ),
    rule(
        "a wrong index, two derivatives against it",
        TWO_OUTPUTS,
        ("y1 = w5 h1 + w6 h1 + b", "wrong formula", "h2, not h1"),
        ("y2 = w7 h1 + w8 h2 + b",),
        ("L = 1/2 (y1 - 0.2)^2 + 1/2 (y2 - 0.9)^2",),
        ("dL/dw6 = (y1 - 0.2) h2", "right"),
        ("dL/dh2 = (y1 - 0.2) w6 + (y2 - 0.9) w8", "right"),
    ),
    rule(
        "a wrong index, one derivative against it",
        TWO_OUTPUTS,
        ("y1 = w5 h1 + w6 h1 + b", "doubt"),
        ("y2 = w7 h1 + w8 h2 + b",),
        ("L = 1/2 (y1 - 0.2)^2 + 1/2 (y2 - 0.9)^2",),
        ("dL/dw6 = (y1 - 0.2) h2", "undecided", "in line 8"),
        status=3,
    ),
    rule(
        "an index that the derivatives confirm",
        TWO_OUTPUTS,
        ("y1 = w5 h1 + w6 h1 + b",),
        ("y2 = w7 h1 + w8 h2 + b",),
        ("L = 1/2 (y1 - 0.2)^2 + 1/2 (y2 - 0.9)^2",),
        ("dL/dw6 = (y1 - 0.2) h1", "right"),
        status=0,
    ),
    rule(
        "a bias that goes with another line, three siblings against it",
        "a = 0.3\nb1 = 0.1\nb2 = 0.2\nb3 = -0.1\nb4 = 0.5\nw1 = 0.4\nw2 = 0.3\nw3 = 0.2\nw4 = 0.7",
        ("z1 = w1 a + b1",),
        ("z2 = w2 a + b2",),
        ("z3 = w3 a + b2", "doubt", "b3 may be meant, not b2"),
        ("z4 = w4 a + b4",),
    ),
    rule(
        "no wrong index",
        TWO_OUTPUTS + MATRIX,
        ("y1 = w5 h1 + w6 h2 + b = 0.4875",),
        ("y2 = w7 h1 + w8 h2 + b = 0.5805",),
        ("L = 1/2 (y1 - 0.2)^2 + 1/2 (y2 - 0.9)^2",),
        ("dL/dw6 = (y1 - 0.2) h2", "right"),
        status=0,
    ),
    rule(
        "a delta behind an output that no line computes",
        LOGISTIC_UNIT.replace("y = σ(net) = 0.5449", "y = 0.5449"),
        ("dy = (t - y) y (1 - y) = 0.1129", "undecided", "add the line that computes it"),
        ("w = w + η dy h = 0.4395", "undecided"),
        status=3,
    ),
    # Several losses, steps from elsewhere, names and numbers in pairs.
    rule(
        "an update by two losses that nothing adds up",
        "x = 0.5\nw = 0.8\nη = 0.1\nh = tanh(w x)\nA = (h - 0.2)^2\nB = (h^2 - 0.4)^2",
        ("dA/dw = 2 (h - 0.2) (1 - h^2) x", "right"),
        ("dB/dw = 4 (h^2 - 0.4) h (1 - h^2) x", "right"),
        ("w' = w - η (dA/dw + dB/dw)", "right"),
        ("w' = w - η (dA/dw - dB/dw)", "wrong formula"),
    ),
    rule(
        "Nesterov's gradient is of a place that the loss is not computed at",
        ADAM + "v = 0.2\nμ = 0.9\nahead = w + μ v\np = ahead x",
        ("g = 2 (p - t) x", "undecided", "not computed from p"),
        ("v_new = μ v - η g", "undecided"),
        ("w_new = w + v_new", "undecided"),
        status=3,
    ),
    rule(
        "samples in brackets, derivatives with bars",
        "(x, t) = (1.5, 2)\nw = 0.5\ny = w x\nerror = (y - t)^2",
        ("d_error/d_w = 2 (y - t) x", "right"),
        ("d_error/d_w = d_error/d_y * t", "wrong formula"),
    ),
    rule(
        "a name without a value in the loss",
        ADAM.rpartition("L =")[0],
        ("L = (y - t)^2 + c w^2", "unknown name", "add a line such as c = 1"),
        ("dL/dw = 2 (y - t) x + 2 c w", "undecided", "computes L"),
        status=2,
    ),
    # What a sheet does not connect is neither right nor zero.
    rule("numbers without a model", "z1 = [0.1 0.3]", ("dW2 = [-0.2 -0.2]", "not judged"), status=3),
    rule(
        "a weight that no line connects with the loss",
        "x1 = 0.05\nt = 0.01\nw3 = 0.25\nw6 = 0.45\nh2 = 0.5969\ny = w6 h2\nL = 1/2 (y - t)^2",
        ("∂L/∂w6 = (y - t) h2", "right"),
        ("δ_h2 = (y - t) w6 h2 (1 - h2)",),
        ("∂L/∂w3 = δ_h2 x1", "not judged", "w3"),
    ),
    rule(
        "a weight that no line connects with the loss, called zero",
        "x1 = 0.05\nt = 0.01\nw3 = 0.25\nw6 = 0.45\nh2 = 0.5969\ny = w6 h2\nL = 1/2 (y - t)^2",
        ("∂L/∂w6 = (y - t) h2", "right"),
        ("∂L/∂w3 = 0", "not judged", "w3"),
    ),
    # Formulas for one row, used for a batch.
    rule(
        "one row",
        ONE_ROW,
        ("∂L/∂W2 = a1ᵀδ3", "right"),
        ("∂L/∂b2 = δ3", "right"),
        ("∂L/∂W1 = xᵀδ2", "right"),
        ("∂L/∂b1 = δ2", "right"),
    ),
    rule(
        "one row's formulas for the mean of a batch",
        MEAN,
        ("∂L/∂W2 = a1ᵀδ3", "wrong formula", "divide by N"),
        ("∂L/∂b2 = δ3", "wrong formula"),
    ),
    rule(
        "one row's formulas for the sum of a batch",
        TOTAL,
        ("∂L/∂W2 = a1ᵀδ3", "right"),
        ("∂L/∂b2 = δ3", "wrong formula"),
    ),
    rule(
        "a batch's formulas for the mean of a batch",
        MEAN,
        ("∂L/∂W2 = 1/N a1ᵀδ3", "right"),
        ("∂L/∂b2 = 1/N sum(δ3, axis=0)", "right"),
        ("∂L/∂W1 = 1/N xᵀδ2", "right"),
        ("∂L/∂b1 = 1/N sum(δ2, axis=0)", "right"),
    ),
    # Targets as single numbers that sum to 1.
    rule(
        "numbers that sum to 1",
        SOFTMAX_OF_NUMBERS.format(0, 1, 0),
        ("∂L/∂z1 = p1 - y1 = 0.6590", "right", "y1, y2, y3 sum to 1"),
        ("∂L/∂z2 = y2 - p2", "wrong formula"),
    ),
    rule(
        "numbers that do not sum to 1",
        SOFTMAX_OF_NUMBERS.format(0.5, 1, 0),
        ("∂L/∂z1 = p1 - y1", "wrong formula"),
    ),
    # Formulas with a free index.
    rule(
        "free indices of numbers",
        INDEXED_NUMBERS,
        ("δ_j = ∂L/∂z_j = (y - t) u_j (1 - a_j^2)", "right"),
        ("∂L/∂w_ji = δ_j x_i", "right"),
        ("∂L/∂x_i = Σ_j δ_j w_ji", "right"),
    ),
    rule(
        "a slope without its square, for every index",
        INDEXED_NUMBERS,
        ("δ_j = ∂L/∂z_j = (y - t) u_j (1 - a_j)", "wrong formula", "a square is missing"),
        ("∂L/∂w_ji = δ_j x_i", "right"),
    ),
    rule(
        "the other index",
        INDEXED_NUMBERS,
        ("∂L/∂u_j = (y - t) z_j", "wrong formula", "a_{"),
    ),
    rule(
        "free indices of arrays",
        INDEXED_ARRAYS,
        ("∂L/∂y_i = y_i - t_i", "right"),
        ("∂L/∂x_hat_i = ∂L/∂y_i g", "right"),
        ("∂L/∂g = Σ_i ∂L/∂y_i x_hat_i = 3.2973", "right"),
        ("∂L/∂y_i = t_i - y_i", "wrong formula", "sign"),
    ),
    rule(
        "an index of a name as any other",
        "x_i = 0.5\nw = 0.3\ny = w x_i = 0.15\nL = y^2\nx_1 = 2\nx_2 = 3",
        ("∂L/∂x_i = 2 y w = 0.09", "right"),
    ),
    # Forward lines in numbers alone.
    rule(
        "numbers in place of names",
        IN_NUMBERS,
        ("dL/dz1 = (y - t) v h (1 - h) = 0.0530", "right"),
        ("dL/dw1 = dL/dz1 x1", "right"),
        ("dL/dw2 = dL/dz1 x1", "wrong formula", "x2"),
    ),
    rule(
        "a number that two names have",
        IN_NUMBERS.replace("v = -0.6", "v = 0.7").replace("= -0.3805", "= 0.4439"),
        ("dL/dw1 = (y - t) v h (1 - h) x1", "undecided"),
    ),
    rule(
        "all in numbers",
        ALL_IN_NUMBERS,
        ("dE/dy = y - t = -0.3900", "right"),
        ("dE/dw = -0.3900*0.5100*(1 - 0.5100)*0.4 = -0.0390", "right"),
        ("w_new = 0.3 - 0.5*(-0.0390) = 0.3195", "right"),
        ("dE/db = -0.3900*0.5100*0.4 = -0.0796", "wrong number"),
    ),
    rule(
        "numbers of which one is that of two names",
        ALL_IN_NUMBERS.replace("b = -0.08", "b = 0.4").replace("- 0.08 = 0.04", "+ 0.4 = 0.52"),
        ("w_new = 0.3 - 0.5*(-0.0490) = 0.3245",),
    ),
    rule(
        "a 1 that may be the target or none",
        ALL_IN_NUMBERS.replace("t = 0.9", "t = 1").replace(
            "0.9 - 0.5100)^2 = 0.0760", "1 - 0.5100)^2 = 0.1201"
        ),
        ("dE/dy = y - t = -0.4900",),
    ),
    rule(
        "a function of numbered arguments",
        "θ_1 = 1\nθ_2 = -2\nη = 0.1\nf(θ) = θ_1^2 + 1/2 θ_2^2",
        ("∂f/∂θ_1 = 2 θ_1 = 2", "right"),
        ("∂f/∂θ_2 = 2 θ_2", "wrong formula"),
        ("θ_1 ← θ_1 - η ∂f/∂θ_1 = 0.8", "right"),
    ),
    # The same rule in every pass.
    rule(
        "Adagrad without its root in the second step",
        "x = 2\nt = 3\nw = 0.5\nlr = 0.1\nG = 0",
        ("y = w x = 1",),
        ("L = (y - t)^2/2 = 2",),
        ("g = (y - t) x = -4", "right"),
        ("G = G + g^2 = 16", "right"),
        ("w = w - lr/sqrt(G) g = 0.6", "right"),
        ("y = w x = 1.2", "right"),
        ("g = (y - t) x = -3.6", "right"),
        ("G = G + g^2 = 28.96", "right"),
        ("w = w - lr/G g = 0.6124", "wrong formula"),
    ),
    rule(
        "Adagrad, written otherwise in the second step",
        "x = 2\nt = 3\nw = 0.5\nlr = 0.1\nG = 0",
        ("y = w x = 1",),
        ("L = (y - t)^2/2 = 2",),
        ("g = (y - t) x = -4", "right"),
        ("G = G + g^2 = 16", "right"),
        ("w = w - lr/sqrt(G) g = 0.6", "right"),
        ("y = w x = 1.2", "right"),
        ("g = (y - t) x = -3.6", "right"),
        ("G = G + g^2 = 28.96", "right"),
        ("w = w - lr g/sqrt(G) = 0.6669", "right"),
    ),
    # A unit whose input is exactly 0.
    rule(
        "either slope at a kink",
        AT_A_KINK,
        ("dL/dw = 0.42", "right", "kink"),
        ("dL/dc = 0", "right"),
        ("dL/db = -0.42", "wrong number"),
    ),
    rule(
        "one slope beside a kink",
        AT_A_KINK.replace("b = -0.2", "b = -0.21").replace("c = 0", "c = -0.01"),
        ("dL/dw = 0.42", "wrong number"),
    ),
    # Sums over samples that are columns of matrices.
    rule(
        "samples above the names of a loss",
        SAMPLES_ABOVE,
        ("dZ^{[1]} = A^{[1]} - Y", "right"),
        ("dW^{[1]} = 1/m dZ^{[1]} X^T", "right"),
        ("db^{[1]} = 1/m Σ_i dZ^{[1](i)} = [[-0.0492], [-0.0583]]", "right"),
    ),
    rule(
        "a mean over samples forgotten",
        SAMPLES_ABOVE,
        ("dZ^{[1]} = A^{[1]} - Y", "right"),
        ("dW^{[1]} = 1/m dZ^{[1]} X^T", "right"),
        ("db^{[1]} = Σ_i dZ^{[1](i)}", "wrong formula", "mean, not sum"),
    ),
    # Derivatives of arrays by arrays.
    rule(
        "entries of a Jacobian",
        JACOBIAN,
        ("L = -log(p2) = 1.4170", "right"),
        ("dp1/dz1 = p1(1 - p1) = 0.2247", "right"),
        ("dp1/dz2 = p1 p2 = 0.1598", "wrong formula", "sign"),
        ("∂p_1/∂z = [0.2247, -0.1598, -0.0650]", "right"),
        ("∂p_3/∂z_2 = -0.0293", "wrong number"),
        ("∂p/∂z = diag(p) - p p^T", "right"),
        ("∂p/∂z = p(1 - p)", "wrong formula"),
        ("dL/dz1 = p1 = 0.6590", "right"),
    ),
    rule(
        "indices of a Jacobian that lines give",
        JACOBIAN + "i = 1\nj = 2",
        ("∂p_i/∂z_i = p_i (1 - p_i) = 0.2247", "right"),
        ("∂p_i/∂z_j = -p_i p_j = -0.1598", "right"),
        ("∂p_j/∂z_i = p_i p_j", "wrong formula"),
    ),
    rule(
        "indices of a Jacobian in general",
        JACOBIAN + "t = [0, 1, 0]\nL = -Σ_i t_i log(p_i)",
        ("∂p_i/∂z_j = p_i (δ_ij - p_j)", "right"),
        ("∂L/∂z_j = Σ_i ∂L/∂p_i ∂p_i/∂z_j", "right"),
        ("∂p_i/∂z_i = p_i", "wrong formula"),
    ),
    rule(
        "a Jacobian of functions of numbers",
        "x = 1, y = 2",
        ("F = [x^2 y, 5x + sin(y)] = [2, 5.9093]", "right"),
        ("J_11 = ∂F_1/∂x = 2xy = 4", "right"),
        ("∂F_1/∂y = 2x", "wrong formula"),
        ("J = [[2xy, x^2], [5, cos(y)]] = [[4, 1], [5, -0.4161]]", "right"),
        ("det J = 4*(-0.4161) - 5 = -6.6644",),
    ),
    rule(
        "a Jacobian with the numerator in its columns",
        ACROSS,
        ("∂z/∂x = Wᵀ", "right"),
        ("∂L/∂x = ∂z/∂x ∂L/∂z = [5.2, 6.8, 8.4]", "right"),
        ("∂z/∂x = [[1, 4], [2, 5], [3, 6]]", "right"),
        ("∂z/∂x = 2 Wᵀ", "wrong formula"),
        ("∂z/∂x = [[1, 4], [2, 5], [3, 7]]", "wrong number"),
        ("∂L/∂x = Wᵀ ∂L/∂z + x", "wrong formula"),
    ),
    rule(
        "a Jacobian with the numerator in its rows",
        ACROSS,
        ("∂z/∂x = W = [[1, 2, 3], [4, 5, 6]]", "right"),
        ("∂L/∂x = (∂z/∂x)ᵀ ∂L/∂z", "right"),
        ("∂z/∂x = -W", "wrong formula", "sign"),
    ),
    rule(
        "slopes entry by entry",
        ENTRYWISE,
        ("da/dz = 1 - a^2 = [0.7116, 0.2574]", "right"),
        ("dz/db = 1", "right"),
        ("∂z/∂x = W", "right"),
        ("da/dz = diag(1 - a^2)", "right"),
        ("da_1/dz_1 = 1 - a_1^2", "right"),
        ("dL/dz = dL/da ⊙ da/dz", "right"),
        ("dL/dx = dL/da · da/dz · dz/dx", "right"),
        ("da/dz = 1 - a", "wrong formula"),
        ("da_1/dz_2 = 1 - a_1^2", "wrong formula"),
    ),
    # One line that cannot be judged leaves the others.
    rule(
        "derivatives with three indices",
        ENTRYWISE,
        ("dz/dW = x",),
        ("dL/da = a - t", "right"),
        ("dL/dz = (a - t) (1 - a)", "wrong formula"),
    ),
    # Numbers that stand for the entries of arrays.
    rule(
        "a mean of entries in numbers",
        "x = [1, 2, 4]\ng = [1, 0, 0]",
        ("mu = (1+2+4)/3 = 2.3333", "right"),
        ("var = ((1-2.3333)^2 + (2-2.3333)^2 + (4-2.3333)^2)/3 = 1.5556", "right"),
        ("xhat = (x - mu)/sqrt(var) = [-1.0690, -0.2673, 1.3363]", "right"),
        ("L = sum(g*xhat)",),
        ("dL/dx = (g - mean(g) - xhat*mean(g*xhat))/sqrt(var) = [0.2291, -0.3436, 0.1145]", "right"),
        ("dL/dx = g/sqrt(var)", "wrong formula"),
    ),
    rule(
        "products of entries in numbers",
        "x = [1.5, 0.5]\nW = [[0.2, -0.4], [0.3, 0.7]]",
        ("z1 = 0.2*1.5 - 0.4*0.5 = 0.1", "right"),
        ("z2 = 0.3*1.5 + 0.7*0.5 = 0.8", "right"),
        ("L = z1^2 + z2^2 = 0.65",),
        ("dL/dx = [0.2*0.2 + 1.6*0.3, -0.4*0.2 + 1.6*0.7] = [0.52, 1.04]", "right"),
        ("dL/dW = [[0.3, 0.1], [2.4, 0.8]]", "right"),
        ("dL/dW = [[0.3, 2.4], [0.1, 0.8]]", "wrong number"),
    ),
    # Functions of numbers, their slopes, and their values.
    rule(
        "the slope of a function is a claim",
        "f(x) = x^2 sin(x)",
        ("f'(x) = 2x sin(x) - x^2 cos(x)", "wrong formula", "sign"),
        ("df/dx = 2x sin(x) + x^2 cos(x)", "right"),
        ("f''(x) = (2 - x^2) sin(x) + 4x cos(x)", "right"),
        ("x = 1",),
        ("f(x) = 0.8415", "right"),
        ("f'(1) = 2.2232", "right"),
        ("f'(x) = 1.1426", "wrong number"),
        ("f(2) = 2^2 sin(2) = 3.6372", "right"),
    ),
    rule(
        "second derivatives are claims",
        "x = 2, w = 0.5, y = 1",
        ("z = w x",),
        ("L = 1/2 (z - y)^2 + w^4",),
        ("∂L/∂w = (z - y) x + 4w^3", "right"),
        ("∂²L/∂w² = x^2 + 12 w^2 = 7", "right"),
        ("d2L/dw2 = x^2 + 12 w", "wrong formula", "square"),
        ("∂^2 L/∂w∂x = z + w x - y", "right"),
        ("\\frac{\\partial^2 L}{\\partial w^2} = 6.52", "wrong number"),
    ),
    rule(
        "a function of its own argument in a loss",
        "u(t) = a t + b t^2\na = 1, b = 0.5, t = 2",
        ("u'(t) = a + 2 b t = 3", "right"),
        ("L = (u'' + u' + u)^2 = 64", "right"),
        ("dL/da = 2 (u'' + u' + u) (1 + t) = 48", "right"),
        ("dL/db = 2 (u'' + u' + u) (2 + 2t + t^2) = 160", "right"),
        ("dL/db = 2 (u' + u) (2t + t^2)", "wrong formula"),
    ),
    rule(
        "a step along a function that goes up",
        "f(x) = (x - 3)^2\nx_0 = 1",
        ("f'(x) = 2 (x - 3)", "right"),
        ("x_1 = x_0 + 0.1 f'(x_0) = 0.6", "right", "uphill"),
    ),
    rule(
        "a step that goes up where a sheet minimises",
        "Gradient descent:\nf(x) = (x - 3)^2\nx_0 = 1",
        ("x_1 = x_0 - 0.1 f'(x_0) = 1.4", "right"),
        ("x_2 = x_1 + 0.1 f'(x_1) = 1.08", "wrong formula", "uphill"),
    ),
    rule(
        "a function and no number",
        "f(x) = 1/(1 + e^{-x})\ng(x) = tanh(x)",
        ("f'(x) = f(x)(1 - f(x))", "right"),
        ("g'(x) = 1 - g(x)", "wrong formula", "square"),
        ("f''(x) = f(x)(1 - f(x))(1 - 2f(x))", "right"),
        ("h(x) = x",),
    ),
    rule(
        "a loss that falls step by step",
        "L(w) = (w - 2)^2\nw = 0.5",
        ("L'(w) = 2(w-2) = -3", "right"),
        ("w_1 = w - 0.1 L'(w) = 0.8", "right"),
        ("L(w_1) = 1.44", "right"),
        ("L'(w_1) = 2(w_1 - 2) = -2.4", "right"),
        ("w_2 = w_1 - 0.1 L'(w_1) = 1.04", "right"),
        ("L(w_2) = 0.9416", "wrong number"),
    ),
    rule(
        "Newton's method",
        "f(x) = x^2 - 2\nx_0 = 1.5",
        ("f'(x) = 2x", "right"),
        ("x_1 = x_0 - f(x_0)/f'(x_0) = 1.4167", "right"),
        ("x_2 = x_1 - f(x_1)/f'(x_1) = 1.41422", "right"),
        ("x_3 = x_2 - f(x_2)/f'(x_2) = 1.41521", "wrong number"),
    ),
    rule(
        "a slope as a formula of the value",
        "f(x) = 1/(1+e^-x)\nf'(y) = y (1 - y)\nx = 0.5, w = 0.4, t = 1",
        ("y = f(w x) = 0.5498", "right"),
        ("E = 1/2 (t - y)^2",),
        ("δ = (y - t) f'(y)", "right"),
        ("dE/dw = δ", "wrong formula"),
    ),
    rule(
        "functions in code are of what was assigned last",
        "def f(x):\n    return x**2 - 4*x\ndef df(x):",
        ("    return 2*x - 4",),
        ("x, lr = 1.0, 0.1",),
        ("x = x - lr*df(x)",),
        ("print(x)  # 1.2",),
        ("print(f(x))  # -3.36", "right"),
        ("print(df(x))  # 1.6", "wrong number"),
    ),
    # An activation that no line names: the one that the model has.
    rule(
        "g is the activation of its layer",
        "X = [[0.5, -0.2], [0.1, 0.4]]\nW1 = [[0.1, 0.2], [0.3, -0.4]]\nW2 = [[0.5, -0.6]]\nY = [[1, 0]]",
        ("Z1 = W1 X",),
        ("A1 = tanh(Z1)",),
        ("Z2 = W2 A1",),
        ("A2 = sigmoid(Z2)",),
        ("J = -1/2 sum(Y*log(A2) + (1-Y)*log(1-A2))",),
        ("dZ2 = A2 - Y", "right"),
        ("dZ1 = W2^T dZ2 * g'(Z1)", "right", "g is tanh of Z1"),
        ("dW1 = 1/2 dZ1 X^T", "right"),
    ),
    rule(
        "another activation in every layer",
        "x = 1.5, w = 0.4, v = -0.7, t = 1",
        ("z^{[1]} = w x",),
        ("a^{[1]} = relu(z^{[1]})",),
        ("z^{[2]} = v a^{[1]}",),
        ("a^{[2]} = σ(z^{[2]})",),
        ("E = 1/2 (a^{[2]} - t)^2",),
        ("∂E/∂z^{[2]} = (a^{[2]} - t) g^{[2]}'(z^{[2]})", "right"),
        ("∂E/∂w = (a^{[2]} - t) g^{[2]}'(z^{[2]}) v g^{[1]}'(z^{[1]}) x", "right"),
        ("∂E/∂w = (a^{[2]} - t) g^{[2]}'(z^{[2]}) v g^{[1]}(z^{[1]}) x", "wrong formula"),
    ),
    # A gradient by the only parameter; the derivative of a loss by itself; digits of what is exact.
    rule(
        "the gradient by the one parameter",
        "θ = [0.5, -0.3]\nη = 0.1",
        ("L = θ_1^2 + 3 θ_2^2 = 0.52",),
        ("g = ∇L = [2 θ_1, 6 θ_2] = [1.0, -1.8]", "right", "g is ∂L/∂θ"),
        ("∇L = [2 θ_1, 3 θ_2]", "wrong formula"),
        ("θ' = θ - η g = [0.4, -0.12]", "right"),
    ),
    rule(
        "a sweep that begins with 1",
        "a = 2.0\nb = -3.0\nc = 10.0\nf = -2.0",
        ("e = a*b",),
        ("d = e + c",),
        ("o = d*f",),
        ("o.grad = 1", "right"),
        ("d.grad = f * o.grad = -2.0", "right"),
        ("a.grad = b*d.grad = 6.0", "right"),
        ("b.grad = b*d.grad = 6.0", "wrong formula"),
    ),
    rule(
        "a fraction beside a whole number",
        "x = 1\nw = -0.666666666\ny = w x\nL = y",
        ("dL/dx = 1", "wrong number", "-0.666667"),
    ),
    # A row in the place of a column.
    rule(
        "a gradient as a row",
        "X = [[0.5, -0.2], [0.1, 0.4], [0.2, 0.3]]\nW = [[0.1], [0.2], [0.3]]\nY = [[1, 0]]",
        ("A = sigmoid(W^T X)",),
        ("J = -1/2 sum(Y*log(A) + (1-Y)*log(1-A))",),
        ("∂J/∂W = 1/2 (A - Y) X^T", "right", "as a row; W is 3×1"),
        ("∂J/∂W = 1/2 X (A - Y)^T", "right"),
    ),
    rule(
        "second derivatives",
        "f(x) = x^3\nx = 2",
        ("f'(x) = 3x^2 = 12", "right"),
        ("f''(x) = 6x = 12", "right"),
        ("f''(x) = 3x", "wrong formula"),
        ("∂²f/∂y² = 2", "not judged"),
    ),
    rule(
        "a gradient by two numbers",
        "x = 2\ny = 3",
        ("f = x^2 y + sin(y)",),
        ("∂f/∂x = 2xy = 12", "right"),
        ("∇f = [2xy, x^2 + cos(y)] = [12, 3.0100]", "right"),
        ("∇f = (2xy, x^2 - cos(y))", "wrong formula", "the sign of cos(y) is turned around"),
        ("∇²f = [[2y, 2x], [2x, -sin(y)]]", "right"),
        ("∇²f = [[2y, x], [x, -sin(y)]]", "wrong formula"),
    ),
    rule(
        "the gradient of a function of two numbers",
        "a = -1.2\nb = 1",
        ("f(a, b) = (1 - a)^2 + 100 (b - a^2)^2",),
        ("∇f(a, b) = (-215.6, -88)", "right"),
        ("∇f = (-2(1 - a) - 400 a (b - a^2), 100 (b - a^2))", "wrong formula"),
        ("∇²f = [[1200 a^2 - 400 b + 2, -400 a], [-400 a, 200]]", "right"),
    ),
    rule(
        "the gradient of a quadratic form, whose matrix is symmetric",
        "A = [[2, 0.5], [0.5, 1]]\nb = [1, -1]\nx = [0.3, 0.7]",
        ("f = 1/2 xᵀ A x - bᵀ x",),
        ("∇f = A x - b", "right", "as A is symmetric"),
        ("∇f(x) = Aᵀ x - b = [-0.05, 1.85]", "right", "as A is symmetric"),
        ("grad f = A x + b", "wrong formula", "the sign of b is turned around"),
        ("∇²f(x) = A", "right", "as A is symmetric"),
        ("∇²f = 2 A", "wrong formula", "the factor 2 is too much"),
        ("Hessian of f = A", "right", "as A is symmetric"),
        ("x_new = x - 0.1 ∇f(x) = [0.305, 0.515]", "right"),
    ),
    rule(
        "an inverse of a symmetric matrix",
        "x = [0.7, -0.2]\nm = [0.1, 0.4]\nS = [[2, 0.5], [0.5, 1]]",
        ("e = x - m",),
        ("K = S⁻¹",),
        ("l = 1/2 eᵀ K e + 1/2 ln det(S)",),
        ("∂l/∂m = -K e", "right", "as S is symmetric"),
        ("∂l/∂S = 1/2 (K - K e eᵀ K)", "right", "as S is symmetric"),
        ("∂l/∂S = 1/2 (K + K e eᵀ K)", "wrong formula"),
    ),
    rule(
        "a softmax of columns would leave the bias without influence",
        "X = [[0.5, 1.2], [-0.3, 0.7], [0.9, -1.1]]\nY = [[1, 0, 0], [0, 0, 1], [0, 1, 0]]\n"
        "W = [[0.2, -0.4, 0.1], [0.6, 0.3, -0.5]]\nb = [0.1, 0, -0.2]",
        ("P = softmax(X W + b)",),
        ("J = -1/3 sum(Y ⊙ ln P)",),
        ("∇_b J = 1/3 Σ_{i=1}^3 (Y_i - P_i)", "wrong formula", "the sign of"),
    ),
    rule(
        "a forward formula that does not give its own number, where another line says it",
        "X = [[1, 1], [1, 2], [1, 4]]\ny = [1, 2, 3]\nw = [0.2, 0.5]",
        ("J(w) = 1/(2·3) ||Xw - y||^2", "right"),
        ("r = Xw + y = [-0.3, -0.8, -0.8]", "wrong formula", "the sign of y is turned around"),
        ("J = 1/6 rᵀr = 0.2283", "right"),
        ("∇J(w) = 1/3 Xᵀ(Xw - y)", "right"),
    ),
    rule(
        "an upstream gradient with a name of its own",
        "z = [1, 2, 0]",
        ("p = softmax(z)",),
        ("upstream g = ∂L/∂p = [0.5, -1, 0.2]",),
        ("∂p/∂z = diag(p) - p pᵀ", "right"),
        ("∂L/∂z = p ⊙ (g - p·g)", "right"),
        ("∂L/∂z = p ⊙ (g + p·g)", "wrong formula", "the sign of p @ g is turned around"),
    ),
    rule(
        "a variance and its root; a count that is also the mean",
        "Batch norm, 3 samples, x = [1, 2, 6], γ = 1.5",
        ("μ = (1+2+6)/3 = 3", "right"),
        ("σ² = ((1-3)² + (2-3)² + (6-3)²)/3 = 4.6667", "right"),
        ("x̂ = (x - μ)/σ", "model"),
        ("y = γ x̂", "model"),
        ("∂L/∂y = [0.1, -0.2, 0.3]",),
        ("∂L/∂x̂ = γ ∂L/∂y", "right"),
        ("∂L/∂x = 1/σ (∂L/∂x̂ - mean(∂L/∂x̂) - x̂ mean(∂L/∂x̂ ⊙ x̂))", "right"),
        ("∂L/∂x = 1/σ (∂L/∂x̂ - mean(∂L/∂x̂))", "wrong formula"),
    ),
    rule(
        "a number with what it is compared with",
        "w = (0.5, -0.25)\nx = (1, 2)\nb = 0.1\ny = 1",
        ("s = w·x + b = 0.1 > 0", "right"),
        ("y s = 0.1000 < 1", "right"),
        ("y s = 0.2000 < 1", "wrong number"),
    ),
    rule(
        "a step along what a line computes is not one along a constant slope",
        "A = [[3, 1], [1, 2]]\nb = [1, 1]\nx0 = [1, -1]",
        ("f(x) = 1/2 x^T A x - b^T x",),
        ("∇f(x) = A x - b",),
        ("p = -A^{-1} ∇f(x0) = [-0.8, 1.4]", "right"),
        ("x1 = x0 + p = [0.2, 0.4]", "right"),
        ("x1 = x0 - p = [1.8, -2.4]", "wrong formula"),
    ),
    rule(
        "a mean that is zero, beside the digits of π",
        "x = 1\nμ = 0",
        ("N = exp(-(x-μ)²/2)/√(2·3.14159265) = 0.2420", "right"),
        ("L = -ln N",),
        ("∂L/∂μ = -(x - μ)", "right"),
        ("∂L/∂μ = -(x + μ)", "right by coincidence", "the sign of μ is turned around"),
    ),
    rule(
        "a matrix times a column, as Octave writes it",
        "x = [1; 0.5];\nW = [0.1 -0.3; 0.2 0.4];\nt = [0; 1];",
        ("z = W*x;",),
        ("a = tanh(z);",),
        ("E = 0.5*sum((a - t).^2)",),
        ("delta = (a - t).*(1 + a.^2)", "wrong formula", "the sign of a^2 is turned around"),
        ("dW = delta*x'", "right"),
        ("dx = W'*delta", "right"),
    ),
    rule(
        "errors of a sheet without a loss, one of them called e",
        "x = 1\nyd = 1\nw = 0.5\nv = -1.2\nη = 0.1",
        ("y = sigmoid(w x) = 1/(1 + e^{-(0.5)}) = 0.6225", "right"),
        ("z = sigmoid(v y) = 0.3215", "right"),
        ("e = yd - z = 0.6785", "right"),
        ("δ2 = z (1 - z) e = 0.1480", "right"),
        ("δ1 = y (1 - y) δ2 v = -0.0417", "right"),
        ("Δv = η y δ2 = 0.0092", "right"),
        ("Δw = η x δ1 = -0.0042", "right"),
        ("Δv = η z δ2", "wrong formula"),
    ),
    rule(
        "a number in a step that is not the one of its name",
        "y = 0.426\nw = -1.2\nd = 0.125",
        (
            "q = y (1 - y) × d × w = 0.456 × (1 - 0.426) × 0.125 × (-1.2) = -0.037",
            "wrong number",
            "0.456 stands for y",
        ),
        ("r = y (1 - y) × d × w = 0.426 × (1 - 0.426) × 0.125 × (-1.2) = -0.037", "right"),
    ),
    rule(
        "values in comments below assignments",
        "import numpy as np\nx = np.array([1.0, 0.5])\nw = np.array([0.4, -0.2])",
        ("z = w @ x", "right"),
        ("# z = 0.3",),
        ("L = 0.5 * (np.tanh(z) - 1)**2",),
        ("dz = (np.tanh(z) - 1) * (1 - np.tanh(z)**2)", "wrong number"),
        ("# dz = -0.6186",),
        ("dw = dz * x", "right"),
        ("# x is given",),
    ),
    rule(
        "a sentence before the first name; a number of a line with a name that no line has",
        "Two neurons in a chain. Input x1 = 1, x2 = 0, w1 = 0.3, w2 = 0.5.\nw3 = -0.2, θ1 = 0.1\n"
        "θ2 = -0.4, η = 0.2",
        ("a = sigmoid(x1 w1 + x2 w2 - θ1) = sigmoid(0.2) = 0.5498", "right"),
        ("y = sigmoid(a w3 - θ2) = 0.5720", "right"),
        ("error e = 1 - y = 0.4280", "right"),
        ("δ_y = y (1 - y) e = 0.1048", "right"),
        ("Δw3 = η · a · δ_y = 0.0115", "right"),
        ("Δw3 = η · y · δ_y = 0.0120", "wrong formula"),
    ),
    rule(
        "a matrix below its name, between brackets; an array with a remark",
        "x = (1, 2)ᵀ   (2 entries)\nW =\n( 0.1  0.2)\n(-0.3  0.4)\n( 0.5 -0.6)",
        ("z = Wx = [0.5, 0.5, -0.7]", "right"),
        ("z = Wx = [0.5, 0.4, -0.7]", "wrong number"),
    ),
    rule(
        "a value that is left out makes no chain with the line below",
        "x = 2\nw = 0.5",
        ("z = w x =", "unreadable"),
        ("L = (z - 1)^2", "unknown name"),
        ("dL/dw = 2 (z - 1) x", "undecided"),
    ),
    rule(
        "values in comments below, as Octave users note them",
        "x = [1; 0.5];\nW = [0.1 -0.3; 0.2 0.4];",
        ("z = W*x;",),
        ("% z = [-0.05; 0.4]", "right"),
        ("a = tanh(z);",),
        ("% a = [-0.0500; 0.3900]", "wrong number"),
    ),
    rule(
        "a gradient as a row, subtracted from a column",
        "X = [[0.5, -0.2], [0.1, 0.4], [0.2, 0.3]]\nW = [[0.1], [0.2]]\nY = [[1], [0], [2]]",
        ("A = X W",),
        ("J = 1/6 sum((A - Y)^2)",),
        ("dW = (A - Y)^T X / 3", "wrong formula", "W of line 7 is 2×1: transpose it"),
        ("W := W - 0.1 dW", "right"),
    ),
    rule(
        "a gradient as a row, transposed in its update",
        "X = [[0.5, -0.2], [0.1, 0.4], [0.2, 0.3]]\nW = [[0.1], [0.2]]\nY = [[1], [0], [2]]",
        ("A = X W",),
        ("J = 1/6 sum((A - Y)^2)",),
        ("dW = (A - Y)^T X / 3", "right", "as a row"),
        ("W := W - 0.1 dW^T", "right"),
    ),
    # What is said again of what is wrong; a Jacobian with its numerator in the columns.
    rule(
        "the number of a wrong slope, said later",
        "x = 2, w = 0.4, t = 1",
        ("f(z) = 1/(1+e^-z)",),
        ("f'(z) = f(z) (1 + f(z))", "wrong formula"),
        ("z = w x = 0.8", "right"),
        ("f'(z) = 1.1661", "wrong number", 3),
    ),
    rule(
        "Jacobians in columns",
        "x = [0.5, -1]\nW = [[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]]",
        ("z = W x",),
        ("a = tanh(z)",),
        ("∂z/∂x = W^T", "right"),
        ("∂a/∂x = W^T diag(1 - a^2)", "right"),
        ("∂a/∂x = W^T diag(1 - a)", "wrong formula", "a square is missing"),
    ),
    # A gradient and more beside it; a moment for what is made of it; a colon behind a number.
    rule(
        "a gradient with a decay",
        "x = 2\nt = 1\nλ = 0.1\nη = 0.1\nw_0 = 0.5",
        ("y_0 = w_0 x",),
        ("L_0 = 1/2 (y_0 - t)^2",),
        ("g_0 = dL_0/dw_0 + λ w_0 = 0.05", "right"),
        ("w_1 = w_0 - η g_0 = 0.495", "right"),
    ),
    rule(
        "a first update of a name without an index",
        "x = 2\nt = 1\nη = 0.1\nw = 0.4",
        ("y = w x",),
        ("L = 1/2 (y - t)^2",),
        ("g_1 = (y - t) x = -0.4", "right"),
        ("w_1 = w - η g_1 = 0.44", "right"),
    ),
    rule(
        "Adam without its correction in the second step",
        "t = 1\nw_0 = 0.5\nη = 0.1\nm_0 = 0\nv_0 = 0",
        ("L_0 = 1/2 (w_0 - t)^2",),
        ("g_1 = w_0 - t = -0.5", "right"),
        ("m_1 = 0.9 m_0 + 0.1 g_1 = -0.05", "right"),
        ("v_1 = 0.999 v_0 + 0.001 g_1^2 = 0.00025", "right"),
        ("m̂_1 = m_1/(1 - 0.9^1) = -0.5", "right"),
        ("v̂_1 = v_1/(1 - 0.999^1) = 0.25", "right"),
        ("w_1 = w_0 - η m̂_1/sqrt(v̂_1) = 0.6", "right"),
        ("g_2 = w_1 - t = -0.4", "right"),
        ("m_2 = 0.9 m_1 + 0.1 g_2 = -0.085", "right"),
        ("v_2 = 0.999 v_1 + 0.001 g_2^2 = 0.00040975", "right"),
        ("m̂_2 = m_2/(1 - 0.9^2) = -0.4474", "right"),
        ("v̂_2 = v_2/(1 - 0.999^2) = 0.2050", "right"),
        ("w_2 = w_1 - η m_2/sqrt(v̂_2)", "wrong formula", "m̂_2, not m_2"),
    ),
    rule(
        "a sentence behind a number",
        "Take w = 0.4, t = 1 and η = 0.5: now two steps follow.",
        ("L = 1/2 (w - t)^2 = 0.18", "right"),
        ("w' = w - η (w - t) = 0.7", "right"),
    ),
    rule(
        "a derivative at a point, which is another",
        "t = 1\nw = 0.5",
        ("L = 1/2 (w - t)^2",),
        ("dL/dw|_{w=0.5} = w - t = -0.5", "right"),
        ("dL/dw|_{w=0.7} = w - t", "not read", "a derivative at w = 0.7"),
    ),
    # A gradient that is data; a marked name that is no update; whole numbers of the pass before.
    rule(
        "a gradient from outside, as part of the loss",
        "x = [1, -2]\nγ = 1.5\ndout = [0.3, -0.4]",
        ("out = γ x",),
        ("L = sum(out * dout)",),
        ("dγ = sum(dout * x) = 1.1", "right"),
        ("dx = dout", "wrong formula"),
    ),
    rule(
        "a new state that is no update",
        "z = 0.3, n = 0.5, h = -0.2, t = 0.1",
        ("h_new = (1 - z) n + z h = 0.29", "right"),
        ("L = (h_new - t)^2 = 0.0361", "right"),
        ("∂L/∂h_new = 2 (h_new - t) = 0.38", "right"),
        ("∂L/∂z = ∂L/∂h_new (n - h)", "wrong formula"),
    ),
    rule(
        "numbers of the pass before, without decimals",
        "x = 2\ny = 3\nw = 0\nb = 0\nη = 0.05",
        ("p = w x + b = 0", "right"),
        ("L = (p - y)^2 = 9", "right"),
        ("∂L/∂w = 2 (p - y) x = -12", "right"),
        ("w = w - η ∂L/∂w = 0.6", "right"),
        ("p = w x + b = 1.2", "right"),
        ("L = (p - y)^2 = 9", "wrong number", "of the pass before"),
        ("∂L/∂w = 2 (p - y) x = -12", "wrong number", "the number of line 8, of the pass before"),
    ),
    rule(
        "a moment divided by one less the other beta",
        "w = 0.5, x = 2, t = 0.9, m0 = 0, v0 = 0, η = 0.1, β1 = 0.9, β2 = 0.999",
        ("L = 1/2 (w x - t)^2 = 0.005", "right"),
        ("g = dL/dw = (w x - t) x = 0.2", "right"),
        ("m1 = β1 m0 + (1 - β1) g = 0.02", "right"),
        ("v1 = β2 v0 + (1 - β2) g^2 = 0.00004", "right"),
        ("m̂ = m1/(1 - β2) = 20", "wrong formula", "β1, not β2"),
        ("v̂ = v1/(1 - β2) = 0.04", "right"),
        ("w1 = w - η m̂/sqrt(v̂)",),
    ),
    # Formulas for every layer; a maximum; Euler's number beside an error that is computed with it.
    rule(
        "formulas for every layer",
        "a^{(0)} = [1, 0.5]\nW^{(1)} = [[0.2, -0.1], [0.4, 0.3]]\nW^{(2)} = [[0.3, -0.8]]\nt = 1",
        ("z^{(l)} = W^{(l)} a^{(l-1)}",),
        ("a^{(l)} = σ(z^{(l)})",),
        ("C = 1/2 (a^{(2)} - t)^2",),
        ("δ^{(2)} = (a^{(2)} - t) σ'(z^{(2)})", "right"),
        ("δ^{(l)} = (W^{(l+1)})^T δ^{(l+1)} ⊙ σ'(z^{(l)})", "right"),
        ("∂C/∂W^{(l)} = δ^{(l)} (a^{(l-1)})^T", "right"),
        ("∂C/∂W^{(l)} = δ^{(l)} (a^{(l)})^T", "wrong formula"),
    ),
    rule(
        "one mistake in a formula for each index",
        "x_1 = 0.5, x_2 = -1, u_1 = 0.3, u_2 = -0.7, t = 0.6",
        ("z_j = u_j x_j",),
        ("y = Σ_j tanh(z_j)",),
        ("L = 1/2 (y - t)^2",),
        ("∂L/∂u_j = (y - t) x_j", "wrong formula", "the slope of tanh is missing"),
    ),
    rule(
        "a step up to a maximum, which is spoken of",
        "# gradient ascent\nMaximize J by gradient ascent with w = 0.5 and η = 0.1.",
        ("J = -(w - 2)^2 = -2.25", "right"),
        ("dJ/dw = -2 (w - 2) = 3", "right"),
        ("w' = w + η dJ/dw = 0.8", "right"),
    ),
    rule(
        "a step up to a maximum, which is not spoken of",
        "w = 0.5\nη = 0.1",
        ("J = -(w - 2)^2 = -2.25", "right"),
        ("w' = w + η dJ/dw = 0.8", "wrong formula"),
    ),
    rule(
        "Euler beside an error that is computed with it",
        "w = 1.5, x = 2, t = 1",
        ("z = w x = 3",),
        ("y = ln(1 + e^z) = 3.0486", "right"),
        ("e = y - t = 2.0486", "right"),
        ("L = e^2/2 = 2.0984", "right"),
        ("dy/dz = 1/(1 + e^(-z)) = 0.9526", "right"),
        ("dL/dw = e dy/dz x = 3.9029", "right"),
    ),
    rule(
        "a gradient with the wrong sign in its own line",
        "X = [[0.5, -1], [1, 2]]\ny = [1, 0]\nw = [0.2, -0.3]\nη = 0.1",
        ("h = σ(X w)",),
        ("J = -1/2 sum(y*ln(h) + (1 - y)*ln(1 - h))",),
        ("grad = 1/2 X^T (y - h)", "wrong formula"),
        ("w := w - η grad", "right"),
    ),
    rule(
        "about equal to a product, in words",
        "Factors R ≈ U V^T\nU = [[0.5], [1]]\nV = [[0.2], [0.4]]\nR = [[0.1, 0.3], [0.2, 0.5]]",
        ("E = U V^T - R = [[0.0, -0.1], [0.0, -0.1]]", "right"),
        ("L = 1/2 ‖E‖²",),
        ("∂L/∂V = E^T U", "right"),
    ),
    # A derivative by what is transposed; a column of ones.
    rule(
        "derivatives by what is transposed",
        "x = [0.5, -1]\nW = [[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]]",
        ("z = W x",),
        ("a = tanh(z)",),
        ("L = 1/2 sum(a^2)",),
        ("∂z/∂xᵀ = W", "right"),
        ("∂a/∂xᵀ = diag(1 - a^2) W", "right"),
        ("∂L/∂xᵀ = aᵀ diag(1 - a^2) W", "right"),
        ("∂L/∂Wᵀ = x (a ⊙ (1 - a^2))ᵀ", "right"),
        ("∂L/∂Wᵀ = (a ⊙ (1 - a^2)) xᵀ", "wrong formula"),
    ),
    rule(
        "a transposed derivative in a product",
        "Q = [[0.1, 0.2], [0.3, -0.1]]\nK = [[0.4, -0.2], [0.5, 0.3]]\nT = [[1, 0], [0.5, 0.2]]",
        ("S = Q Kᵀ",),
        ("L = 1/2 ‖S - T‖²",),
        ("∂L/∂K = ∂L/∂Sᵀ Q", "right"),
        ("∂L/∂K = ∂L/∂S Q", "wrong formula"),
        ("∂L/∂Q = ∂L/∂Sᵀ K", "wrong formula"),
    ),
    rule(
        "sums by a column of ones",
        "X = [[0.1, 0.2, 0.4], [0.3, -0.1, 0.5]]\nb = [[0.1], [0.2]]\nY = [[1, 0, 1], [0, 1, 1]]",
        ("Z = X + b 1ᵀ",),
        ("L = 1/2 ‖Z - Y‖²",),
        ("∂L/∂b = (Z - Y) 1", "right"),
        ("∂L/∂b = 1ᵀ (Z - Y)", "wrong formula", "the sum goes over the columns"),
    ),
    rule(
        "the sum of everything, in code",
        "X = np.array([[0.5, -0.2], [0.1, 0.4]])\nW = np.array([[0.1, 0.3]])\nb = np.array([[0.2], [0.1]])",
        ("Z = X * W + b",),
        ("L = np.sum(Z ** 2) / 2",),
        ("db = np.sum(Z, axis=1, keepdims=True)", "right"),
        ("db = np.sum(Z)", "wrong formula"),
    ),
    rule(
        "a gradient that is but printed, beside what it is by",
        "x = 0.5\nw = 0.4\nv = -0.7\nt = 0.2",
        ("h = σ(w x) = 0.5498",),
        ("L = 1/2 (v h - t)^2 = 0.1711",),
        ("dh = 0.4094", "right"),
        ("dz = dh·(h·(1 - h)) = 0.1013", "right"),
        ("dw = dz·x", "right"),
    ),
    # Vectors in front of a matrix are rows.
    rule(
        "a transposed row is a column",
        "x = [1, 2, 1]\nW = [[0.1, 0.2, 0.3], [0.4, -0.1, 0.2], [1, 0, 0]]\nt = [1, 0, 0]",
        ("z = x W = [1.9, 0, 0.7]", "right"),
        ("L = 1/2 sum((z - t)^2) = 0.65", "right"),
        ("dz = z - t = [0.9, 0, 0.7]", "right"),
        ("dW = xᵀ dz = [[0.9, 0, 0.7], [1.8, 0, 1.4], [0.9, 0, 0.7]]", "right"),
        ("dW = xᵀ dz", "right"),
        ("dW = dzᵀ x", "wrong formula"),
        ("dW = x dz", "wrong formula"),
        ("dx = dz Wᵀ", "right"),
        ("dx = W dzᵀ", "right"),
        ("dx = Wᵀ dzᵀ", "wrong formula"),
    ),
    rule(
        "a transposed column is a row",
        "x = [1, 2, 1]\nW = [[0.1, 0.2, 0.3], [0.4, -0.1, 0.2], [1, 0, 0]]\nt = [1, 0, 0]",
        ("z = W x",),
        ("L = 1/2 sum((z - t)^2)",),
        ("dz = z - t", "right"),
        ("dW = dz xᵀ", "right"),
        ("dW = xᵀ dz", "wrong formula"),
    ),
    # Words within a claim.
    rule(
        "a remark in brackets between a formula and its number",
        "S = [[1, 2], [3, 5]]",
        ("A = softmax(S) (row-wise) = [[0.2689, 0.7311], [0.1192, 0.8808]]", "right"),
        ("B = softmax(S) (over each row) = [[0.2689, 0.7311], [0.1192, 0.8808]]", "right"),
        ("C = softmax(S) (per row) = [[0.2689, 0.7311], [0.1912, 0.8088]]", "wrong number"),
        ("D = A (slope) = [[0.2689, 0.7311], [0.1192, 0.8808]]", "undecided"),
    ),
    rule(
        "the axis of a softmax beside the loss",
        "S = [[1, 2], [3, 5]]",
        ("A = softmax(S) = [[0.2689, 0.7311], [0.1192, 0.8808]]", "right"),
        ("B = softmax(S) = [[0.1192, 0.0474], [0.8808, 0.9526]]", "right"),
        ("D = softmax(S) = [[0.1192, 0.0474], [0.8808, 0.9562]]", "wrong number"),
        ("L = mean(S) = 2.75", "right"),
    ),
    rule(
        "numbers without a sign of equality among the givens",
        "x = 0.5; w = 0.8; target 0.3\nlr α = 0.1, b = 0.2, learning rate 0.1",
        ("y = w x + b = 0.6", "right"),
        ("L = 1/2 (y - 0.3)^2 = 0.045", "right"),
        ("w_new = w - α (y - 0.3) x = 0.785", "right"),
        ("b_new = b - α (y - 0.3) = 0.23", "wrong number"),
    ),
    rule(
        "a function in the heading of a column",
        "w = 0.5, b = -1\n| x | z = wx+b | p = σ(z) | a = p (1 - p) |\n|---|---|---|---|",
        ("| 1 | -0.5 | 0.3775 | 0.2350 |", "right"),
        ("| 2 | 0.0 | 0.5000 | 0.2500 |",),
        status=0,
    ),
    # Names of several quantities; numbers of what could not be read.
    rule(
        "entries of x without a low line",
        "x = [1, 2, -1, 3], k = [0.5, -1]",
        ("y1 = k1 x1 + k2 x2 = -1.5", "right"),
        ("y2 = k1 x2 + k2 x3 = 2", "right"),
        ("y3 = k1 x3 + k2 x4 = -3.5", "right"),
        ("L = 0.1 y1 - 0.2 y2 + 0.3 y3 = -1.6", "right"),
        ("dL/dk1 = 0.1 x1 - 0.2 x2 + 0.3 x3 = -0.6", "right"),
        ("dL/dk2 = 0.1 x2 - 0.2 x3 + 0.3 x3 = 0.1", "wrong formula"),
    ),
    rule(
        "net and out of each neuron",
        "Hidden neuron 1: net = 0.5*1 - 0.3*2 = -0.1000, out = 0.4750",
        ("Hidden neuron 2: net = 0.1*1 + 0.4*2 = 0.9000, out = 0.7109",),
        ("Output neuron: net = 0.7*0.4750 - 0.2*0.7109 = 0.1903, out = 0.5474", "right"),
        ("Output neuron 2: net = 0.7*0.4750 - 0.2*0.7109 = 0.1930", "wrong number"),
    ),
    rule(
        "the root of a variance, in a number alone",
        "x = [1, 3, 8]\nμ = mean(x) = 4",
        ("σ² = mean((x - μ)²) = 8.6667", "right"),
        ("σ = 2.9439", "right"),
        ("x̂ = (x - μ)/σ = [-1.0190, -0.3397, 1.3587]", "right"),
        ("y = 2 σ = 5.8788", "wrong number"),
    ),
    rule(
        "numbers of what could not be read may be rounded",
        "p_i = e^{z_i}/Σ_j e^{u_j + v_k}",
        ("p = (0.3236, 0.2397, 0.4368)",),
        ("L = -log p_3 = 0.8284", "undecided"),
        ("∂L/∂p_3 = 1/p_3", "wrong formula"),
    ),
    rule(
        "a point behind a function, words behind a definition",
        "Let w = (0.2, -0.1, 0.5) and the true class be 3.\nf(x) = (3x + 1)^2 at x = 2",
        ("df/dx = 2 (3x + 1) = 42", "wrong formula"),
        ("df/dx = 6 (3x + 1) = 42", "right"),
        ("s = sum(w) = 0.6", "right"),
    ),
    rule(
        "what has no finite value proves nothing",
        "z = 0.7",
        ("s = ln(1 - e^z) = 1.1032", "not read"),
        ("q = z/s = 0.6345", "undecided"),
        ("ds/dz = e^z/(1 + e^z) = 0.6682", "undecided"),
    ),
    # Deltas without a loss; values of several samples.
    rule(
        "deltas whose error has no name, without a loss",
        "x1 = 1, x2 = 0, T = 1, α = 0.4, w1 = 0.5, w2 = 0.1, θ_h = -0.2, v1 = 1.2, θ_o = -0.3",
        ("h = 1/(1+exp(-(w1 x1 + w2 x2 + θ_h))) = 0.5744", "right"),
        ("y = 1/(1+exp(-(v1 h + θ_o))) = 0.5961", "right"),
        ("δ_o = y (1 - y)(T - y) = 0.0972", "right"),
        ("δ_h = h (1 - h) v1 δ_o = 0.0285", "right"),
        ("Δv1 = α δ_o h = 0.0223", "right"),
        ("Δθ_o = α δ_o", "right"),
        ("Δw1 = α δ_h x2", "wrong formula"),
        ("Δw2 = -α δ_h x1", "wrong formula"),
        ("v1(new) = v1 + Δv1 = 1.2223", "right"),
    ),
    rule(
        "a wrong slope in deltas without a loss",
        "x = 1, T = 1, w = 0.5, v = 1.2",
        ("h = σ(w x) = 0.6225",),
        ("y = σ(v h) = 0.6785",),
        ("δ_o = y (1 - y)(T - y) = 0.0701", "right"),
        ("δ_h = h (1 + h) v δ_o", "undecided"),
    ),
    rule(
        "one line for each example",
        "Linear neuron, two examples: (x, t) = (1, 1) and (2, 3); w = 0.5",
        ("Example 1: y = 0.5*1 = 0.5, error = 0.5 - 1 = -0.5, gradient = 2*(-0.5)*1 = -1", "right"),
        ("Example 2: y = 0.5*2 = 1.0, error = 1.0 - 3 = -2.0, gradient = 2*(-2.0)*2 = -8", "right"),
        ("Example 3: y = 0.5*3 = 1.6", "wrong number"),
        ("Average gradient = (-1 - 8)/2 = -4.5", "right"),
    ),
    # Gradients ahead of where the weights are.
    rule(
        "Nesterov's gradient is taken ahead",
        NESTEROV,
        ("g2 = 2 (w1 + μ v1) = 1.24", "right"),
        ("v2 = μ v1 - η g2 = -0.304", "right"),
        ("w2 = w1 + v2 = 0.496", "right"),
        status=0,
    ),
    rule(
        "and not behind",
        NESTEROV,
        ("g2 = 2 (w1 - μ v1) = 1.96", "wrong formula"),
        ("v2 = μ v1 - η g2 = -0.376", "wrong number", 5),
    ),
    rule(
        "nor with an old velocity",
        NESTEROV,
        ("g2 = 2 (w1 + μ v0) = 1.24", "wrong formula"),
        ("v2 = μ v1 - η g2 = -0.304", "right"),
    ),
    rule(
        "givens in a sentence, and a fourth power beside a variance",
        "Naive softmax loss (by hand). v_c = 0.3, σ² = 1.5\n"
        "Minimise f(x) = x² - 4x + 5, start at x0 = 0 with rate α = 0.25.",
        ("f'(x) = 2x - 4", "right"),
        ("x1 = x0 - α f'(x0) = 0 - 0.25·(-4) = 1", "right"),
        ("x2 = x1 - α f'(x1) = 1 - 0.25·(-2) = 1.6", "wrong number"),
        ("a = v_c/(2σ⁴) = 0.0667", "right"),
    ),
]
