"""Free energies, annealed importance sampling and exact partition functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gibbsite.kernels.rbm as k
from benchmarks.beside import beside, both_precisions, on_numba
from benchmarks.conftest import torch
from benchmarks.rbm.contestants import numpy_log_partition, torch_annealing
from benchmarks.rbm.machines import machine

# Of the usual 10^4 or so: each costs the same.
TEMPERATURES = 50


@both_precisions
@pytest.mark.benchmark(group="RBM: free energies of 1000 rows, 784 x 500")
def test_free_energy(benchmark: Any, dtype: Any) -> None:
    case = machine(500, 784, 1000, dtype)
    dense = case.v.astype(dtype)

    def in_numpy() -> Any:
        return -dense @ case.b - np.logaddexp(0, dense @ case.W.T + case.c).sum(axis=1)

    ours = lambda: k.free_energy(case.v, case.W, case.b, case.c)  # noqa: E731
    beside(benchmark, ours, {"numpy": in_numpy, "numba": on_numba(ours)})


@pytest.mark.benchmark(group=f"RBM: annealed importance sampling, 784 x 500, 1000 chains x {TEMPERATURES} temperatures")
def test_annealing(benchmark: Any) -> None:
    case = machine(500, 784, 1000)
    betas = np.linspace(0, 1, TEMPERATURES + 1)

    def ours() -> Any:
        return k.ais_step(case.v, case.W, case.b, case.c, base=case.b, betas=betas, seed=0)

    framework = torch()
    peers = {"torch": torch_annealing(case, case.b, betas, framework)} if framework else {}
    beside(benchmark, ours, {**peers, "numba": on_numba(ours)}, goal={"torch": 2})


@pytest.mark.parametrize("weights", ["small", "large"])
@pytest.mark.parametrize("n_hidden", [16, 20])
@pytest.mark.benchmark(group="RBM: exact log Z, 784 visible units, by hidden units (NumPy: at 16 only)")
def test_exact_log_partition(benchmark: Any, n_hidden: int, weights: str) -> None:
    """Where weights are large, no activation's exponential can be counted on to be finite."""
    case = machine(n_hidden, 784, 1, np.float64)
    if weights == "large":
        case = replace(case, W=1000 * case.W)
    ours = lambda: k.exact_log_partition(case.W, case.b, case.c)  # noqa: E731
    # NumPy takes most of a minute for 2^20 states: a sixteenth of them stands for all.
    in_numpy = numpy_log_partition(case) if n_hidden == 16 else None
    peers = {"numpy": in_numpy} if in_numpy else {}
    beside(benchmark, ours, {**peers, "numba": on_numba(ours)}, goal={"numpy": 20} if in_numpy else {})
