"""Gibbs sweeps: both half sweeps of every chain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gibbsite.kernels.rbm as k
from benchmarks.beside import beside, both_precisions, on_numba
from benchmarks.conftest import torch
from benchmarks.rbm.contestants import torch_sweeps
from benchmarks.rbm.machines import machine

SWEEPS = 10


@both_precisions
@pytest.mark.parametrize("n_chains", [100, 1000])
@pytest.mark.benchmark(group=f"RBM: {SWEEPS} Gibbs sweeps, 784 x 500")
def test_gibbs(benchmark: Any, n_chains: int, dtype: Any) -> None:
    case = machine(500, 784, n_chains, dtype)
    ours = lambda: k.gibbs(case.v, case.W, case.b, case.c, n_sweeps=SWEEPS, seed=0)  # noqa: E731
    framework = torch()
    peers = {"torch": torch_sweeps(case, SWEEPS, framework)} if framework else {}
    beside(
        benchmark,
        ours,
        {**peers, "numba": on_numba(ours)},
        goal={"torch": 5 if n_chains == 100 else 4} if dtype is np.float32 else {},
    )


@both_precisions
@pytest.mark.parametrize("density", [0.05, 0.15, 0.3, 0.5, 1.0])
@pytest.mark.benchmark(group="RBM: hidden probabilities of 1000 rows, 784 x 500, by density of ones")
def test_hidden_probabilities(benchmark: Any, density: float, dtype: Any) -> None:
    """The crossover: the peer's dense product costs the same at every density."""
    case = machine(500, 784, 1000, dtype)
    v = (np.random.default_rng(0).random(case.v.shape) < density).astype(np.uint8)
    dense, transposed = v.astype(dtype), np.ascontiguousarray(case.W.T)
    out = np.empty((1000, 500), dtype)

    def by_dense_product() -> Any:
        x = dense @ transposed + case.c
        return 1 / (1 + np.exp(-x))

    ours = lambda: k.hidden_probabilities(v, case.W, case.c, out=out)  # noqa: E731
    beside(
        benchmark,
        ours,
        {
            "numpy": by_dense_product,
            "numpy's product alone": lambda: dense @ transposed,
            "numba": on_numba(ours),
        },
    )


@both_precisions
@pytest.mark.benchmark(group="RBM: visible probabilities of 1000 rows, 784 x 500")
def test_visible_probabilities(benchmark: Any, dtype: Any) -> None:
    case = machine(500, 784, 1000, dtype)
    dense, out = case.h.astype(dtype), np.empty((1000, 784), dtype)
    ours = lambda: k.visible_probabilities(case.h, case.W, case.b, out=out)  # noqa: E731
    beside(benchmark, ours, {"numpy": lambda: 1 / (1 + np.exp(-(dense @ case.W + case.b))), "numba": on_numba(ours)})
