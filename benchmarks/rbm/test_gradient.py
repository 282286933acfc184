"""The gradient from both phases, and the step along it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gibbsite.kernels.rbm as k
from benchmarks.beside import beside, both_precisions, on_numba
from benchmarks.rbm.machines import SEED, machine

ROWS = 100


@both_precisions
@pytest.mark.benchmark(group="RBM: gradient of 100 rows and 100 chains, 784 x 500")
def test_gradient(benchmark: Any, dtype: Any) -> None:
    data, model = machine(500, 784, ROWS, dtype), machine(500, 784, ROWS, dtype, density=0.2)
    rng = np.random.default_rng(SEED)
    h, h_model = rng.random((2, ROWS, 500)).astype(dtype)
    v, v_model = data.v.astype(dtype), model.v.astype(dtype)

    def in_numpy() -> Any:
        W = (h.T @ v - h_model.T @ v_model) / ROWS
        return W, v.mean(0) - v_model.mean(0), h.mean(0) - h_model.mean(0)

    ours = lambda: k.gradient(data.v, h, model.v, h_model)  # noqa: E731
    beside(benchmark, ours, {"numpy": in_numpy, "numba": on_numba(ours)})


@both_precisions
@pytest.mark.benchmark(group="RBM: a step with momentum and weight decay, 784 x 500")
def test_update(benchmark: Any, dtype: Any) -> None:
    case = machine(500, 784, 1, dtype)
    gradient = k.Gradient(*(np.full_like(a, 1e-6) for a in (case.W, case.b, case.c)), None)
    velocity = [np.zeros_like(a) for a in (case.W, case.b, case.c)]

    def in_numpy() -> None:
        for parameter, slope, speed, decay in zip(
            (case.W, case.b, case.c), gradient[:3], velocity, (1e-4, 0, 0), strict=True
        ):
            speed *= 0.5
            speed += 0.01 * (slope - decay * parameter)
            parameter += speed

    def ours() -> Any:
        return k.update(case.W, case.b, case.c, gradient, velocity=velocity, learning_rate=0.01, momentum=0.5, l2=1e-4)

    beside(benchmark, ours, {"numpy": in_numpy, "numba": on_numba(ours)})
