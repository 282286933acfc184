"""The fused step on a card, beside the same step written with PyTorch's matrix products."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import gibbsite.kernels.mixture as k
from benchmarks.beside import beside
from benchmarks.conftest import torch
from benchmarks.mixture.data import problem


def card() -> Any:
    """CuPy, on a machine that has a card and the compiled module for it."""
    try:
        module: Any = importlib.import_module("gibbsite._cuda")
        has_card = not module.emulated() and module.device_count() > 0
    except (ImportError, AttributeError):
        has_card = False
    if not has_card:
        pytest.skip("no card, or gibbsite was built without CUDA")
    return importlib.import_module("cupy")


def torch_step(X: Any, means: Any, log_weights: Any, library: Any) -> Any:
    """Unit precisions: weights, sums and sums of squares of every component, and the log likelihood."""
    squares = X * X
    log_prob = log_weights - 0.5 * (
        squares.sum(dim=1, keepdim=True)
        - 2 * X @ means.T
        + (means * means).sum(dim=1)
        + X.shape[1] * float(np.log(2 * np.pi))
    )
    log_density = library.logsumexp(log_prob, dim=1, keepdim=True)
    r = (log_prob - log_density).exp()
    return r.sum(dim=0), r.T @ X, r.T @ squares, log_density.sum()


@pytest.mark.gpu
@pytest.mark.benchmark(group="em_step on a card")
def test_em_step_on_a_card(benchmark: Any) -> None:
    cupy = card()
    case = problem("diag", 1_000_000, 128, 1024, np.float32)
    X, means, factor = (cupy.asarray(a) for a in (case.X, case.means, case.precisions_cholesky))
    log_weights = cupy.log(cupy.asarray(case.weights))
    statistics = k.em_step(X, log_weights, means, factor, "diag")

    def ours() -> None:
        k.em_step(X, log_weights, means, factor, "diag", out=statistics)
        cupy.cuda.get_current_stream().synchronize()

    peers = {}
    library = torch()
    if library is not None and library.cuda.is_available():
        tensors = [library.from_dlpack(a) for a in (X, means, log_weights)]

        def peer() -> None:
            torch_step(*tensors, library)
            library.cuda.synchronize()

        peers["torch"] = peer
    beside(benchmark, ours, peers)
