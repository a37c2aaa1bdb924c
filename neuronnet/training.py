"""Training as a table: the error and the accuracy of a network at chosen updates."""


def accuracy(network, samples=None):
    """The share of samples that a network classifies as their targets say; None where they are not classes.

    With one output and targets 0 or 1, an output above 0.5 means 1; with several outputs and one target of 1
    among zeros, the largest output (the first of equal ones) names the class.
    """
    samples = network.samples if samples is None else samples
    if not samples or not all(is_class(targets) for _, targets in samples):
        return None
    right = 0
    for inputs, targets in samples:
        outs = network.feed_forward(inputs)
        if len(outs) == 1:
            right += (outs[0] > 0.5) == (targets[0] == 1)
        else:
            right += outs.index(max(outs)) == list(targets).index(1)
    return right / len(samples)


def is_class(targets):
    """Whether targets name a class: a single 0 or 1, or one 1 among zeros."""
    if len(targets) == 1:
        return targets[0] in (0, 1)
    return sum(1 for target in targets if target == 1) == 1 and all(target in (0, 1) for target in targets)


def history(network, updates, every=None, progress=None):
    """Train for `updates` updates; yield a row before the first, after each `every`-th and after the last.

    A row is {"update", "E_total", "accuracy", "held_out_accuracy"}, all over the network's own samples;
    `every` is by default a tenth of the updates. `progress(update)` is called after each update.
    """
    every = max(1, updates // 10) if every is None else every
    for update in range(updates + 1):
        if update:
            network.fit(1)
            if progress is not None:
                progress(update)
        if update % every == 0 or update == updates:
            yield {
                "update": update,
                "E_total": network.total_error(),
                "accuracy": accuracy(network),
                "held_out_accuracy": accuracy(network, network.held_out),
            }
