"""A network drawn as SVG: neurons with their numbers, weights with their sign and size.

A weight's line is solid where it is positive and dashed where it is negative, and the wider the larger it is.
"""

from __future__ import annotations

from html import escape

from neuronnet.render.layout import SIZE, Line, Rectangle, shapes
from neuronnet.render.picture import Picture

FONTS = "'DejaVu Sans Mono',Menlo,Consolas,monospace"
COLOURS = {  # class: in the light and in the dark
    "paper": ("#FFFFFF", "#15181C"),
    "card": ("#F3F5F7", "#252A31"),
    "frame": ("#5A6570", "#9AA5B1"),
    "ink": ("#15181C", "#F1F3F5"),
    "soft": ("#48525C", "#B9C2CB"),
    "positive": ("#0072B2", "#56B4E9"),
    "negative": ("#C14F00", "#F5A45D"),
    "none": ("#8A949E", "#77818B"),
}
DASHES = {"negative": "7 5", "none": "1 4"}


def svg(picture: Picture) -> str:
    """A Picture as the text of an SVG file, which is light or dark as its reader prefers."""
    drawn = shapes(picture)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="neuronnet" role="img" width="{drawn.width:g}" '
        f'height="{drawn.height:g}" viewBox="0 0 {drawn.width:g} {drawn.height:g}">',
        f"<title>{clean(drawn.title)}</title>",
        f"<style>{_style()}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
    ]
    return "\n".join([*lines, *map(_element, drawn.shapes), "</svg>"])


def _style():
    font = f"font:{SIZE:g}px {FONTS}"
    rules = [
        f".neuronnet{{max-width:100%;height:auto;{font}}}",
        *_colours(0),
        f"@media (prefers-color-scheme:dark){{{''.join(_colours(1))}}}",
    ]
    return "".join(rules)


def _colours(place):
    of = {look: both[place] for look, both in COLOURS.items()}
    yield f".neuronnet .paper{{fill:{of['paper']}}}"
    yield f".neuronnet .card{{fill:{of['card']};stroke:{of['frame']}}}"
    yield from (f".neuronnet .{look}{{fill:{of[look]}}}" for look in ("ink", "soft"))
    yield from (f".neuronnet .{look}{{stroke:{of[look]}}}" for look in ("positive", "negative", "none"))


def _element(shape):
    if isinstance(shape, Rectangle):
        place = " ".join(f'{key}="{getattr(shape, key):.4g}"' for key in ("x", "y", "width", "height"))
        return f'<rect class="{shape.look}" {place} rx="{8 if shape.look == "card" else 2}"/>'
    title = f"<title>{clean(shape.title)}</title>" if shape.title else ""
    if isinstance(shape, Line):
        ends = " ".join(f'{key}="{getattr(shape, key):.5g}"' for key in ("x1", "y1", "x2", "y2"))
        dash = f' stroke-dasharray="{DASHES[shape.look]}"' if shape.look in DASHES else ""
        return f'<line class="{shape.look}" {ends} stroke-width="{shape.width:.3g}"{dash}>{title}</line>'
    bold = ' font-weight="bold"' if shape.bold else ""
    place = f'x="{shape.x:.5g}" y="{shape.y + 0.35 * SIZE:.5g}" text-anchor="{shape.anchor}"'
    return f'<text class="{shape.look}" {place}{bold}>{clean(shape.text)}{title}</text>'


def clean(text: str) -> str:
    """A text for SVG and HTML: escaped, and what XML cannot hold replaced."""
    return escape("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text))
