"""What people write for short: macros, tables of samples, the entry of a label, headings of passes."""

from functools import cache

import pytest

import neuronnet

MACROS = r"""\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}
\newcommand{\loss}{\mathcal{L}}\def\tg#1{t}
\begin{align}
x &= 2,\quad t = 1,\quad w = 0.3 \\
y &= w x \\
\loss &= \frac12 (y - \tg{0})^2 \\
\pd{\loss}{y} &= y - t = -0.4 \\
\pd{\loss}{w} &= \pd{\loss}{y} x = -0.8
\end{align}"""
ROWS = """w = 0.5, b = 0.1

| x | y | ŷ = wx + b |
|---|---|---|
| 1 | 2 | 0.6 |
| 2 | 3 | 1.1 |
| 3 | 5 | 1.6 |

L = 1/3 sum((ŷ - y)^2) = 5.71
dL/dw = 2/3 sum((ŷ - y) x) = -10.27"""
PICKED = """import numpy as np
X = np.array([[1.0, 2.0], [0.5, -1.0], [0.3, 0.8]])
y = np.array([0, 2, 1])
W = np.array([[0.1, 0.2, -0.3], [0.4, -0.5, 0.6]])
e = np.exp(X @ W)
probs = e / np.sum(e, axis=1, keepdims=True)
loss = -np.sum(np.log(probs[range(3), y])) / 3
dscores = probs.copy()
dscores[np.arange(len(y)), y] -= 1
dscores /= 3
dW = X.T @ dscores
"""
OCTAVE = """X = [1 0.5 1.2; 1 -0.7 0.3; 1 2 -1; 1 0.1 0.4]
y = [1; 0; 0; 1], theta = [0.1; -0.2; 0.4], alpha = 0.5, m = 4
h = sigmoid(X * theta);
J = -(1/m) * sum(y .* log(h) + (1 - y) .* log(1 - h));
grad = X' * (h - y);
theta = theta - alpha/m * grad;"""
HEADED = """x = 2, t = 3, lr = 0.1, w = 0.5
y = w x
L = (y - t)^2
Epoch 1
y = 1
dL/dw = 2 (y - t) x = -8
w = 1.3
Epoch 2
y = 1.3 * 2 = 2.6
dL/dw = 2 (2.6 - 3) 2 = -1.6
w = 1.46"""
PRIMED = """x = 2, t = 3, lr = 0.1, w = 0.5
y = w x
L = (y - t)^2
dL/dw = 2 (y - t) x
w' = w - lr dL/dw
y' = w' x
L' = (y' - t)^2
dL'/dw' = 2 (y' - t) x
w'' = w' - lr dL'/dw'"""
OTHER_NAME = """x = 1, t = 0, eta = 0.15, w = 0.6
z = w x = 0.6
E1 = (t - z)^2/2 = 0.18
L = E1 = 0.18
dL/dw = (z - t) x = 0.6
w' = w - eta dL/dw = 0.51
z' = w' x = 0.51
E1' = (t - z')^2/2 = 0.13005
L' = E1' = 0.13005"""
NUMBERED = """x[1] = 2, x[2] = 3, t[1] = 1, t[2] = 2, w = 0.5, eta = 0.1
y[1] = w x[1] = 1
y[2] = w x[2] = 1.5
E[1] = (y[1] - t[1])^2/2 = 0
E[2] = (y[2] - t[2])^2/2 = 0.125
E = (E[1] + E[2])/2 = 0.0625
dE[2]/dw = (y[2] - t[2]) x[2] = -1.5
dE/dw = (dE[1]/dw + dE[2]/dw)/2 = -0.75
w' = w - eta dE/dw = 0.575"""

GENERAL = """x1 = 1, t1 = 2
x2 = 3, t2 = 5
w = 0.5
y = w x
E = (y - t)^2
y1 = 0.5
y2 = 1.5
E1 = 2.25
E2 = 12.25
E = E1 + E2 = 14.5
dE/dw = 2 (y1 - t1) x1 + 2 (y2 - t2) x2"""

