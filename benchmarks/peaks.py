"""What this machine can do at most, measured: matrix products in both precisions, and copying."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np

from benchmarks.beside import seconds

ROUNDS = 9


def gemm(dtype: Any, n: int = 2048) -> float:
    """Floating-point operations a second of a square matrix product."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, n, n)).astype(dtype)
    out = np.empty_like(a)
    return 2 * n**3 / statistics.median(seconds(lambda: np.matmul(a, b, out=out)) for _ in range(ROUNDS))


def copy(n_bytes: int = 1 << 28) -> float:
    """Bytes a second, read and written, of a copy larger than the caches on one thread."""
    a = np.ones(n_bytes, np.uint8)
    b = np.empty_like(a)
    return 2 * n_bytes / statistics.median(seconds(lambda: np.copyto(b, a)) for _ in range(ROUNDS))


def measure() -> dict[str, float]:
    """Every peak by the name that benchmarks use as `limit`."""
    return {"gemm float64": gemm(np.float64), "gemm float32": gemm(np.float32), "copy": copy()}
