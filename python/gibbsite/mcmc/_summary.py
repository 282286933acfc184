"""A table of what draws say, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gibbsite.mcmc._diagnostics import diagnose, mcse_mean
from gibbsite.targets._base import coordinate_names

_COLUMNS = ("mean", "sd", "5%", "50%", "95%", "mcse_mean", "ess_bulk", "ess_tail", "r_hat")
_MOST_ROWS = 60


class Summary(Mapping[str, NDArray[np.float64]]):
    """Columns by name, with one number a coordinate; prints as a table.

    Attributes
    ----------
    names : list of str
        Of the coordinates.
    """

    def __init__(self, names: list[str], columns: dict[str, NDArray[np.float64]]) -> None:
        self.names = names
        self._columns = columns

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        return self._columns[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        shown = range(len(self.names))
        if len(self.names) > _MOST_ROWS:
            shown = [*range(_MOST_ROWS // 2), *range(len(self.names) - _MOST_ROWS // 2, len(self.names))]  # type: ignore[assignment]
        rows = [["", *self._columns]]
        rows += [[self.names[k], *(_cell(name, column[k]) for name, column in self._columns.items())] for k in shown]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
            for row in rows
        ]
        if len(self.names) > _MOST_ROWS:
            lines.insert(_MOST_ROWS // 2 + 1, "...")
        return "\n".join(line.rstrip() for line in lines)


def summary(draws: Mapping[str, ArrayLike] | ArrayLike) -> Summary:
    """Summarise draws of one or several quantities.

    Parameters
    ----------
    draws : mapping of names to arrays of shape (chain, draw, ...), or one array
        For quantities that were computed from a trace too: ``summary({"tau": numpy.exp(trace["log_tau"])})``.

    Returns
    -------
    Summary
        Columns `mean`, `sd`, `5%`, `50%`, `95%`, `mcse_mean`, `ess_bulk`, `ess_tail`, `r_hat`.
    """
    arrays = {name: np.asarray(a) for name, a in (draws if isinstance(draws, Mapping) else {"x": draws}).items()}
    for name, array in arrays.items():
        if array.ndim < 2:
            raise ValueError(f"{name} should have the shape (chain, draw, ...), but got {array.shape}.")
    names = coordinate_names({name: array.shape[2:] for name, array in arrays.items()})
    rows = [
        _row(np.ascontiguousarray(flat[:, :, k], dtype=np.float64))
        for flat in (array.reshape(*array.shape[:2], -1) for array in arrays.values())
        for k in range(flat.shape[2])
    ]
    table = np.array(rows).reshape(-1, len(_COLUMNS))
    return Summary(names, {name: table[:, k] for k, name in enumerate(_COLUMNS)})


def _row(x: NDArray[np.float64]) -> tuple[Any, ...]:
    found = diagnose(x)
    sd = x.std(ddof=1) if x.size > 1 else np.nan
    return (
        x.mean(),
        sd,
        *np.quantile(x, [0.05, 0.5, 0.95]),
        mcse_mean(x),
        found.ess_bulk,
        found.ess_tail,
        found.rhat,
    )


def _cell(name: str, value: float) -> str:
    if np.isnan(value):
        return "-"
    if name.startswith("ess"):
        return f"{value:.0f}"
    return f"{value:.3f}" if name == "r_hat" else f"{value:.3g}"