BY_ENTRY = """w = [0.1, 0.2]
x = [1, 2]
t = 1, eta = 0.1
y = w·x = 0.5
L = (y - t)^2 = 0.25
dL/dw_1 = 2 (y - t) x_1 = -1
dL/dw_2 = 2 (y - t) x_2 = -2
w_1_new = w_1 - eta dL/dw_1 = 0.2
w_2_new = w_2 - eta dL/dw_2 = 0.4"""
BY_ENTRY_IN_CODE = """W = np.array([[0.1, 0.2], [0.3, 0.4]])
x = np.array([1, 2])
t = np.array([1, 0])
y = W @ x
L = 0.5*np.sum((y - t)**2)
dy = y - t
dW = np.outer(dy, x)  # [[-0.5, -1], [1.1, 2.2]]
W[0, 1] -= 0.1*dW[0, 1]  # 0.3
W[1][0] -= 0.1*dW[1][0]  # 0.19"""
ASCENT = """Gradient ascent on the reward
z = [0.5, -0.2, 0.1]
p = softmax(z) = [0.4615, 0.2292, 0.3093]
J = 2 log p_0 = -1.5466
dJ/dz_0 = 2 (1 - p_0) = 1.0770
dJ/dz_1 = -2 p_1 = -0.4583
z_0 := 0.5 + 0.1 * 1.0770 = 0.6077
z_1 := -0.2 + 0.1 * (-0.4583) = -0.24583"""
LENGTHS = """u = [1, 2]
v = [2, 0.5]
|u| = sqrt(5) = 2.2361
|v| = sqrt(4.25) = 2.0616
s = u·v/(|u||v|) = 0.6508
ds/du1 = v1/(|u||v|) - s u1/|u|^2 = 0.3037"""
DISTANCES = """a = [1.0, 0.5], p = [0.8, 0.9], n = [0.2, -0.3], m = 2
dp = ||a - p||^2 = 0.2
dn = ||a - n||^2 = 1.28
L = max(0, dp - dn + m) = 0.92
dL/da = 2(n - p) = [-1.2, -2.4]
dL/dp = -2(a - p) = [-0.4, 0.8]"""
WHOLE = """mu = 0.3
log σ² = -0.4
KL = -1/2 (1 + log σ² - mu^2 - exp(log σ²)) = 0.0802
dKL/dmu = mu = 0.3
∂KL/∂(log σ²) = -1/2 (1 - exp(log σ²)) = -0.1648"""
CIRCLE = """mu = 0.5, sigma^2 = 0.25, y = 1
NLL = (y - mu)^2/(2 sigma^2) + 1/2 log(2 π sigma^2) = 0.725791
dNLL/dmu = -(y - mu)/sigma^2 = -2"""
NEWTON = """x = [1, 2, 3], y = [0, 0, 1]
w = 0.2
p_i = sigmoid(w x_i)
L = -sum_i (y_i log p_i + (1 - y_i) log(1 - p_i)) = 2.1486
g = sum_i (p_i - y_i) x_i = 0.6842
H = sum_i p_i (1 - p_i) x_i^2 = 3.2676
w_new = w - g/H = -0.0094"""

PERCEPTRON = """x = (0, 1.5, -0.5), d = -1
w = (0, 1, -1), eta = 0.1
net = w.x = 2
o = sgn(net) = 1
Δw = eta (d - o) x = (0, -0.3, 0.1)
w = w + Δw = (0, 0.7, -0.9)"""
COMPUTED_COLUMNS = """w = 0.5, b = 0.1

| i | x | y | ŷ = wx + b | ŷ - y | (ŷ - y)x |
|---|---|---|---|---|---|
| 1 | 1 | 2 | 0.6 | -1.4 | -1.4 |
| 2 | 2 | 3 | 1.1 | -1.9 | -3.8 |
| 3 | 3 | 5 | 1.6 | -3.4 | -10.2 |

MSE = 1/3 sum((ŷ - y)^2) = 5.71
dMSE/dw = 2/3 * (-1.4 - 3.8 - 10.2) = -10.27"""

SQUARED_COLUMN = """| x | t | y | error = y - t | error² |
|---|---|---|---|---|
| 1 | 2 | 0.5 | -1.5 | 2.25 |
| 2 | 3 | 1.0 | -2.0 | 4.00 |

SSE = sum(error²) = 6.25"""

IN_C = """double x = 0.5, t = 1.0, w = 0.3, b = 0.1, lr = 0.5;
double z = w*x + b;            /* 0.25 */
double a = 1.0/(1.0+exp(-z));  /* 0.562177 */
double loss = 0.5*(a-t)*(a-t); /* 0.095845 */
double da = a - t;
double dz = da*a*(1-a);        // -0.107763
w -= lr*dz*x;                  // 0.326941"""
ARROWS = """x = 2, w = 0.5, t = 3
y = w x = 1
L = (y - t)^2 = 4
dL/dw = 2 (y - t) x = -8
w -> 0.5 - 0.1*(-8) = 1.3"""
EACH_WEIGHT = """θ = [0.1, 0.2, -0.3], m = 2
x^(1) = [1, 2, 1], y^(1) = 1
x^(2) = [1, -1, 0.5], y^(2) = 0
h(x) = σ(θᵀx)
J = -1/m Σ_i [y^(i) ln h(x^(i)) + (1 - y^(i)) ln(1 - h(x^(i)))] = 0.5870
∂J/∂θ_j = 1/m Σ_i (h(x^(i)) - y^(i)) x_j^(i)
∂J/∂θ_0 = -0.0062"""

