"""Memory that one chunk of rows is worked on in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gibbsite._backends._numba.jit import jit
from gibbsite._backends._numba.mixture.model import BLOCK, FULL, PANEL, TIED

STRIPE = 64  # features that lie side by side in gathered rows


class Scratch(NamedTuple):
    """Flat arrays; those of a block have a row length of BLOCK, one feature or component a row.

    Attributes
    ----------
    block, centered, white : features of the rows: as they are, about a mean, and as standard normals
    values : one value a component: log densities, then responsibilities
    square, shift, density : one value a row
    gathered : rows that count for a component, in stripes of STRIPE features: [stripe, row, feature]
    share : their weights
    kept : their numbers
    tile : sums of outer products, in the same stripes: [stripe, feature, feature]
    """

    block: Any
    centered: Any
    white: Any
    values: Any
    square: Any
    shift: Any
    density: Any
    gathered: Any
    share: Any
    kept: Any
    tile: Any


@jit
def aligned(size: int, like: Any) -> Any:
    """Zeros on a cache line's boundary: vector loads that straddle lines are half as fast."""
    memory = np.zeros(size + 64 // like.itemsize, like.dtype)
    begin = (-memory.ctypes.data % 64) // like.itemsize
    return memory[begin : begin + size]


@jit
def new_scratch(model: Any, wide: Any) -> Any:
    """Scratch for a model; what tied covariances gather has the type of `wide`, float64."""
    x = model.means
    n_components, n_features = x.shape
    padded = -(-n_features // PANEL) * PANEL
    stripes = -(-n_features // STRIPE) if model.kind == FULL or model.kind == TIED else 0
    return Scratch(
        aligned(padded * BLOCK, x),
        aligned(padded * BLOCK, x),
        aligned(padded * BLOCK, x),
        aligned(n_components * BLOCK, x),
        aligned(BLOCK, x),
        aligned(BLOCK, x),
        aligned(BLOCK, x),
        aligned(stripes * BLOCK * STRIPE, wide),
        aligned(BLOCK, wide),
        np.empty(BLOCK, np.int64),
        aligned(stripes * padded * STRIPE, wide),
    )
