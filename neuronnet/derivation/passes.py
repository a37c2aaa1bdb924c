"""The rows of a pass in the order of a hand derivation: (name, formula, part), forward, backward and update.

Where a network has several samples, each has its own rows (`net_h1[2]`) and its own error (`E_total[2]`),
which the last rows combine.
"""

from neuronnet.activations import ACTIVATIONS
from neuronnet.derivation.layer_formulas import (
    REST,
    error_formula,
    error_partial,
    keeping_digits,
    out_formula,
    out_partials,
    update_formulas,
    update_powers,
)
from neuronnet.formulas.expressions import Name, total
from neuronnet.losses import LOSSES, cancels, reads_nets
from neuronnet.names import after, in_sample, partial_name


class Pass:
    """The formulas of one network.

    `samples` numbers its samples; a single one has None for a number. `given` maps the names of targets to
    their numbers, on which some formulas depend.
    """

    def __init__(self, description, given):
        self.description, self.names, self.given = description, description.names, given
        self.layers = description.layers
        self.top = len(self.layers) - 1
        count = len(description.samples)
        self.samples = [None] if count == 1 else list(range(1, count + 1))
        self.loss = description.loss
        self.last = self.layers[-1].activation
        last, loss = ACTIVATIONS[self.last], LOSSES[self.loss]
        self.cancels = cancels(last, loss)
        self.reads_nets = reads_nets(last, loss, self.layers[-1].neurons)
        self.output_count = self.layers[-1].neurons if description.outputs == "mean" else 1
        self.has_l2 = description.l2 != 0
        # Outputs whose errors add up have a path of their own to each neuron of the layer before.
        self.shows_paths = self.output_count == 1 and self.last != "softmax" and not self.cancels

    # Names

    def name_of(self, kind, layer, j, sample):
        """The name of one neuron's net, out, E, target or delta."""
        return in_sample(self.names.of(kind, self.names.layers[layer][j]), sample)

    def names_of(self, kind, layer, sample):
        """The same for all neurons of a layer."""
        return [self.name_of(kind, layer, j, sample) for j in range(self.layers[layer].neurons)]

    def nets_and_outs(self, layer, sample):
        """The names of all net inputs and of all outputs of a layer."""
        return [self.names_of(kind, layer, sample) for kind in ("net", "out")]

    def inputs_of(self, layer, sample):
        """What a layer receives: the inputs, or the outputs of the layer before."""
        if layer == 0:
            return [in_sample(name, sample) for name in self.names.inputs]
        return self.names_of("out", layer - 1, sample)

    def error_of(self, sample):
        """E_total of one sample; of a single sample, that is E_total itself."""
        return in_sample(self.names.error, sample)

    # Forward

    def forward(self):
        """Rows of the forward pass and the errors of all samples."""
        for sample in self.samples:
            where = "" if sample is None else f"sample {sample}: "
            for layer in range(len(self.layers)):
                yield from self._layer_forward(layer, sample, f"{where}forward pass")
            yield from self._errors(sample, f"{where}errors")
        if len(self.samples) > 1:
            yield from self.total_error()

    def total_error(self):
        """Rows of the error of all samples together, from the error of each."""
        combined = self._combined([Name(self.error_of(sample)) for sample in self.samples])
        yield from self._total_error(self.names.error, combined, "errors", self.has_l2)

    def _layer_forward(self, layer, sample, part):
        activation = self.layers[layer].activation
        nets, outs = self.nets_and_outs(layer, sample)
        late = []
        for j, net in enumerate(nets):
            yield net, self._net_formula(layer, j, sample), part
            row = outs[j], out_formula(activation, nets, j), part
            if ACTIVATIONS[activation].whole_layer:
                late.append(row)
            else:
                yield row
        yield from late

    def _net_formula(self, layer, j, sample):
        """w1*i1 + w2*i2 + b1, the bias only where there is one."""
        pairs = zip(self.names.weights[layer][j], self.inputs_of(layer, sample))
        terms = [Name(weight) * Name(value) for weight, value in pairs]
        if self.names.biases[layer] is not None:
            terms.append(Name(self.names.biases[layer][j]))
        return total(terms)

    def _errors(self, sample, part):
        outs, errors = (self.names_of(kind, self.top, sample) for kind in ("out", "E"))
        for j, target in enumerate(self.names_of("target", self.top, sample)):
            is_whole = self.reads_nets and self.loss == "categorical cross-entropy"  # ln(out) is finite
            value = None if is_whole else self.given.get(target)
            yield errors[j], error_formula(self.loss, target, value, outs[j]), part
        combined = self._shared(total(Name(error) for error in errors))
        yield from self._total_error(self.error_of(sample), combined, part, sample is None and self.has_l2)

    def _total_error(self, name, combined, part, with_l2):
        if with_l2:
            weights = [name for name, _, is_bias in self.names.parameters() if not is_bias]
            term = Name(self.names.l2) * total(Name(weight) ** 2 for weight in weights) / 2
            yield self.names.error_l2, self.description.l2_share(term, len(self.samples)), part
            combined = combined + Name(self.names.error_l2)
        yield name, combined, part

    def _combined(self, terms):
        return total(terms) / len(terms) if self.description.samples_combine == "mean" else total(terms)

    def _shared(self, formula):
        return formula / self.output_count if self.output_count > 1 else formula

    # Backward

    def backward(self, batch):
        """Rows of the backward pass for the samples in `batch` (positions), last layer first."""
        for position in batch:
            sample = self.samples[position]
            where = "" if sample is None else f"sample {sample}: "
            for layer in reversed(range(len(self.layers))):
                hidden = "hidden layer" if len(self.layers) == 2 else f"hidden layer {layer + 1}"
                yield from self._deltas(
                    layer, sample, where + ("output layer" if layer == self.top else hidden)
                )
        if len(self.samples) > 1 and len(batch) == len(self.samples):
            for name, _, is_bias in self.names.parameters():
                yield partial_name(self.names.error, name), self.gradient(name, is_bias, batch), "gradients"

    def gradient(self, name, is_bias, batch):
        """The gradient that an update from `batch` uses, from the gradients of its samples."""
        gradient = self._combined([_slope(self.error_of(self.samples[each]), name) for each in batch])
        return gradient if is_bias else self._with_l2(gradient, name, len(batch))

    def _with_l2(self, gradient, weight, samples):
        if not self.has_l2:
            return gradient
        term = Name(self.names.l2) * Name(weight)
        return gradient + (term if samples == 1 else self.description.l2_share(term, samples))

    def _deltas(self, layer, sample, part):
        error, activation = self.error_of(sample), self.layers[layer].activation
        nets, outs = self.nets_and_outs(layer, sample)
        deltas = self.names_of("delta", layer, sample)
        softmax = ACTIVATIONS[activation].whole_layer
        cancelled = layer == self.top and self.cancels
        if softmax and not cancelled:
            for j, out in enumerate(outs):
                yield partial_name(error, out), self._dE_dout(layer, j, sample), part
        for j, (net, out, delta) in enumerate(zip(nets, outs, deltas)):
            if cancelled:
                formula = self._shared(self._cancelled_delta(j, sample))
            elif softmax:
                for k, other in enumerate(outs):
                    yield partial_name(other, net), out_partials(activation, nets, outs, k)[net], part
                formula = total(_slope(error, other) * _slope(other, net) for other in outs)
            else:
                yield from self._paths(layer, j, sample, part)
                yield partial_name(error, out), self._dE_dout(layer, j, sample), part
                yield partial_name(out, net), out_partials(activation, nets, outs, j)[net], part
                formula = _slope(error, out) * _slope(out, net)
            yield delta, formula, part
            chain = Name(delta) if cancelled or softmax else formula
            for weight, value in zip(self.names.weights[layer][j], self.inputs_of(layer, sample)):
                yield partial_name(net, weight), Name(value), part
                gradient = chain * _slope(net, weight)
                gradient = self._with_l2(gradient, weight, 1) if sample is None else gradient
                yield partial_name(error, weight), gradient, part
        users = {}
        for bias, delta in zip(self.names.biases[layer] or (), deltas):
            users.setdefault(bias, []).append(Name(delta))
        for bias, terms in users.items():
            yield partial_name(error, bias), total(terms), part

    def _dE_dout(self, layer, j, sample):
        """From the loss in the last layer, elsewhere from the paths or the deltas of the layer after."""
        out = self.name_of("out", layer, j, sample)
        if layer == self.top:
            target = self.name_of("target", layer, j, sample)
            return self._shared(error_partial(self.loss, target, self.given.get(target), out))
        if self.shows_paths and layer == self.top - 1:
            return total(_slope(error, out) for error in self.names_of("E", layer + 1, sample))
        deltas = self.names_of("delta", layer + 1, sample)
        return total(Name(delta) * Name(row[j]) for delta, row in zip(deltas, self.names.weights[layer + 1]))

    def _cancelled_delta(self, j, sample):
        """out - target; for a softmax whose targets do not sum to 1, out*(sum of the targets) - target."""
        targets = self.names_of("target", self.top, sample)
        out, target = Name(self.name_of("out", self.top, j, sample)), Name(targets[j])
        weight = self.given[targets[0]]
        for name in targets[1:]:
            weight += self.given[name]
        if self.last == "softmax" and weight != 1:
            return out * total(Name(each) for each in targets) - target
        return out - target

    def _paths(self, layer, j, sample, part):
        """dE_o/dout_h for every output, the paths that meet in dE_total/dout_h."""
        if not self.shows_paths or layer != self.top - 1:
            return
        out = self.name_of("out", layer, j, sample)
        nets, outs = self.nets_and_outs(self.top, sample)
        for k, error in enumerate(self.names_of("E", self.top, sample)):
            if j == 0:
                formula = _slope(self.error_of(sample), outs[k]) * _slope(outs[k], nets[k])
                yield partial_name(error, nets[k]), formula, part
            yield partial_name(nets[k], out), Name(self.names.weights[self.top][k][j]), part
            yield partial_name(error, out), _slope(error, nets[k]) * _slope(nets[k], out), part

    # Update

    def update(self, batch, error=None):
        """Rows of one simultaneous update from `batch`, or from an `error`, of all that is trainable."""
        for power, factor in update_powers(self.description.update.rule):
            yield after(power, 1), Name(power) * Name(factor), "update"
        for name, layer, is_bias in self.names.parameters():
            if not is_bias or self.layers[layer].train_bias:
                yield from self.moves(name, is_bias, batch, error)

    def moves(self, name, is_bias, batch, error=None):
        """Rows that move one parameter in an update from `batch`, or from an `error`."""
        whole = error is not None or len(batch) == len(self.samples)
        gradient = _slope(error or self.names.error, name) if whole else self.gradient(name, is_bias, batch)
        rule = self.description.update.rule
        for row, formula in update_formulas(rule, name, gradient, self.names.rate, is_bias):
            yield after(row, 1), formula, "update"

    # What a graph needs to know beside the rows

    def textbook_slopes(self):
        """{row: {name: derivative by it}} where a hand derivation has its own form, such as out*(1 - out)."""
        slopes = {}
        for sample in self.samples:
            for layer, described in enumerate(self.layers):
                nets, outs = self.nets_and_outs(layer, sample)
                for j, out in enumerate(outs):
                    slopes[out] = out_partials(described.activation, nets, outs, j)
            targets = self.names_of("target", self.top, sample)
            for error, out, target in zip(self.names_of("E", self.top, sample), outs, targets):
                slopes[error] = {out: error_partial(self.loss, target, self.given.get(target), out)}
        if self.has_l2:
            slopes[self.names.error_l2] = {
                name: self.description.l2_share(Name(self.names.l2) * Name(name), len(self.samples))
                for name, _, is_bias in self.names.parameters()
                if not is_bias
            }
        return slopes

    def without_cancellation(self):
        """(formula, an equal one that keeps all digits) for every formula where 1 - out would lose them."""
        for sample in self.samples:
            for layer, described in enumerate(self.layers):
                nets, outs = self.nets_and_outs(layer, sample)
                for j in range(len(outs)):
                    yield from keeping_digits(described.activation, nets, outs, j)
            if self.cancels:
                yield from self._deltas_keeping_digits(sample)

    def _deltas_keeping_digits(self, sample):
        """out - target as minus the rest of out, for every output whose target is 1."""
        nets, outs = self.nets_and_outs(self.top, sample)
        for j, target in enumerate(self.names_of("target", self.top, sample)):
            if self.given[target] == 1:
                yield Name(outs[j]) - Name(target), -REST[self.last](nets, outs, j)


def _slope(numerator, denominator):
    """The derivative dA/dB, by its name."""
    return Name(partial_name(numerator, denominator))