NEW_LOSS = """$$L = \\frac{1}{N}\\sum_{n=1}^{N} (y_n - w x_n)^2$$
with $N = 3$, $x = (1, 2, 3)$, $y = (2, 3, 5)$, $w = 1$:
$$L = \\frac{1}{3}(1^2 + 1^2 + 2^2) = 2$$
$$\\frac{dL}{dw} = -\\frac{2}{N}\\sum_n x_n (y_n - w x_n) = -\\frac{2}{3}(1 + 2 + 6) = -6$$
$$w \\leftarrow w - 0.05 \\cdot (-6) = 1.3$$
New loss: $L = \\frac13 (0.7^2 + 0.4^2 + 1.1^2) = 0.62$"""
OF_F = """x = 2, w = 0.3, b = -0.09, d = 1
s = w x + b = 0.51
y = f(s) = 1/(1+exp(-0.51)) = 0.6248
E = (d-y)²/2 = 0.0704
δ = (d-y)*y*(1-y) = 0.0880"""

IN_NUMBERS = """x = 1.5, target = 0.5, w1 = 0.2, w2 = -0.4, lr=0.1
h = tanh(0.2*1.5) = tanh(0.3) = 0.2913
y = -0.4*0.2913 = -0.1165
loss = (0.5 - (-0.1165))^2 = 0.3801
dloss/dy = 2*(y - target) = -1.2330
dloss/dh = -1.2330 * -0.4 = 0.4932
dh/dz = 1 - 0.2913^2 = 0.9151
dloss/dw1 = 0.4932 * 0.9151 * 1.5 = 0.6770
w1 -> 0.2 - 0.1*0.6770 = 0.1323"""
DISTANCES_IN_NUMBERS = DISTANCES.replace("||a - p||^2", "(1.0-0.8)^2 + (0.5-0.9)^2").replace(
    "||a - n||^2", "(1.0-0.2)^2 + (0.5+0.3)^2 = 0.64 + 0.64"
)
HALF = """w = 0.3, b = 0.2, x = 1, d = 1
s = w*x + b = 0.5
y = 1/(1+exp(-0.5)) = 0.6225
E = (d-y)²/2 = 0.0713
δ = (d-y)*y*(1-y) = 0.0887
w <- 0.3 + 0.1*0.0887*1 = 0.3089"""

OF_TWO = """f(x,y) = x^2 y + y^3
x = 1, y = 2
f(x, y) = 10
df/dx = 2xy = 4
df/dy = x^2 + 3y^2 = 13
eps = 0.001
f(x+eps, y) = 10.004002"""
SIDE_BY_SIDE = """x=0.5 h=0.2
Wz=0.7 Uz=-0.3 bz=0.1
z = sigmoid(Wz*x + Uz*h + bz) = sigmoid(0.39) = 0.5963
L = (z - 1)^2 = 0.1630
dL/dWz = 2*(z-1)*z*(1-z)*x = -0.0972"""

OF_SAMPLES = r"""x^{(1)} = (1, 2), x^{(2)} = (3, -1), t^{(1)} = 1, t^{(2)} = 0
w = (0.2, -0.1), b = 0.1
z^{(i)} = w^\top x^{(i)} + b
z^{(1)} = 0.1
p^{(1)} = \sigma(z^{(1)}) = 0.5250
p^{(2)} = \sigma(z^{(2)}) = 0.6900
L = -\frac12 \sum_i t^{(i)} \log p^{(i)} + (1 - t^{(i)}) \log (1 - p^{(i)}) = 0.9077
\nabla_w L = \frac12 \sum_i (p^{(i)} - t^{(i)}) x^{(i)} = (0.7975, -0.8200)"""
HUBER = """delta = 1
y = [2, 0.5, -1], t = [0, 0, 1]
e = y - t = [2, 0.5, -2]
L_i = 0.5 e_i^2 if |e_i| <= delta else delta(|e_i| - 0.5 delta)
L = 1.5 + 0.125 + 1.5 = 3.125"""
DIVERGENCE = """P = [0.5, 0.3, 0.2]
z = [1, 0, -1]
Q = softmax(z) = [0.6652, 0.2447, 0.0900]
KL(P||Q) = sum(P log(P/Q)) = 0.0780
dKL/dz = Q - P = [0.1652, -0.0553, -0.1100]"""
NEW_BY_NAME = """pi_old = 0.3, pi_new = 0.42, A = 1.5, epsilon = 0.2
r = pi_new/pi_old = 1.4
J = min(r A, (1 + epsilon) A) = 1.8
dJ/dr = 0"""

