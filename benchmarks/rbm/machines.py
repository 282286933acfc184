"""Machines and states that every contestant of a row shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SEED = 20240229


@dataclass(frozen=True)
class Machine:
    """Weights (H, D), biases b (D) and c (H), and binary states of both sides at about their usual densities."""

    W: Any
    b: Any
    c: Any
    v: Any
    h: Any


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def machine(n_hidden: int, n_visible: int, n_rows: int, dtype: Any = np.float32, density: float = 0.15) -> Machine:
    """Small random weights, and biases that keep both sides at the density."""
    rng = np.random.default_rng(SEED)
    return Machine(
        W=(0.02 * rng.standard_normal((n_hidden, n_visible))).astype(dtype),
        b=np.full(n_visible, logit(density), dtype),
        c=np.full(n_hidden, logit(density), dtype),
        v=(rng.random((n_rows, n_visible)) < density).astype(np.uint8),
        h=(rng.random((n_rows, n_hidden)) < density).astype(np.uint8),
    )
