"""Many chains in step: random walks and Hamiltonian Monte Carlo, kernels beside vectorised peers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gibbsite as gb
import gibbsite.kernels.mcmc as k
from benchmarks.beside import beside, both_precisions, on_numba
from benchmarks.mcmc.contestants import blackjax_hmc, blackjax_random_walk, numpy_hmc, numpy_random_walk
from benchmarks.mcmc.problems import SEED, scales

STEPS, DRAWS = 200, 20


@both_precisions
@pytest.mark.benchmark(group=f"MCMC: {STEPS} random-walk steps of 1000 chains, 10-dimensional normal")
def test_random_walk(benchmark: Any, dtype: Any) -> None:
    q = np.random.default_rng(SEED).standard_normal((1000, 10)).astype(dtype)
    target = gb.targets.MultivariateNormal(np.zeros(10), scales=1.0)
    start = k.log_density(q, target)
    ours = lambda: k.metropolis(start, target, scale=0.7, n_steps=STEPS, seed=0, keep=False)  # noqa: E731
    peers = {"numpy": numpy_random_walk(q, dtype(0.7), STEPS)}
    if dtype is np.float64:
        peers |= blackjax_random_walk(q, 0.7, STEPS)
    beside(benchmark, ours, {**peers, "numba": on_numba(ours)}, goal={"numpy": 10, "blackjax": 50})


@both_precisions
@pytest.mark.benchmark(group=f"MCMC: {DRAWS} HMC draws of 256 chains, 10 leapfrog steps, 100-dimensional normal")
def test_hmc(benchmark: Any, dtype: Any) -> None:
    deviation = scales(100)
    q = (deviation * np.random.default_rng(SEED).standard_normal((256, 100))).astype(dtype)
    target = gb.targets.MultivariateNormal(np.zeros(100), scales=deviation)
    start = k.log_density(q, target, gradient=True)
    ours = lambda: k.hmc(start, target, step_size=0.05, n_leapfrog=10, n_draws=DRAWS, seed=0, keep=False)  # noqa: E731
    peers = {"numpy": numpy_hmc(q, deviation.astype(dtype), dtype(0.05), 10, DRAWS)}
    if dtype is np.float64:
        peers |= blackjax_hmc(q, deviation, 0.05, 10, DRAWS)
    beside(benchmark, ours, {**peers, "numba": on_numba(ours)}, goal={"blackjax": 8})


@pytest.mark.benchmark(group="MCMC: 1000 random-walk steps of 100 chains, a NumPy function in 10 dimensions")
def test_batched_callable(benchmark: Any) -> None:
    """The difference of both, over a thousand, is what a step costs beyond the callable."""
    q = np.random.default_rng(SEED).standard_normal((100, 10))

    def value(q: Any) -> Any:
        return -0.5 * np.einsum("ij,ij->i", q, q)

    target = gb.targets.from_numpy(value, 10)
    settings: dict[str, Any] = {"chains": 100, "warmup": 0, "draws": 10, "thin": 100, "seed": 0, "init": q}

    def ours() -> Any:
        with pytest.warns(gb.mcmc.SamplingWarning):
            return gb.sample(target, gb.RandomWalk(scale=0.7), **settings)

    beside(benchmark, ours, {"callable alone": lambda: [value(q) for _ in range(1000)]})