OF_TIME = """x = 1.0, w(0) = 0.3, b(0) = 0.1, d = 1, eta = 0.4
v(0) = w(0) x + b(0) = 0.4
y(0) = 1/(1+exp(-v(0))) = 0.5987
e(0) = d - y(0) = 0.4013
E(0) = 1/2 e(0)^2 = 0.0805
delta(0) = e(0) y(0) (1 - y(0)) = 0.0964
w(1) = w(0) + eta delta(0) x = 0.3386
b(1) = b(0) + eta delta(0) = 0.1386"""
IN_JAVA = """double x = 1.5, t = 1.0;
double w = 0.3, b = 0.1;
double z = w * x + b;
double a = 1.0 / (1.0 + Math.exp(-z));
double loss = 0.5 * Math.pow(a - t, 2);
double delta = (a - t) * a * (1.0 - a);
System.out.println(delta); // -0.0849
double dw = delta * x;"""
ANOTHER_NAME = r"""x = 2, w = 0.3, b = 0.1, y = 1
z^{[1]} = w x + b = 0.7
\hat{y} = a^{[1]} = \sigma(z^{[1]}) = 0.6682
h = tanh
s = h(z^{[1]}) = 0.6044
-log p(y) = -\log \hat{y} = 0.4032
L = -y \log a^{[1]} - (1 - y) \log(1 - a^{[1]}) = 0.4032
\frac{\partial L}{\partial z^{[1]}} = a^{[1]} - y = -0.3318"""
EXPONENTIALS = r"""z = [2.0, 1.0], y = [0, 1]
e^{z} = [7.3891, 2.7183]
p_1 = \frac{7.3891}{7.3891 + 2.7183} = 0.7311
p_2 = 1 - p_1 = 0.2689
L = -\log(e^{z_2}/(e^{z_1} + e^{z_2})) = 1.3133
\frac{\partial L}{\partial z} = p - y = [0.7311, -0.7311]"""
OF_VALUES = """a = Value(2.0); b = Value(-3.0); c = Value(10.0)
e = a*b
L = e + c
L.backward()
print(L.data)   # 4.0
print(a.grad)   # -3.0"""
IN_ROWS = """x = [1, -1]ᵀ, A = [[1, 2], [3, 4]]
y = A x = [-1, -1]ᵀ
f = yᵀ y = 2
∂f/∂y = 2 yᵀ = [-2, -2]
∂y/∂x = A
∂f/∂x = ∂f/∂y ∂y/∂x = [-8, -12]"""
SLOPED = """x = [-1, 2], w = [0.5, 1], a = 0.25
z = w ⊙ x
h = max(0, z) + a min(0, z) = [-0.125, 2]
L = sum(h)^2/2
dL/dw = sum(h) (1[z>0] + a 1[z<0]) ⊙ x = [-0.46875, 3.75]"""
IN_STEPS = """Heteroscedastic regression, s = log variance.
Let m = 1.2, s = 0.3 and y = 1.5.
Step 1 (forward). The loss is
L = 1/2 exp(-s) (y - m)^2 + 1/2 s = 0.1833.
Step 2 (backward). With a rate r = 0.1 the slopes are dL/dm = exp(-s) (m - y) = -0.2222 and
dL/ds = 1/2 - 1/2 exp(-s) (y - m)^2 = 0.4667."""
COLUMN_OF_PRODUCTS = """w = 0.5

| x | y | e = w x − y | e·x |
|---|---|---|---|
| 1 | 2 | -1.5 | -1.5 |
| 2 | 2 | -1 | -2 |

L = 1/2 Σ e² = 1.625
∂L/∂w = Σ e x = -3.5"""

OF_ANY_LOSS = """x = torch.tensor(2.0, requires_grad=True)
y = torch.tensor(3.0, requires_grad=True)
z = x * y + torch.sin(x)
z.backward()
print(x.grad)  # tensor(2.5839)"""
IN_A_PRODUCT = """W = [[1, 0.5], [0, 2]], x = [1, 1]
(a) Compute dL/dW.
y = Wx = [1.5, 2]
L = 1/2 yᵀ y = 3.125
dL/dW = y xᵀ = [[1.5, 1.5], [2, 2]]"""
IN_JULIA = """x = [1.0, 2.0]
W = [0.1 0.2; 0.3 -0.4]
h = max.(0, W * x)
loss = 0.5 * (sum(h) - 1.0)^2
dh = (sum(h) - 1.0) .* (h .> 0)
dW = dh * x'
println(dW)  # [-0.5 -1.0; 0.0 0.0]"""
IN_JAVASCRIPT = """const x = 0.5, target = 0.1;
let w = 0.4;
const a = Math.tanh(w * x);
const loss = 0.5 * (a - target) ** 2;
const dw = (a - target) * (1 - a * a) * x;
console.log(dw); // 0.046791"""

