"""The report that `gibbsite demo` writes: every method on real data, one HTML file with its pictures inside.

One module a noun. Each has a function ``sections()`` that returns a list of `Section`; the report is their
concatenation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from gibbsite.plotting import require_matplotlib

from . import mcmc, mixture, rbm
from .page import Section, render

__all__ = ["NOUNS", "Section", "write_report"]

NOUNS: dict[str, Callable[[], list[Section]]] = {
    "mixture": mixture.sections,
    "rbm": rbm.sections,
    "mcmc": mcmc.sections,
}


def write_report(path: str | Path, nouns: Iterable[str] | None = None) -> Path:
    """Fit the models, draw the pictures and write the report.

    Parameters
    ----------
    path : str or Path
        The HTML file to write.
    nouns : iterable of str, optional
        Which of ``NOUNS`` to include; all of them otherwise.

    Returns
    -------
    Path
        The absolute path of the file.

    Raises
    ------
    ImportError
        Where matplotlib is missing; the message names the extra to install.
    """
    require_matplotlib()
    chosen = list(NOUNS if nouns is None else nouns)
    sections = [section for noun in chosen for section in NOUNS[noun]()]
    target = Path(path).resolve()
    target.write_text(render(sections), encoding="utf-8")
    return target
