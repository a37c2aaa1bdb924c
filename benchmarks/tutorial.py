"""A peer to measure the twin against: the usual NumPy program for a 2-3-2 network, as "from scratch"
tutorials write it.

Every array is made anew in every update: tanh and softmax, full batch, the gradient of the summed
cross-entropies plus L2 * W on the weights.
"""

import numpy as np


def train(X, y, W1, b1, W2, b2, updates, epsilon, l2):
    """The parameters after gradient descent: X (N, 2), y (N,) class numbers, W1 (2, 3), b1 (1, 3), W2 (3,
    2), b2 (1, 2).
    """
    N = len(X)
    W1, b1, W2, b2 = W1.copy(), b1.copy(), W2.copy(), b2.copy()
    for _ in range(updates):
        z1 = X.dot(W1) + b1
        a1 = np.tanh(z1)
        z2 = a1.dot(W2) + b2
        exp_scores = np.exp(z2)
        probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)

        delta3 = probs
        delta3[range(N), y] -= 1
        dW2 = (a1.T).dot(delta3)
        db2 = np.sum(delta3, axis=0, keepdims=True)
        delta2 = delta3.dot(W2.T) * (1 - np.power(a1, 2))
        dW1 = np.dot(X.T, delta2)
        db1 = np.sum(delta2, axis=0)

        dW2 += l2 * W2
        dW1 += l2 * W1
        W1 += -epsilon * dW1
        b1 += -epsilon * db1
        W2 += -epsilon * dW2
        b2 += -epsilon * db2
    return W1, b1, W2, b2