SHARED = """x1 = 1, x2 = 2, t = 0.5
Let w1 = w2 = 0.5 be the initial weights, b = c = 0.
y = w1 x1 + w2 x2 + b = 1.5
L = 1/2 (y - t)^2 + c = 0.5
dL/dw1 = (y - t) x1 = 1
dL/dw2 = (y - t) x2 = 2"""
IN_A_SENTENCE = """x1 = 1, x2 = 2. The target t is 0.5. Both weights w1 and w2 are 0.5.
The gradients of w1 and w2 are 1.0 and 2.0.
y = w1 x1 + w2 x2 = 1.5
L = 1/2 (y - t)^2 = 0.5
dL/dw2 = (y - t) x2 = 2"""
WITHOUT_RULE = """name | formula | value
x | | 2
w | | 0.5
y | w x | 1
L | 1/2 (y - 0.6)^2 | 0.08
dL/dw | (y - 0.6) x | 0.8"""
NEW_VALUES_WITHOUT_RULE = """x = 2, t = 1, eta = 0.1, w = 0.5, b = 0.1
y = w x + b
L = 1/2 (y - t)^2

| Parameter | Old value | Gradient | New value |
| w | 0.5 | 0.2 | 0.48 |
| b | 0.1 | 0.1 | 0.09 |"""
ONE_BEHIND_THE_OTHER = """h_{t-1} = [0.1, -0.2], x_t = 0.5
W = [[0.1, 0.2, 0.3], [0.4, -0.5, 0.6]]
f_t = sigmoid(W [h_{t-1}; x_t])
L = sum(f_t²)
dz = 2 f_t ⊙ f_t ⊙ (1 - f_t)
∂L/∂W = dz [h_{t-1}; x_t]ᵀ
∂L/∂x_t = [0.3, 0.6]·dz"""
EACH_STEP = """f(w) = (w - 3)^2
w^(0) = 1, eta = 0.1
w^(k+1) = w^(k) - eta f'(w^(k))
w^(1) = 1.4
w^(2) = 1.72"""


@cache  # a text is judged once for all its rows
def status(text):
    """The exit status of a check of a text."""
    return neuronnet.check_sheet(text).status


