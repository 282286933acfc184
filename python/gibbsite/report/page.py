"""The page: sections, figures and tables as HTML. No script, no network.

The style sheet lies beside this file.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .facts import headline

# Between the page's light and dark series colours: pictures cannot follow the theme.
_POSITIVE = np.array([0.88, 0.47, 0.29])
_NEGATIVE = np.array([0.25, 0.59, 0.71])


@dataclass(frozen=True)
class Section:
    """A part of the report: its title, an opening paragraph and the HTML that follows."""

    title: str
    lead: str
    body: str


def caption(content: str, text: str, *, kind: str = "figure") -> str:
    """Put a picture, or several, over its caption. ``text`` is HTML."""
    return f'<figure class="{kind}">{content}<figcaption>{text}</figcaption></figure>'


def row(*parts: str) -> str:
    """Lay parts side by side where the window is wide enough."""
    return f'<div class="row">{"".join(parts)}</div>'


def table(header: Sequence[str], rows: Sequence[Sequence[str]], groups: Sequence[tuple[str, int]] = ()) -> str:
    """Make a table; cells are HTML, the first column is text, the others are numbers.

    ``groups`` puts titles over the header, each with the number of columns that it spans.
    """
    over = "".join(f'<th colspan="{span}" class="group">{title}</th>' for title, span in groups)
    over = f"<tr>{over}</tr>" if groups else ""
    head = "".join(f"<th>{cell}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows)
    return f'<div class="scroll"><table><thead>{over}<tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def tiles(images: NDArray[Any], labels: Sequence[str] | None = None, *, alt: str) -> str:
    """Show grey images, of shape (n, height, width) and values from 0 to 1, in a row of tiles.

    Grey becomes opacity, and the page's ink the colour, so that strokes are dark on light and light on dark.
    """
    cells = []
    for i, image in enumerate(images):
        note = "" if labels is None else f"<span>{labels[i]}</span>"
        cells.append(
            f'<div class="tile"><div><img alt="{html.escape(alt)} {i + 1}" src="{_png(image)}"></div>{note}</div>'
        )
    return f'<div class="tiles">{"".join(cells)}</div>'


def signed_tiles(images: NDArray[Any], *, alt: str) -> str:
    """Show images of values from -1 to 1 in a row of tiles: the sign is the colour, the size its opacity."""
    cells = []
    for i, image in enumerate(images):
        source = _png(np.abs(image), np.where(image[..., np.newaxis] < 0, _NEGATIVE, _POSITIVE))
        cells.append(f'<div class="tile signed"><div><img alt="{html.escape(alt)} {i + 1}" src="{source}"></div></div>')
    return f'<div class="tiles">{"".join(cells)}</div>'


def _png(opacity: NDArray[Any], color: NDArray[Any] | float = 0.0) -> str:
    from matplotlib.image import imsave

    rgba = np.zeros((*opacity.shape, 4))
    rgba[..., :3] = color
    rgba[..., 3] = np.clip(opacity, 0.0, 1.0)
    buffer = io.BytesIO()
    imsave(buffer, rgba, format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def render(sections: Sequence[Section]) -> str:
    """Assemble the whole page."""
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    facts = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>" for name, value in headline()
    )
    contents = "".join(f'<li><a href="#part-{i}">{section.title}</a></li>' for i, section in enumerate(sections, 1))
    parts = "".join(
        f'<section id="part-{i}"><h2><span class="number">{i}</span>{section.title}</h2>'
        f'<p class="lead">{section.lead}</p>{section.body}</section>'
        for i, section in enumerate(sections, 1)
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>gibbsite: report</title>
<style>
{style}</style>
</head>
<body>
<header>
<p class="brand">gibbsite</p>
<h1>Every method on real data</h1>
<p class="lead">Fitted, drawn and timed on this machine by <code>gibbsite demo</code>.</p>
<dl class="facts">{facts}</dl>
<nav><ol>{contents}</ol></nav>
</header>
<main>{parts}</main>
<footer>All of this was computed when the page was written. It needs no network.</footer>
</body>
</html>
"""
