"""Matplotlib figures as inline SVG in the page's colours.

The colours are CSS variables, so that the pictures follow light and dark.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Stand-ins that no colour map produces; `to_svg` replaces each by its CSS variable.
INK, MUTED, GRID, PAPER = "#010203", "#010204", "#010205", "#010206"
SERIES = [f"#0108{k:02x}" for k in range(12)]
_VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper"} | {
    color: f"series-{k}" for k, color in enumerate(SERIES)
}
_figure_number = count(1)

_STYLE: Any = {
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 12,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Liberation Sans", "Arial", "Helvetica", "DejaVu Sans"],
    "font.size": 12,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "gibbsite",
    "text.color": INK,
    "xtick.color": GRID,
    "xtick.labelcolor": MUTED,
    "xtick.labelsize": 11,
    "ytick.color": GRID,
    "ytick.labelcolor": MUTED,
    "ytick.labelsize": 11,
    "ytick.major.size": 0,
}


@contextmanager
def figure(width: float = 7.0, height: float = 4.6, **subplots: Any) -> Iterator[tuple[Figure, Any]]:
    """Give a figure and its axes in the report's style; sizes in inches.

    ``subplots`` go to `Figure.subplots`. The figure belongs to no window system and the user's settings stay.
    """
    import matplotlib as mpl
    from cycler import cycler
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE | {"axes.prop_cycle": cycler(color=SERIES)}):
        fig = Figure(figsize=(width, height), layout="constrained")
        yield fig, fig.subplots(**subplots)


def to_svg(fig: Figure, description: str) -> str:
    """Return an ``<svg>`` element that scales with its column; ``description`` is read to the blind."""
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for color, name in _VARIABLES.items():
        svg = svg.replace(color, f"var(--{name})")
    # Several figures share a page: their ids must not meet. Fonts come from the page.
    prefix = f"f{next(_figure_number)}-"
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1; font-family: inherit", svg)
    opening = re.match(r"<svg[^>]*>", svg)
    assert opening is not None
    box = re.search(r'viewBox="[^"]*"', opening.group())
    assert box is not None
    return f'<svg {box.group()} role="img" aria-label="{description}">' + svg[opening.end() :].strip()