@pytest.mark.parametrize(
    "text, right, wrong",
    [
        (MACROS, r"\pd{\loss}{y} x = -0.8", r"\pd{\loss}{y} t = -0.4"),
        (ROWS, "| 3 | 5 | 1.6 |", "| 3 | 5 | 1.7 |"),
        (ROWS, "sum((ŷ - y) x) = -10.27", "sum(ŷ - y) = -4.4667"),
        (PICKED, "X.T @ dscores", "X @ dscores.T"),
        (PICKED, "y] -= 1", "y] += 1"),
        (OCTAVE, "alpha/m * grad;", "alpha * grad;"),
        (HEADED, "w = 1.46", "w = 1.64"),
        (HEADED, "1.3 * 2 = 2.6", "0.5 * 2 = 1.0"),
        (GENERAL, "E2 = 12.25", "E2 = 3.5"),
        (GENERAL, "(y2 - t2) x2", "(y2 - t2) x1"),
        (OTHER_NAME, "L' = E1' = 0.13005", "L' = E1' = 0.14"),
        (OTHER_NAME, "L' = E1' =", "L' = E1 ="),
        (NUMBERED, "(y[2] - t[2]) x[2]", "(y[2] - t[2]) x[1]"),
        (NUMBERED, "= 0.0625", "= 0.625"),
        (PRIMED, "w'' = w' - lr", "w'' = w' + lr"),
        (PRIMED, "dL'/dw' = 2 (y' - t)", "dL'/dw' = 2 (y - t)"),
        (BY_ENTRY, "eta dL/dw_2 = 0.4", "eta dL/dw_2 = 0.3"),
        (BY_ENTRY, "w_1 - eta dL/dw_1", "w_1 - eta dL/dw_2"),
        (BY_ENTRY.replace("w_1_new = w_1 -", "w[1] := w[1] -"), "= 0.4", "= 0.5"),
        (BY_ENTRY_IN_CODE, "# 0.19", "# 0.30"),
        (BY_ENTRY_IN_CODE, "[1.1, 2.2]]", "[1.1, 2.1]]"),
        (BY_ENTRY_IN_CODE, "W[0, 1] -= 0.1*dW[0, 1]", "W[0, 1] -= 0.1*dW[1, 0]"),
        (ASCENT, "0.5 + 0.1 * 1.0770 = 0.6077", "0.5 - 0.1 * 1.0770 = 0.3923"),
        (ASCENT, "2 (1 - p_0)", "2 (p_0 - 1)"),
        (LENGTHS, "s u1/|u|^2", "s u1/|u|"),
        (LENGTHS, "= 2.0616", "= 2.1616"),
        (DISTANCES, "2(n - p)", "2(p - n)"),
        (WHOLE, "-1/2 (1 - exp(log σ²)) =", "-1/2 (1 + exp(log σ²)) ="),
        (CIRCLE, "log(2 π sigma^2)", "log(π sigma^2)"),
        (PERCEPTRON, "-0.3, 0.1)", "-0.3, 0.2)"),
        (PERCEPTRON, "(0, 0.7, -0.9)", "(0, 1.3, -1.1)"),
        (COMPUTED_COLUMNS, "-1.9 | -3.8", "-1.9 | -3.6"),
        (COMPUTED_COLUMNS, "| -3.4 |", "| 3.4 |"),
        (COMPUTED_COLUMNS, "2/3 * (-1.4", "1/3 * (-1.4"),
        (SQUARED_COLUMN, "| 4.00 |", "| 4.40 |"),
        (SQUARED_COLUMN, "= 6.25", "= 6.52"),
        (IN_C, "/* 0.095845 */", "/* 0.098545 */"),
        (IN_C, "da*a*(1-a); ", "da*a*(1+a); "),
        (ARROWS, "w -> 0.5 - 0.1*(-8) = 1.3", "w -> 0.5 + 0.1*(-8) = -0.3"),
        (EACH_WEIGHT, " x_j^(i)", ""),
        (EACH_WEIGHT, "(h(x^(i)) - y^(i)) x_j", "(h(x^(i)) + y^(i)) x_j"),
        (NEW_LOSS, "= 0.62$", "= 0.64$"),
        (NEW_LOSS, "(1^2 + 1^2 + 2^2) = 2", "(1^2 + 1^2 + 2^2) = 3"),
        (OF_F, "0.0880", "0.0808"),
        (OF_F, "y*(1-y)", "y*(1+y)"),
        (IN_NUMBERS, "* 1.5 = 0.6770", "* 0.5 = 0.2257"),
        (IN_NUMBERS, "1 - 0.2913^2 = 0.9151", "1 - 0.2913 = 0.7087"),
        (DISTANCES_IN_NUMBERS, "2(n - p) = [-1.2, -2.4]", "2(p - n) = [1.2, 2.4]"),
        (DISTANCES_IN_NUMBERS, "-2(a - p) = [-0.4, 0.8]", "2(a - p) = [0.4, -0.8]"),
        (HALF, "(1-y) = 0.0887", "(1-y) = 0.0787"),
        (HALF, "0.3 + 0.1*0.0887*1 = 0.3089", "0.3 - 0.1*0.0887*1 = 0.2911"),
        (OF_TWO, "10.004002", "10.014002"),
        (OF_TWO, "2xy", "2x"),
        (OF_TWO, "f(x, y) = 10", "f(x, y) = 12"),
        (SIDE_BY_SIDE, "*x = -0.0972", "*h = -0.0389"),
        (OF_SAMPLES, "z^{(1)} = 0.1", "z^{(1)} = 0.2"),
        (OF_SAMPLES, "(p^{(i)} - t^{(i)}) x", "(t^{(i)} - p^{(i)}) x"),
        (OF_SAMPLES, "+ (1 - t^{(i)})", "- (1 - t^{(i)})"),
        (HUBER, "= 3.125", "= 3.25"),
        (DIVERGENCE, "Q - P", "P - Q"),
        (NEW_BY_NAME, "dJ/dr = 0", "dJ/dr = 1.5"),
        (EACH_STEP, "= 1.72", "= 1.27"),
        (ONE_BEHIND_THE_OTHER, "; x_t]ᵀ", "; h_{t-1}]ᵀ"),
        (ONE_BEHIND_THE_OTHER, "[0.3, 0.6]·", "[0.2, -0.5]·"),
        (SHARED, "t) x1 = 1", "t) x1 = 3"),
        (SHARED, ") x2 = 2", ") x2 = 3"),
        (IN_A_SENTENCE, "= 1.5", "= 2.5"),
        (IN_A_SENTENCE, "(y - t) x2 =", "(y - t) x1 ="),
        (WITHOUT_RULE, "| 0.08", "| 0.8"),
        (WITHOUT_RULE, "(y - 0.6) x", "(y - 0.6) w"),
        (NEW_VALUES_WITHOUT_RULE, "0.48", "0.84"),
        (
            NEW_VALUES_WITHOUT_RULE.replace("\n| ", "\n").replace(" |\n", "\n").removesuffix(" |"),
            "0.09",
            "0.90",
        ),
        (OF_TIME, "eta delta(0) x = 0.3386", "eta delta(0) x = 0.3836"),
        (OF_TIME, "b(0) + eta", "b(0) - eta"),
        (IN_JAVA, "// -0.0849", "// -0.0894"),
        (IN_JAVA, "delta * x", "delta * t"),
        (ANOTHER_NAME, "= 0.6682", "= 0.6628"),
        (ANOTHER_NAME, "= 0.6044", "= 0.4064"),
        (ANOTHER_NAME, r"\log \hat{y} = 0.4032", r"\log \hat{y} = 0.4302"),
        (ANOTHER_NAME, "a^{[1]} - y = -0.3318", "y - a^{[1]} = 0.3318"),
        (EXPONENTIALS, "= [7.3891,", "= [7.8391,"),
        (EXPONENTIALS, "p - y = [0.7311, -0.7311]", "y - p = [-0.7311, 0.7311]"),
        (OF_VALUES, "# -3.0", "# 3.0"),
        (IN_ROWS, "[-8, -12]", "[-8, -16]"),
        (IN_ROWS, "∂f/∂y ∂y/∂x", "-∂f/∂y ∂y/∂x"),
        (SLOPED, "a 1[z<0]", "a 1[z>0]"),
        (IN_STEPS, "1/2 s = 0.1833", "1/2 s = 0.1383"),
        (IN_STEPS, "(m - y) = -0.2222", "(y - m) = 0.2222"),
        (COLUMN_OF_PRODUCTS, "| -2 |", "| -3 |"),
        (OF_ANY_LOSS, "2.5839", "2.8539"),
        (IN_A_PRODUCT, "Wx = [1.5, 2]", "Wx = [1.5, 3]"),
        (IN_A_PRODUCT, "y xᵀ = [[1.5, 1.5]", "x yᵀ = [[1.5, 1.5]"),
        (IN_JULIA, "[-0.5 -1.0", "[-0.5 1.0"),
        (IN_JULIA, "dh * x'", "x * dh'"),
        (IN_JAVASCRIPT, "// 0.046791", "// 0.064791"),
        (NEWTON, "- g/H", "+ g/H"),
        (NEWTON, "(p_i - y_i)", "(y_i - p_i)"),
    ],
)
def test_what_is_said_for_short_is_read_and_judged(text, right, wrong):
    assert status(text) == 0 and text.count(right) == 1
    assert status(text.replace(right, wrong)) == 1


