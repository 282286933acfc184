"""log sum exp along either axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp

import gibbsite.kernels.core as c
from benchmarks.beside import beside, both_precisions, on_numba


@both_precisions
@pytest.mark.parametrize("axis", [1, 0])
@pytest.mark.benchmark(group="logsumexp, 10^6 x 16")
def test_logsumexp(benchmark: Any, axis: int, dtype: Any) -> None:
    x = np.random.default_rng(0).standard_normal((1_000_000, 16)).astype(dtype)
    out = np.empty(x.shape[1 - axis], dtype)

    def ours() -> Any:
        return c.logsumexp(x, axis=axis, out=out)

    peers = {"scipy": lambda: logsumexp(x, axis=axis), "numba": on_numba(ours)}
    beside(benchmark, ours, peers, goal={"scipy": 10})
