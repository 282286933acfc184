"""Filling an array with draws, on one thread as NumPy does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gibbsite.kernels.random as r
from benchmarks.beside import beside, both_precisions, on_numba

N = 10_000_000


@both_precisions
@pytest.mark.parametrize("distribution", ["normal", "uniform"])
@pytest.mark.benchmark(group="random: 10^7 draws on one thread")
def test_fill(benchmark: Any, distribution: str, dtype: Any) -> None:
    out, theirs = np.empty(N, dtype), np.empty(N, dtype)
    generator = np.random.Generator(np.random.SFC64(1))
    peer = generator.standard_normal if distribution == "normal" else generator.random

    def ours() -> Any:
        return getattr(r, distribution)(N, seed=1, out=out, threads=1)

    beside(
        benchmark,
        ours,
        {"numpy SFC64": lambda: peer(out=theirs, dtype=dtype), "numba": on_numba(ours)},
        goal={"numpy SFC64": 3} if distribution == "normal" and dtype is np.float64 else {},
    )


@pytest.mark.parametrize("distribution", ["bernoulli", "categorical"])
@pytest.mark.benchmark(group="random: 10^7 draws on one thread")
def test_discrete(benchmark: Any, distribution: str) -> None:
    generator = np.random.Generator(np.random.SFC64(1))
    p = np.array([0.1, 0.2, 0.3, 0.4])
    if distribution == "bernoulli":
        beside(
            benchmark,
            lambda: r.bernoulli(0.3, N, seed=1, threads=1),
            {"numpy SFC64": lambda: generator.random(N) < 0.3},
        )
    else:
        beside(
            benchmark,
            lambda: r.categorical(p, N, seed=1, threads=1),
            {"numpy SFC64": lambda: generator.choice(4, size=N, p=p)},
        )
