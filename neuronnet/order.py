"""The order in which training takes its samples."""

import random


def batches(count, batch, order):
    """Without end: the positions, out of `count` samples, that each update rests on.

    `batch` is "full", "online" (one sample) or a number; the last batch of a round may be smaller. `order` is
    {"kind": "in turn"}, or {"kind": "random", "seed": ...}: then an online update takes any sample, each as likely, and
    a round of batches starts from a fresh shuffle. Both are drawn by `random.Random(seed)`.
    """
    if batch == "full":
        while True:
            yield list(range(count))
    size = 1 if batch == "online" else batch
    draw = random.Random(order["seed"]) if order["kind"] == "random" else None
    while batch == "online" and draw is not None:
        yield [draw.randrange(count)]
    while True:
        positions = list(range(count))
        if draw is not None:
            draw.shuffle(positions)
        for start in range(0, count, size):
            yield positions[start:start + size]