BINARY = "x = 1.5, w = 0.4, t = {}\nz = w x\ny = sigmoid(z)\nL = -t ln y - (1 - t) ln(1 - y)\n"


@pytest.mark.parametrize(
    "target, line, verdict",
    [
        ("1", "dL/dy = -t/y - (1 - t)/(1 - y)", "right by coincidence"),
        ("1", "dL/dy = -t/y + (1 - t)/(1 - y)", "right"),
        ("1", "dL/dz = -(1 - y)", "right"),
        ("1", "dL/dz = y - t^2", "right"),
        ("0.7", "dL/dy = -t/y - (1 - t)/(1 - y)", "wrong formula"),
    ],
)
def test_a_target_that_hides_a_difference_is_no_proof(target, line, verdict):
    assert neuronnet.check_sheet(BINARY.format(target) + line).lines[-1].verdict == verdict


ATTENTION = """X = [[0.5, -0.2], [0.1, 0.8], [-0.6, 0.3]]
A = [[0.4, 0.1], [-0.3, 0.6]]
B = [[0.2, -0.5], [0.7, 0.3]]
C = [[0.9, -0.1], [0.2, 0.4]]
Q = X A
K = X B
V = X C
P = softmax(Q Kᵀ/√2)
O = P V
L = 1/2 sum(O²)
∂L/∂P = O Vᵀ
∂L/∂V = Pᵀ O"""
NORMED = """x = [0.5, -1.2, 2.0, 0.3], g = [1.1, 0.9, 1.0, 1.2], t = [0, 1, 0, 0]
μ = mean(x)
v = mean((x - μ)²)
s = sqrt(v + 0.00001)
u = (x - μ)/s
y = g ⊙ u
L = 1/2 sum((y - t)²)
dy = y - t
du = dy ⊙ g
∂L/∂v = -1/2 sum(du ⊙ (x - μ))/s³"""
IN_COLUMNS = """X = [[0.5, 1.2], [-0.3, 0.7], [0.9, -1.1], [0.1, 0.4]]
γ = [1.2, 0.8], ε = 0.001
μ = mean(X, axis=0)
v = mean((X - μ)², axis=0)
N = (X - μ)/sqrt(v + ε)
Y = γ ⊙ N
L = 1/6 sum(Y³)
G = Y²/2
D = γ ⊙ G
∂L/∂v = -1/2 sum(D ⊙ (X - μ), axis=0) / (v + ε)^(3/2)"""
RECURRENT = """x = [0.2, 0.9], h0 = [0.1, -0.3], t = [0.4, -0.1]
W = [[0.3, -0.2], [0.1, 0.4]]
V = [[0.7, -0.5], [0.2, 0.8]]
h = tanh(W h0 + x)
y = V h
L = 1/2 ‖y - t‖²
∂L/∂h = Vᵀ (y - t)"""
OF_ONE_PARAMETER = """X = [[1, 0.5], [1, -1.0], [1, 2.0]]
y = [1, 0, 1]
w = [0.1, -0.2]
p = σ(X w)
L = -sum(y log p + (1 - y) log(1 - p))
∇L = Xᵀ (p - y)"""


