"""Mistakes in signs and factors, and in updates: their order, their number, and the samples they rest on."""

from neuronnet.mistakes.mistaken_program import (
    AVERAGED_SAMPLES,
    HIDDEN,
    RATE,
    SEVERAL_SAMPLES,
    mistake,
    other_convention,
)

# The order of things: parameters that move before the backward pass is over, or do not move at all.


def _move_at_once(program, right, layer, batch):
    right(layer, batch)
    program.update_layer(layer)


def _pass_again(program, right, layer, batch):
    """Move the layer, then repeat the forward pass and the later layers' deltas, without names."""
    _move_at_once(program, right, layer, batch)
    named, program.rows = program.rows, program.names.rows(None)
    program.feed_forward(batch)
    for later in reversed(range(layer, program.depth)):
        for position in batch:
            program.enter(position)
            program.delta_layer(later)
    program.rows = named


def _moved_already(program, right):
    """Every layer has moved when its gradients were known."""


def _only_moved(is_chosen):
    return lambda program, right, place, value, gradient: (
        right(place, value, gradient) if is_chosen(place[0], program.last) else value
    )


UPDATED_WEIGHTS_BACKWARDS = mistake(
    "updated output weights used backwards",
    "The hidden deltas use the weights of the layer after them when these are already updated; "
    "all gradients belong before the first update.",
    needs=[HIDDEN, RATE],
    finished=_move_at_once,
    update=_moved_already,
)
UPDATE_ORDER = (
    UPDATED_WEIGHTS_BACKWARDS,
    mistake(
        "forward pass repeated between the updates of the layers",
        "The pass is repeated with the updated later layers before a hidden layer's gradients are taken; "
        "one forward pass serves all gradients of an update.",
        needs=[HIDDEN, RATE],
        finished=_pass_again,
        update=_moved_already,
    ),
    mistake(
        "only the output layer updated",
        "Only the output layer's parameters were changed; the hidden layers learn as well.",
        needs=[HIDDEN],
        moved=_only_moved(lambda layer, last: layer == last),
    ),
    mistake(
        "only the hidden layers updated",
        "The output layer's parameters were left as they were; they learn as well.",
        needs=[HIDDEN],
        moved=_only_moved(lambda layer, last: layer < last),
    ),
)


# Signs, and the convention that turns two of them around at once. A weight's place is (layer, j, i).

_TARGETS = (lambda program: program.loss.takes_targets, "the loss takes no targets")


def _weight_turned(program, right, place, value, gradient):
    moved = right(place, value, gradient)
    return moved - value - value if len(place) == 3 else moved


SIGNS = (
    mistake(
        "sign flipped",
        "The parameters move along the gradient and not against it; the update is w - eta * dE/dw.",
        moved=lambda program, right, place, value, gradient: value + value - right(place, value, gradient),
    ),
    mistake(
        "target - out taken for out - target",
        "The slope of the error has the wrong sign (target - out); dE/dout is out - target.",
        needs=[_TARGETS],
        shared=lambda program, right, slope: -right(slope),
    ),
    mistake(
        "deltas of the opposite sign, added in the update",
        "The deltas start from target - out and the update adds; "
        "the derivatives themselves have the other sign.",
        convention="deltas that start from target - out, and an update that adds",
        needs=[_TARGETS],
        shared=lambda program, right, slope: -right(slope),
        l2_gradient=lambda program, right, weight, count: -right(weight, count),
        moved=lambda program, right, place, value, gradient: right(place, value, -gradient),
    ),
    mistake(
        "absolute value instead of sign",
        "The slope of the error is taken without its sign (|out - target|); dE/dout is out - target.",
        shared=lambda program, right, slope: abs(right(slope)),
    ),
    mistake(
        "the weight's own sign turned in the update",
        "The update is written -w - eta * dE/dw; it is w - eta * dE/dw.",
        moved=_weight_turned,
    ),
)


# Factors: halves, numbers of outputs and samples, gradients that add up.

_HALF = (lambda program: program.loss.name == "half squared error", "the loss has no half")
_SEVERAL_OUTPUTS = (lambda program: program.sizes[-1] > 1, "there is one output only")


def _setting(**attributes):
    """A change of the program: these attributes, "outputs" standing for the number of outputs."""

    def change(program):
        for name, value in attributes.items():
            setattr(program, name, program.sizes[-1] if value == "outputs" else value)

    return change


def _added_up(program, right, place, value, gradient):
    program.earlier[place] = program.earlier.get(place, 0) + gradient
    return right(place, value, program.earlier[place])


def _other_rate(id, sentence, rate):
    def change(program):
        program.rate = rate(program.rate)

    return mistake(id, sentence, needs=[RATE], change=change)


