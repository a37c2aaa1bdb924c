"""Decision boundaries, drawn into axes of matplotlib that are handed in; matplotlib itself is not imported
here.

Colours are those of M. Okabe and K. Ito, "Color Universal Design" (2008); classes differ in their markers as
well.
"""

from neuronnet.training import is_class

BLUE, VERMILLION, GREEN, ORANGE, BLACK, WHITE = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#E69F00",
    "#000000",
    "#FFFFFF",
)
CLASSES = (
    ("o", BLUE),
    ("^", VERMILLION),
    ("s", GREEN),
    ("D", "#CC79A7"),
    ("v", ORANGE),
    ("P", "#56B4E9"),
    ("X", BLACK),
)
PROBABILITIES = [tenth / 10 for tenth in range(11)]
LEADS = [0, 0.25, 0.5, 0.75, 1]
STRONGEST = 0.45  # how much of a class's own colour a tint has at most, so that samples stand out
POINTS = 120  # of the grid that a decision boundary is drawn from, along either input


def has_boundary(description):
    """Whether a decision boundary can be drawn: two inputs, and samples whose targets are classes."""
    samples = description.samples
    return (
        bool(samples) and len(samples[0].inputs) == 2 and all(is_class(sample.targets) for sample in samples)
    )


def draw_boundary(axes, description, forward, held_out=()):
    """Fill the plane of the two inputs by what the outputs say there, and draw the samples; return what was
    filled.

    With two classes the colour is the probability of the second; with more it is the class of the largest
    output, stronger the further that output leads, and nothing is returned. forward(points) gives a row of
    outputs per point.
    """
    samples = description.samples
    held_out = held_out if all(is_class(sample.targets) for sample in held_out) else ()
    xs, ys = (_grid([sample.inputs[axis] for sample in [*samples, *held_out]]) for axis in (0, 1))
    outputs = [[float(out) for out in outs] for outs in forward([[x, y] for y in ys for x in xs])]
    if len(outputs[0]) <= 2:
        filled = _fill_two(axes, xs, ys, outputs)
        axes.plot([], [], color=BLACK, label="decision boundary")
    else:
        filled = _fill_many(axes, xs, ys, outputs)
        axes.plot([], [], color=BLACK, label="decision boundary")
        axes.plot([], [], " ", label="stronger: larger lead")
    _draw_samples(axes, samples)
    _draw_samples(axes, held_out, held_out=True)
    axes.grid(False)
    axes.set(xlabel="i1", ylabel="i2", xlim=(xs[0], xs[-1]), ylim=(ys[0], ys[-1]))
    return filled


def explain_colours(figure, axes, filled, description):
    """A colour bar for two classes; of more, each has the colour of its samples."""
    if filled is None:
        return
    activation, outputs = description.layers[-1].activation, len(description.samples[0].targets)
    if outputs == 1:
        label = "out_o1, the probability of target 1" if activation == "logistic" else "out_o1"
    else:
        label = (
            "out_o2, the probability of class o2" if activation == "softmax" else "1/2 + (out_o2 - out_o1)/2"
        )
    figure.colorbar(filled, ax=axes, label=label, ticks=PROBABILITIES[::2], shrink=0.9)


def _fill_two(axes, xs, ys, outputs):
    """By the output itself, or by 1/2 + (out_o2 - out_o1)/2, which softmax makes the probability of the
    second class.
    """
    second = _table([outs[0] if len(outs) == 1 else 0.5 + (outs[1] - outs[0]) / 2 for outs in outputs])
    colors = [_tint(CLASSES[0][1], STRONGEST * share) for share in (0.9, 0.7, 0.5, 0.3, 0.1)]
    colors += [_tint(CLASSES[1][1], STRONGEST * share) for share in (0.1, 0.3, 0.5, 0.7, 0.9)]
    beyond = any(value < 0 or value > 1 for line in second for value in line)
    if beyond:
        colors = [_tint(CLASSES[0][1], STRONGEST), *colors, _tint(CLASSES[1][1], STRONGEST)]
    filled = axes.contourf(
        xs, ys, second, levels=PROBABILITIES, colors=colors, zorder=0, extend="both" if beyond else "neither"
    )
    _draw_line(axes, xs, ys, second, 0.5)
    return filled


def _fill_many(axes, xs, ys, outputs):
    """Class by class, by how much its output leads the largest of the others."""
    for number in range(len(outputs[0])):
        lead = _table([outs[number] - max(outs[:number] + outs[number + 1 :]) for outs in outputs])
        colors = [_tint(_class(number)[1], STRONGEST * share) for share in (0.25, 0.5, 0.75, 1.0, 1.0)]
        axes.contourf(xs, ys, lead, levels=LEADS, colors=colors, extend="max", zorder=0)
        _draw_line(axes, xs, ys, lead, 0)


def _draw_line(axes, xs, ys, values, level):
    """The line at which the values pass `level`, if they do."""
    found = [value for line in values for value in line]
    if min(found) < level < max(found):
        axes.contour(xs, ys, values, levels=[level], colors=BLACK, linewidths=1.6, zorder=1)


def _draw_samples(axes, samples, held_out=False):
    """Samples by class; those held out are hollow."""
    classes = {}
    for sample in samples:
        targets = [float(target) for target in sample.targets]
        classes.setdefault(int(targets[0]) if len(targets) == 1 else targets.index(1.0), []).append(
            sample.inputs
        )
    size = min(max(9000 / max(len(samples), 1), 14), 30)
    for number, points in sorted(classes.items()):
        marker, color = _class(number)
        name = f"target {number}" if len(samples[0].targets) == 1 else f"class o{number + 1}"
        look = (
            {"color": WHITE, "edgecolor": color, "linewidth": 1.2, "label": f"{name}, held out"}
            if held_out
            else {"color": color, "edgecolor": WHITE, "linewidth": 0.4, "label": name}
        )
        axes.scatter(
            [float(x) for x, _ in points],
            [float(y) for _, y in points],
            s=size,
            marker=marker,
            zorder=2,
            **look,
        )


def _class(number):
    return CLASSES[number % len(CLASSES)]


def _tint(color, share):
    """`color`, as "#RRGGBB", with so large a share in white."""
    parts = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + share * (part - 255)):02X}" for part in parts)


def _grid(values):
    """Evenly spaced places from a little below the smallest value to a little above the largest."""
    low, high = float(min(values)), float(max(values))
    margin = 0.1 * (high - low) or 1.0
    return [low - margin + (high - low + 2 * margin) * step / (POINTS - 1) for step in range(POINTS)]


def _table(values):
    """A row of the grid after another."""
    return [values[start : start + POINTS] for start in range(0, len(values), POINTS)]
