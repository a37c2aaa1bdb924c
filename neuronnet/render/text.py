"""Descriptions, derivations and explanations as plain text.

Computed numbers are written with nine decimals (below a millionth: nine decimals and a power of ten), given
ones as they were written.
"""

MOST_SHOWN = 60  # given numbers of an example that fit on a screen


def nine_decimals(value):
    """`value` as text with nine decimals; with a power of ten where it is too small or too large for these."""
    try:
        far = value != 0 and (
            abs(value) < 1e-6 or abs(value) >= 1e15
        )  # 1e15: a float has no nine decimals there
        return format(value, ".9e" if far else ".9f")
    except TypeError:
        return str(value)


def as_given(value):
    """`value` in the fewest digits that mean it: 0.5, 1, 0.05."""
    text = str(value)
    return text[:-2] if text.endswith(".0") else text


def conventions(description):
    """The conventions of a network, one sentence each: what the published versions of an example differ in."""
    loss = {
        "half squared error": "E_o = 1/2 (target - out)^2, with the half",
        "squared error": "E_o = (target - out)^2, without the half",
        "binary cross-entropy": "E_o = -(target ln out + (1 - target) ln(1 - out))",
        "categorical cross-entropy": "E_o = -target ln out",
        "output": "E_o = out_o, the output itself",
    }[description.loss]
    sentences = [
        f"loss: {description.loss}, {loss}",
        f"outputs: E_total is the {description.outputs} over the outputs",
    ]
    if len(description.samples) > 1:
        batch = {
            "online": f"each update rests on one sample, {_order(description)}",
            "full": "each update rests on all samples",
        }.get(
            description.batch,
            f"each update rests on {description.batch} samples, {_order(description)}",
        )
        sentences.append(
            f"samples: {len(description.samples)}, combined by {description.samples_combine}; {batch}"
        )
    if description.l2 != 0:
        scale = ", divided by the number of samples" if description.l2_scale == "per sample" else ""
        sentences.append(
            f"L2: adds {as_given(description.l2)}/2 times the sum of all squared weights{scale}, biases left out"
        )
    for number, layer in enumerate(description.layers, 1):
        sentences.append(f"layer {number}: {_size(layer)} {layer.activation}; bias: {_bias(layer)}")
    if description.learning_rate is not None:
        update = description.update
        settings = "".join(f", {name} {as_given(value)}" for name, value in update.settings.items())
        rule = "" if update.rule == "gradient descent" else f"{update.rule}{settings}; "
        sentences.append(
            f"update: {rule}simultaneous (all gradients first, with the old weights), "
            f"learning rate eta = {as_given(description.learning_rate)}"
        )
    return sentences


def _order(description):
    order = description.order
    return "in turn" if order.kind == "in turn" else f"at random with seed {order.seed}"


def _size(layer):
    return f"{layer.neurons} neuron{'' if layer.neurons == 1 else 's'},"


def _bias(layer):
    if layer.bias is None:
        return "none"
    kind = "one per neuron" if layer.bias_kind == "per neuron" else "one shared by the layer"
    return f"{kind}, {'trained' if layer.train_bias else 'frozen (has a gradient, is never updated)'}"


def row(quantity, derivation):
    """One line: name = formula in names = formula in numbers = value."""
    value = nine_decimals(derivation.printed_value(quantity))
    if quantity.expression is None:
        return f"{quantity.name} = {as_given(quantity.value) if quantity.part == 'given' else value}"
    numbers = quantity.expression.format(lambda name: _number_of(name, derivation))
    parts = [quantity.name, quantity.formula, numbers, value]
    return " = ".join(
        part for position, part in enumerate(parts) if position == 0 or part != parts[position - 1]
    )


def _number_of(name, derivation):
    if name in derivation.given:
        return as_given(derivation.given[name])
    return nine_decimals(derivation.printed_value(derivation[name]))


def name_and_value(quantity):
    """One line: name = value, a small value also in the notation that keeps its digits."""
    value = nine_decimals(quantity.value)
    if 0 < abs(quantity.value) < 1e-3:
        value += f"   ({quantity.value:.9e})"
    return f"{quantity.name} = {value}"


