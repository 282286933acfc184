"""Epochs and sweeps on a card, beside the same written with PyTorch's matrix products on the same card."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gibbsite.kernels.rbm as k
from benchmarks.beside import Run, beside
from benchmarks.conftest import torch
from benchmarks.mixture.test_device import card
from benchmarks.rbm.contestants import LEARNING_RATE, torch_epoch, torch_sweeps
from benchmarks.rbm.machines import machine
from gibbsite import BernoulliRBM

SWEEPS = 10
# Few chains are a matter of latency, many of arithmetic.
CHAINS = [100, 10_000]
ROWS = {100: 10_000, 10_000: 100_000}


def finished(run: Run, synchronize: Run) -> Run:
    """The same, until the card has done it."""

    def whole() -> None:
        run()
        synchronize()

    return whole


def library_on_card() -> Any:
    """PyTorch where it sees the card, else None."""
    library = torch()
    return library if library is not None and library.cuda.is_available() else None


@pytest.mark.gpu
@pytest.mark.parametrize("n_chains", CHAINS)
@pytest.mark.benchmark(group="RBM: an epoch of PCD-1 on a card, 784 x 500, float32, by rows of a batch")
def test_pcd_epoch_on_a_card(benchmark: Any, n_chains: int) -> None:
    """A whole fit of one epoch, with checks, first weights and measurements; the peer has its steps only."""
    cupy = card()
    case = machine(500, 784, n_chains)
    X = (np.random.default_rng(0).random((ROWS[n_chains], 784)) < 0.15).astype(np.float32)
    settings = {"batch_size": n_chains, "learning_rate": LEARNING_RATE, "n_iter": 1, "random_state": 0}
    on_card, library = cupy.asarray(X), library_on_card()
    peers = {}
    if library is not None:
        peers["torch"] = finished(torch_epoch(case, X, n_chains, library, "cuda"), library.cuda.synchronize)
    ours = finished(lambda: BernoulliRBM(500, **settings).fit(on_card), cupy.cuda.get_current_stream().synchronize)
    beside(benchmark, ours, peers, rows=len(X))


@pytest.mark.gpu
@pytest.mark.parametrize("n_chains", CHAINS)
@pytest.mark.benchmark(group=f"RBM: {SWEEPS} Gibbs sweeps on a card, 784 x 500, float32, by chains")
def test_gibbs_on_a_card(benchmark: Any, n_chains: int) -> None:
    cupy = card()
    case = machine(500, 784, n_chains)
    v, W, b, c = (cupy.asarray(a) for a in (case.v, case.W, case.b, case.c))
    library, peers = library_on_card(), {}
    if library is not None:
        peers["torch"] = finished(torch_sweeps(case, SWEEPS, library, "cuda"), library.cuda.synchronize)
    ours = finished(lambda: k.gibbs(v, W, b, c, n_sweeps=SWEEPS, seed=0), cupy.cuda.get_current_stream().synchronize)
    beside(benchmark, ours, peers)
