"""The rows of a pass in the order of a hand derivation: (name, formula, part), forward, backward and update.

Where a network has several samples, each has its own rows (`net_h1[2]`) and its own error (`E_total[2]`),
which the last rows combine.
"""

from neuronnet.activations import ACTIVATIONS
from neuronnet.derivation.layer_formulas import (
    error_formula,
    error_partial,
    out_formula,
    out_partials,
    update_formulas,
    update_powers,
    without_cancellation,
)
from neuronnet.formulas.expressions import Name, total
from neuronnet.losses import LOSSES, cancels, reads_nets
from neuronnet.names import after, in_sample, partial_name


class PassNames:
    """The names in the passes of one network. `samples` numbers its samples; an only one has None in place
    of a number.
    """

    def __init__(self, description, names):
        """`description` is a checked one, `names` its Names."""
        self.description, self.names = description, names
        self.layers = description.layers
        count = len(description.samples)
        self.samples = [None] if count == 1 else list(range(1, count + 1))

    def quantity(self, kind, layer, j, sample, update=0):
        """The name of one neuron's net, out, E, target or delta."""
        return after(in_sample(self.names.of(kind, self.names.layers[layer][j]), sample), update)

    def quantities(self, kind, layer, sample, update=0):
        """The same for all neurons of a layer."""
        return [self.quantity(kind, layer, j, sample, update) for j in range(self.layers[layer].neurons)]

    def inputs_of(self, layer, sample, update=0):
        """What a layer receives: the inputs, or the outputs of the layer before."""
        if layer == 0:
            return [in_sample(name, sample) for name in self.names.inputs]
        return self.quantities("out", layer - 1, sample, update)

    def parameter(self, name, layer, is_bias, update):
        """A parameter's name after some updates; a frozen bias keeps its first name."""
        return name if is_bias and not self.layers[layer].train_bias else after(name, update)

    def error_of(self, sample, update=0):
        """E_total of one sample; of the only sample, that is E_total itself."""
        return after(in_sample(self.names.error, sample), update)

    def parameters(self):
        """(name, layer, is_bias) of every parameter, weights first, a shared bias once."""
        for layer, rows in enumerate(self.names.weights):
            for row in rows:
                for name in row:
                    yield name, layer, False
        for layer, biases in enumerate(self.names.biases):
            for name in dict.fromkeys(biases or []):
                yield name, layer, True