def derivation(finished, leave_out=()):
    """A whole derivation: conventions, given numbers, then every quantity under the heading of its part."""
    description = finished.description
    lines = [description.title, "", "Conventions"] + [
        f"  {sentence}" for sentence in conventions(description)
    ]
    lines += ["", "Given"] + [f"  {line}" for line in _given(finished)]
    part = None
    for quantity in finished.quantities:
        if quantity.part in leave_out:
            continue
        if quantity.part != part:
            part = quantity.part
            lines += ["", part[0].upper() + part[1:]]
        lines.append(f"  {row(quantity, finished)}")
    return "\n".join(lines)


def _given(finished, per_line=6):
    pairs = [
        f"{name} = {as_given(value)}"
        for name, value in finished.given.items()
        if not (name == finished.names.l2 and value == 0)
    ]
    return ["   ".join(pairs[start : start + per_line]) for start in range(0, len(pairs), per_line)]


def explanation(quantity, factors, finished):
    """One quantity, its formula in names and in numbers on lines of their own, and each of its factors."""
    indent = "\n" + " " * len(quantity.name)
    lines = [row(quantity, finished).replace(" = ", f"{indent} = ").replace(f"{indent} = ", " = ", 1)]
    if factors:
        lines += ["where"] + [f"  {row(factor, finished)}" for factor in factors]
    return "\n".join(lines)


def training(description, rows):
    """A training as a table: update, E_total, and the accuracies where the targets are classes."""
    columns = [
        key for key in rows[0] if key in ("update", "E_total") or any(row[key] is not None for row in rows)
    ]
    cells = [[key.replace("_", " ") if key != "E_total" else key for key in columns]]
    for row in rows:
        cells.append(
            [str(row["update"]), nine_decimals(row["E_total"]), *(_share(row[key]) for key in columns[2:])]
        )
    widths = [max(len(row[column]) for row in cells) for column in range(len(columns))]
    lines = (
        [description.title, "", "Conventions"]
        + [f"  {sentence}" for sentence in conventions(description)]
        + [""]
    )
    return "\n".join(
        lines + ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in cells]
    )


def _share(value):
    return "" if value is None else f"{value:.4f}"


def example_list(descriptions):
    """The examples by name, each with its title."""
    width = max(map(len, descriptions))
    return "\n".join(f"{name.ljust(width)}  {each.title}" for name, each in descriptions.items())


def example(description, finished):
    """One example: where it is from, its conventions, and its published numbers beside the true ones.

    `finished` is its derivation, or None for a network too large to be derived whole.
    """
    lines = [description.title] + [
        text.strip() for text in (description.source, description.about) if text is not None
    ]
    lines += ["", "Conventions"] + [f"  {sentence}" for sentence in conventions(description)]
    if finished is not None and len(finished.given) <= MOST_SHOWN:
        lines += ["", "Given"] + [f"  {line}" for line in _given(finished)]
    if description.published and finished is not None:
        lines += ["", "Published numbers", *_published(description.published, finished)]
    if description.run:
        lines += [
            "",
            "Published numbers of a long run (computed by `train`, not here)",
            *_run(description.run),
        ]
    for erratum in description.errata:
        lines += [
            "",
            f"Erratum: {erratum.quantity} is printed as {erratum.printed}; it should be "
            f"{erratum.should_be}. {erratum.reason}",
        ]
    return "\n".join(lines)


def _run(published):
    width = max(len(each.quantity) for each in published)
    for each in published:
        yield f"  {each.quantity.ljust(width)}  {each.printed}  {each.verdict}"
        if each.reason is not None:
            yield f"      {each.reason}"


def _published(published, finished):
    rows = [
        (each.quantity, each.printed, f"{finished.value_of(each.quantity):.12g}", each.verdict)
        for each in published
    ]
    rows.insert(0, ("quantity", "printed", "computed", "verdict"))
    widths = [max(len(each[column]) for each in rows) for column in range(3)]
    for number, each in enumerate(rows):
        padded = [cell.ljust(width) for cell, width in zip(each, widths)]
        yield "  " + "  ".join(padded + [each[3]])
        reason = published[number - 1].reason if number else None
        if reason:
            yield f"      {reason}"