FACTORS = (
    mistake(
        "half dropped in the gradient (or rate 1)",
        "The slope dE/dout is 2*(out - target), as if E had no 1/2; with the half it is out - target.",
        needs=[_HALF],
        shared=lambda program, right, slope: 2 * right(slope),
    ),
    mistake(
        "an extra half",
        "The slope dE/dout is halved, which nothing in the error does.",
        shared=lambda program, right, slope: right(slope) / 2,
    ),
    mistake(
        "outputs averaged in the gradient only",
        "The gradient is divided by the number of outputs and the error is not; both follow from one error.",
        needs=[_SEVERAL_OUTPUTS],
        change=_setting(error_outputs=1, gradient_outputs="outputs"),
    ),
    mistake(
        "outputs averaged in the error only",
        "The error is divided by the number of outputs and the gradient is not; both follow from one error.",
        needs=[_SEVERAL_OUTPUTS],
        change=_setting(error_outputs="outputs", gradient_outputs=1),
    ),
    mistake(
        "gradient multiplied by the number of outputs",
        "The gradient is multiplied by the number of outputs, which nothing in the error does.",
        needs=[_SEVERAL_OUTPUTS],
        shared=lambda program, right, slope: program.sizes[-1] * right(slope),
    ),
    mistake(
        "samples averaged in the gradient only",
        "The gradient is averaged over the samples and the error is summed; both follow from one error.",
        needs=[SEVERAL_SAMPLES],
        change=_setting(error_averaged=False, gradient_averaged=True),
    ),
    mistake(
        "samples averaged in the error only",
        "The error is averaged over the samples and the gradient is summed; both follow from one error.",
        needs=[SEVERAL_SAMPLES],
        change=_setting(error_averaged=True, gradient_averaged=False),
    ),
    mistake(
        "gradient divided by the number of samples twice",
        "The gradient is divided by the number of samples twice; a mean divides once.",
        needs=[SEVERAL_SAMPLES, AVERAGED_SAMPLES],
        combined=lambda program, right, terms: right(terms) / len(terms),
    ),
    _other_rate(
        "learning rate missing",
        "The step is the gradient itself; it is the learning rate times the gradient.",
        lambda rate: type(rate)(1),
    ),
    _other_rate(
        "learning rate multiplied in twice",
        "The learning rate is multiplied in twice; the step has it once.",
        lambda rate: rate * rate,
    ),
    _other_rate(
        "learning rate doubled",
        "The step is twice the learning rate times the gradient; it is once.",
        lambda rate: rate + rate,
    ),
    _other_rate(
        "learning rate halved",
        "The step is half the learning rate times the gradient; it is the whole.",
        lambda rate: rate / 2,
    ),
    mistake(
        "gradients added up from update to update",
        "The gradients of earlier updates are never set back to 0 and add up; every update uses its own.",
        change=lambda program: setattr(program, "earlier", {}),
        moved=_added_up,
    ),
    mistake(
        "backward pass run twice, gradients doubled",
        "The gradients of two backward passes are added, so that each is doubled; a backward pass sets them.",
        total_weight_gradient=lambda program, right, *arguments: 2 * right(*arguments),
        total_bias_gradient=lambda program, right, *arguments: 2 * right(*arguments),
    ),
)


# The step itself, and the count of steps.

STEPS = (
    mistake(
        "weight assigned instead of changed",
        "The new weight is -eta * dE/dw, without the old one; the update is w - eta * dE/dw.",
        moved=lambda program, right, place, value, gradient: right(place, value, gradient) - value,
    ),
    mistake(
        "one update too few",
        "The numbers are those of one update before.",
        needs=[RATE],
        updates_for=lambda program, right, count: right(count) - 1,
    ),
    mistake(
        "one update too many",
        "The numbers are those of one update later.",
        needs=[RATE],
        updates_for=lambda program, right, count: right(count) + 1,
    ),
)


# Several samples: some left out, or an update after each where the network waits for all.

_COMBINED_SAMPLES = (
    lambda program: len(program.samples) > 1 and program.description.batch != "online",
    "every update rests on one sample",
)


def _other_batch(id, sentence, batch):
    return other_convention(
        id,
        sentence,
        "updates after every sample" if batch == "online" else id,
        lambda description: len(description.samples) > 1 and description.batch != batch,
        batch=batch,
    )


SAMPLES = (
    mistake(
        "gradient of the first sample only",
        "The update uses the gradient of the first sample alone; it combines those of all samples.",
        needs=[_COMBINED_SAMPLES],
        combined=lambda program, right, terms: right(terms[:1]),
    ),
    mistake(
        "gradient of the last sample only",
        "Each sample's gradient replaces the one before (= in place of +=); they add up.",
        needs=[_COMBINED_SAMPLES],
        combined=lambda program, right, terms: right([0 * term for term in terms[:-1]] + terms[-1:]),
    ),
    mistake(
        "gradient of the first sample only, divided by their number",
        "The update uses the gradient of the first sample alone, divided by the number of samples; "
        "it is the mean of all.",
        needs=[_COMBINED_SAMPLES, AVERAGED_SAMPLES],
        combined=lambda program, right, terms: right(terms[:1] + [0 * term for term in terms[1:]]),
    ),
    mistake(
        "gradient of the last sample only, not divided",
        "Each sample's gradient replaces the one before (= in place of +=) and is not divided; "
        "it is the mean of all.",
        needs=[_COMBINED_SAMPLES, AVERAGED_SAMPLES],
        combined=lambda program, right, terms: right(terms[-1:]),
    ),
    _other_batch(
        "updates sample by sample",
        "The parameters move after every sample; the network says that a batch is combined first.",
        "online",
    ),
    _other_batch(
        "updates from all samples together",
        "The parameters move once for all samples; the network says that they move in smaller batches.",
        "full",
    ),
)