class Pass(PassNames):
    """The formulas of one network. `given` maps the names of targets to their numbers: some formulas depend
    on them.
    """

    def __init__(self, description, names, given):
        super().__init__(description, names)
        self.given = given
        self.loss = description.loss
        self.last = self.layers[-1].activation
        self.cancels = cancels(ACTIVATIONS[self.last], LOSSES[self.loss])
        self.from_nets = self.last if reads_nets(ACTIVATIONS[self.last], LOSSES[self.loss]) else None
        self.output_count = self.layers[-1].neurons if description.outputs == "mean" else 1

    # Forward

    def forward(self, update=0, part=None):
        """Rows of the forward pass and the errors of all samples, after some updates."""
        for sample in self.samples:
            where = "" if sample is None else f"sample {sample}: "
            for layer in range(len(self.layers)):
                yield from self._layer_forward(layer, sample, update, part or f"{where}forward pass")
            yield from self._errors(sample, update, part or f"{where}errors")
        yield from self._total_error(update, part or "errors")

    def _layer_forward(self, layer, sample, update, part):
        activation = self.layers[layer].activation
        nets, outs = (
            self.quantities("net", layer, sample, update),
            self.quantities("out", layer, sample, update),
        )
        late = []
        for j, net in enumerate(nets):
            yield net, self.net_formula(layer, j, sample, update), part
            row = outs[j], out_formula(activation, nets, j), part
            if ACTIVATIONS[activation].whole_layer:
                late.append(row)
            else:
                yield row
        yield from late

    def net_formula(self, layer, j, sample, update=0):
        """w1*i1 + w2*i2 + b1, the bias only where there is one."""
        weights = [self.parameter(name, layer, False, update) for name in self.names.weights[layer][j]]
        terms = [
            Name(weight) * Name(value)
            for weight, value in zip(weights, self.inputs_of(layer, sample, update))
        ]
        if self.names.biases[layer] is not None:
            terms.append(Name(self.parameter(self.names.biases[layer][j], layer, True, update)))
        return total(terms)

    def _errors(self, sample, update, part):
        last = len(self.layers) - 1
        nets, outs = (
            self.quantities("net", last, sample, update),
            self.quantities("out", last, sample, update),
        )
        errors, targets = self.quantities("E", last, sample, update), self.quantities("target", last, sample)
        for j, error in enumerate(errors):
            yield (
                error,
                error_formula(
                    self.loss, self.from_nets, targets[j], self.given.get(targets[j]), nets, outs, j
                ),
                part,
            )
        combined = total(Name(error) for error in errors)
        if self.output_count > 1:
            combined = combined / self.output_count
        if sample is None and self._has_l2():
            yield self._l2_row(update, part)
            combined = combined + Name(after(self.names.error_l2, update))
        yield self.error_of(sample, update), combined, part

    def _total_error(self, update, part):
        if self.samples == [None]:
            return
        combined = self._combined([Name(self.error_of(sample, update)) for sample in self.samples])
        if self._has_l2():
            yield self._l2_row(update, part)
            combined = combined + Name(after(self.names.error_l2, update))
        yield after(self.names.error, update), combined, part

    def _combined(self, terms):
        return total(terms) / len(terms) if self.description.samples_combine == "mean" else total(terms)

    def _has_l2(self):
        return self.description.l2 != 0

    def _l2_row(self, update, part):
        squares = total(
            Name(after(name, update)) ** 2 for name, _, is_bias in self.parameters() if not is_bias
        )
        term = Name(self.names.l2) * squares / 2
        return after(self.names.error_l2, update), self.description.l2_share(term, len(self.samples)), part

    # Backward

    def backward(self, batch):
        """Rows of the backward pass for the samples in `batch` (positions), last layer first."""
        for position in batch:
            sample = self.samples[position]
            where = "" if sample is None else f"sample {sample}: "
            for layer in reversed(range(len(self.layers))):
                hidden = "hidden layer" if len(self.layers) == 2 else f"hidden layer {layer + 1}"
                part = where + ("output layer" if layer == len(self.layers) - 1 else hidden)
                yield from self._deltas(layer, sample, part)
        if len(self.samples) > 1 and len(batch) == len(self.samples):
            for name, _, is_bias in self.parameters():
                yield partial_name(self.names.error, name), self.gradient(name, is_bias, batch), "gradients"

    def gradient(self, name, is_bias, batch):
        """The gradient that an update from `batch` uses, from the gradients of its samples."""
        terms = [Name(partial_name(self.error_of(self.samples[position]), name)) for position in batch]
        gradient = self._combined(terms)
        if self._has_l2() and not is_bias:
            gradient = gradient + self.description.l2_share(Name(self.names.l2) * Name(name), len(batch))
        return gradient

    def _deltas(self, layer, sample, part):
        error = self.error_of(sample)
        nets, outs = self.quantities("net", layer, sample), self.quantities("out", layer, sample)
        deltas = self.quantities("delta", layer, sample)
        last = layer == len(self.layers) - 1
        softmax = ACTIVATIONS[self.layers[layer].activation].whole_layer
        targets = self.quantities("target", layer, sample) if last else None
        cancelled = last and self.cancels
        if softmax and not cancelled:
            yield from (
                (partial_name(error, outs[j]), self._slope(layer, j, sample), part) for j in range(len(outs))
            )
        for j, delta in enumerate(deltas):
            slope = partial_name(error, outs[j])
            steepness = partial_name(outs[j], nets[j])
            if cancelled:
                formula = self._shared(self._cancelled_delta(outs[j], targets[j], targets))
            elif softmax:
                for k, out in enumerate(outs):
                    yield partial_name(out, nets[j]), out_partials(self.last, nets, outs, k)[nets[j]], part
                formula = total(
                    Name(partial_name(error, out)) * Name(partial_name(out, nets[j])) for out in outs
                )
            else:
                if not last:
                    yield from self._paths(layer, j, sample, part)
                yield slope, self._slope(layer, j, sample), part
                yield steepness, out_partials(self.layers[layer].activation, nets, outs, j)[nets[j]], part
                formula = Name(slope) * Name(steepness)
            yield delta, formula, part
            chain = Name(delta) if cancelled or softmax else formula
            for name, value in zip(self.names.weights[layer][j], self.inputs_of(layer, sample)):
                yield partial_name(nets[j], name), Name(value), part
                yield (
                    partial_name(error, name),
                    self._with_l2(chain * Name(partial_name(nets[j], name)), name, sample),
                    part,
                )
        if self.names.biases[layer] is not None:
            yield from self._bias_gradients(layer, error, deltas, part)

    def _slope(self, layer, j, sample):
        """dE/dout of one neuron: from the loss in the last layer, elsewhere from the deltas of the layer
        after.
        """
        out = self.quantity("out", layer, j, sample)
        if layer == len(self.layers) - 1:
            target = self.quantity("target", layer, j, sample)
            return self._shared(error_partial(self.loss, target, self.given.get(target), out))
        if self._shows_paths(layer):
            return total(Name(partial_name(error, out)) for error in self.quantities("E", layer + 1, sample))
        deltas = self.quantities("delta", layer + 1, sample)
        return total(Name(delta) * Name(row[j]) for delta, row in zip(deltas, self.names.weights[layer + 1]))

    def _cancelled_delta(self, out, target, targets):
        """out - target; for a softmax whose targets do not sum to 1, out*(sum of the targets) - target."""
        weight = self.given[targets[0]]
        for name in targets[1:]:
            weight += self.given[name]
        if self.last == "softmax" and weight != 1:
            return Name(out) * total(Name(each) for each in targets) - Name(target)
        return Name(out) - Name(target)

    def _shared(self, formula):
        return formula / self.output_count if self.output_count > 1 else formula

    def _shows_paths(self, layer):
        """Whether the layer lies right before outputs whose errors add up, each with a path of its own to
        show.
        """
        return (
            layer == len(self.layers) - 2
            and self.output_count == 1
            and self.last != "softmax"
            and not self.cancels
        )

    def _paths(self, layer, j, sample, part):
        """dE_o/dout_h for every output, the paths that meet in dE_total/dout_h."""
        if not self._shows_paths(layer):
            return
        out = self.quantity("out", layer, j, sample)
        for k, error in enumerate(self.quantities("E", layer + 1, sample)):
            net, next_out = (self.quantity(kind, layer + 1, k, sample) for kind in ("net", "out"))
            if j == 0:
                slope = partial_name(self.error_of(sample), next_out)
                yield partial_name(error, net), Name(slope) * Name(partial_name(next_out, net)), part
            yield partial_name(net, out), Name(self.names.weights[layer + 1][k][j]), part
            yield (
                partial_name(error, out),
                Name(partial_name(error, net)) * Name(partial_name(net, out)),
                part,
            )

    def _with_l2(self, gradient, name, sample):
        if sample is None and self._has_l2():
            return gradient + Name(self.names.l2) * Name(name)
        return gradient

    def _bias_gradients(self, layer, error, deltas, part):
        users = {}
        for name, delta in zip(self.names.biases[layer], deltas):
            users.setdefault(name, []).append(Name(delta))
        for name, terms in users.items():
            yield partial_name(error, name), total(terms), part

    # Update

    def update(self, batch):
        """Rows of one simultaneous update from `batch` of all that is trainable."""
        whole = len(batch) == len(self.samples)
        rule = self.description.update.rule
        for power, factor in update_powers(rule):
            yield after(power, 1), Name(power) * Name(factor), "update"
        for name, layer, is_bias in self.parameters():
            if is_bias and not self.layers[layer].train_bias:
                continue
            gradient = (
                Name(partial_name(self.names.error, name)) if whole else self.gradient(name, is_bias, batch)
            )
            for row, formula in update_formulas(rule, name, gradient, self.names.rate, is_bias):
                yield after(row, 1), formula, "update"

    # What a graph of these rows is told beside them

    def textbook_slopes(self):
        """{row: {name: derivative by it}} where a hand derivation has its own form, such as out*(1 - out).

        The errors count as functions of the outs, whatever their formulas are computed from.
        """
        slopes, last = {}, len(self.layers) - 1
        for sample in self.samples:
            for layer, described in enumerate(self.layers):
                nets, outs = self.quantities("net", layer, sample), self.quantities("out", layer, sample)
                for j, out in enumerate(outs):
                    slopes[out] = out_partials(described.activation, nets, outs, j)
            targets = self.quantities("target", last, sample)
            for error, out, target in zip(self.quantities("E", last, sample), outs, targets):
                slopes[error] = {out: error_partial(self.loss, target, self.given.get(target), out)}
        if self._has_l2():
            slopes[self.names.error_l2] = {
                name: self.description.l2_share(Name(self.names.l2) * Name(name), len(self.samples))
                for name, _, is_bias in self.parameters()
                if not is_bias
            }
        return slopes

    def without_cancellation(self, update=0):
        """(formula, an equal one that keeps all digits) for every formula where 1 - out would lose them."""
        for sample in self.samples:
            for layer, described in enumerate(self.layers):
                nets = self.quantities("net", layer, sample, update)
                outs = self.quantities("out", layer, sample, update)
                for j in range(len(outs)):
                    yield from without_cancellation(described.activation, nets, outs, j)
            for j, target in enumerate(self.quantities("target", layer, sample) if self.cancels else ()):
                if self.given[target] == 1:
                    *_, (_, rest) = without_cancellation(self.last, nets, outs, j)
                    yield Name(outs[j]) - Name(target), -rest
