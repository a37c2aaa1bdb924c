"""Mistakes in the order of things: parameters that move before the backward pass is over, or do not move at all."""

from neuronnet.derivation.mistakes.mistake import TakesHidden


class _LayerByLayer(TakesHidden):
    """Each layer moves as soon as its own gradients are known."""

    def check(self):
        super().check()
        self.needs(self.rate is not None, "it takes a learning rate")

    def finished(self, layer, batch):
        super().finished(layer, batch)
        self.update_layer(layer)

    def update(self):
        """Every layer has moved already."""


class UpdatedWeightsBackwards(_LayerByLayer):
    id = "updated output weights used backwards"
    sentence = ("The hidden deltas use the weights of the layer after them when these are already updated; "
                "all gradients belong before the first update.")


class ForwardBetweenUpdates(_LayerByLayer):
    id = "forward pass repeated between the updates of the layers"
    sentence = ("The pass is repeated with the updated later layers before a hidden layer's gradients are taken; "
                "one forward pass serves all gradients of an update.")

    def finished(self, layer, batch):
        super().finished(layer, batch)
        named, self.rows = self.rows, self.names.rows(None)
        self.feed_forward(batch)
        for later in reversed(range(layer, self.depth)):
            for position in batch:
                self.enter(position)
                self.delta_layer(later)
        self.rows = named


class OnlyOutputUpdated(TakesHidden):
    id = "only the output layer updated"
    sentence = "Only the output layer's parameters were changed; the hidden layers learn as well."

    def moved(self, place, value, gradient):
        return super().moved(place, value, gradient) if place[0] == self.last else value


class OnlyHiddenUpdated(TakesHidden):
    id = "only the hidden layers updated"
    sentence = "The output layer's parameters were left as they were; they learn as well."

    def moved(self, place, value, gradient):
        return super().moved(place, value, gradient) if place[0] < self.last else value


MISTAKES = (UpdatedWeightsBackwards, ForwardBetweenUpdates, OnlyOutputUpdated, OnlyHiddenUpdated)
