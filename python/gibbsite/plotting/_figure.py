"""What every picture needs: matplotlib, an `Axes`, colours, numbers on the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def require_matplotlib() -> Any:
    """Return `matplotlib.pyplot`, or raise an ImportError that names the extra to install."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plotting needs matplotlib: pip install gibbsite[plot]") from error
    return plt


def axes(ax: Axes | None) -> Axes:
    """Return `ax`, or the current axes."""
    current: Axes = require_matplotlib().gca() if ax is None else ax
    return current


def to_numpy(array: Any) -> NDArray[np.float64]:
    """Bring a parameter to the host: CuPy arrays have `get`."""
    return np.asarray(array.get() if hasattr(array, "get") else array, dtype=np.float64)


def palette_of(colors: Sequence[Any] | None, count: int) -> list[Any]:
    """Return `count` colours, of matplotlib's cycle where none are given."""
    if colors is None:
        colors = require_matplotlib().rcParams["axes.prop_cycle"].by_key()["color"]
    return [colors[k % len(colors)] for k in range(count)]
