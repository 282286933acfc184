"""Epochs of persistent contrastive divergence with one sweep a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import BernoulliRBM as PeerRBM

from benchmarks import mnist
from benchmarks.beside import beside, on_numba
from benchmarks.conftest import torch
from benchmarks.rbm.contestants import LEARNING_RATE, torch_epoch
from benchmarks.rbm.machines import machine
from gibbsite import BernoulliRBM

BATCH = 100
EPOCHS = 5


def binary_data(name: str) -> Any:
    """Binary rows of float32, which every contestant takes."""
    if name == "mnist":
        return mnist.binarised()[mnist.TRAIN].astype(np.float32)
    return (load_digits().data >= 8).astype(np.float32)


@pytest.mark.parametrize(("data", "n_hidden"), [("mnist", 500), ("digits", 128)], ids=["784 x 500", "64 x 128"])
@pytest.mark.benchmark(group=f"RBM: {EPOCHS} epochs of PCD-1, batch {BATCH}, float32")
def test_pcd_epochs(benchmark: Any, data: str, n_hidden: int) -> None:
    X = binary_data(data)
    settings = {"n_components": n_hidden, "batch_size": BATCH, "learning_rate": LEARNING_RATE, "n_iter": EPOCHS}
    peers = {"scikit-learn": lambda: PeerRBM(**settings, random_state=0).fit(X)}
    framework = torch()
    if framework:
        epoch = torch_epoch(machine(n_hidden, X.shape[1], BATCH), X, BATCH, framework)
        peers["torch"] = lambda: [epoch() for _ in range(EPOCHS)]
    ours = lambda: BernoulliRBM(**settings, random_state=0).fit(X)  # noqa: E731
    beside(
        benchmark,
        ours,
        {**peers, "numba": on_numba(ours)},
        goal={"scikit-learn": 4, "torch": 4},
        rows=EPOCHS * len(X),
    )