@pytest.mark.parametrize(
    "text, right, wrong",
    [
        (ATTENTION, "O Vᵀ", "V Oᵀ"),
        (ATTENTION, "Pᵀ O", "P O"),
        (NORMED, "-1/2 sum(du", "1/2 sum(du"),
        (IN_COLUMNS, "-1/2 sum(D", "1/2 sum(D"),
        (RECURRENT, "Vᵀ (y - t)", "V (y - t)"),
        (OF_ONE_PARAMETER, "Xᵀ (p - y)", "Xᵀ (y - p)"),
        (OF_ONE_PARAMETER, "Xᵀ (p - y)", "X (p - y)"),
    ],
)
def test_no_other_reading_excuses_the_one_wrong_line(text, right, wrong):
    assert neuronnet.check_sheet(text).status == 0
    (line,) = [each for each in neuronnet.check_sheet(text.replace(right, wrong)).lines if each.is_wrong]
    assert wrong in line.text


def test_numbers_of_another_sample_on_a_line_are_accused_of_nothing():
    text = """w = 0.5, learning rate 0.1
Sample 1: x=1, t=1: p = σ(0.5·1) = 0.6225, error p − t = -0.3775, gradient for w: -0.3775·1 = -0.3775
Sample 2: x=2, t=0: p = σ(0.5·2) = 0.7311, error p − t = 0.7311, gradient for w: 0.7311·2 = 1.4621"""
    report = neuronnet.check_sheet(text)
    assert not any(line.is_wrong for line in report.lines) and report.status == 3
    assert neuronnet.check_sheet(text.replace("0.6225", "0.6522")).status == 1


def test_a_name_made_of_two_numbers_names_is_a_name():
    text = "E = 2, x = 3\nEx = 7\nL = (Ex - x)^2 = 16\ndL/dEx = 8"
    assert neuronnet.check_sheet(text).status == 0
    assert neuronnet.check_sheet(text.replace("= 8", "= 4")).status == 1
    text = (
        "W = [[1, 2], [3, 4]]\nh = [1, 0]\nWh = [[0, 1], [1, 0]]\ny = Wh h\nL = sum(y^2) = 1\ndL/dh = [2, 0]"
    )
    assert neuronnet.check_sheet(text).status == 0


def test_bare_arithmetic_may_round_its_numbers():
    verdicts = [
        neuronnet.check_sheet(text).lines[0].verdict
        for text in ("0.7311·2 = 1.4621", "0.73106·2 = 1.4621", "0.7311·2 = 1.4631", "0.3*0.5 = 0.16")
    ]
    assert verdicts == ["undecided", "right", "wrong number", "wrong number"]


@pytest.mark.parametrize("counted", ["len(y)", "y.shape[0]", "y.size", "float(len(y))"])
def test_the_length_of_an_array_is_a_number(counted):
    report = neuronnet.check_sheet(
        f"y = [1, 2, 4]\nm = {counted}\nL = sum(y)/m = 2.333\nb = sum(y)/m = 2.433\n"
    )
    assert [line.verdict for line in report.lines] == ["given", "given", "right", "wrong number"]
