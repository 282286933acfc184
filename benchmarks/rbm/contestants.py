"""The same work in PyTorch, on whole arrays, as its users write it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.beside import Run
from benchmarks.rbm.machines import SEED, Machine

LEARNING_RATE = 0.01


class TorchMachine:
    """Parameters and states of one machine as tensors, on the host or a card."""

    def __init__(self, machine: Machine, torch: Any, device: str = "cpu") -> None:
        self.torch = torch
        torch.manual_seed(SEED)
        self.W, self.b, self.c = (torch.from_numpy(a.copy()).to(device) for a in (machine.W, machine.b, machine.c))
        self.v, self.h = (torch.from_numpy(a.astype(machine.W.dtype)).to(device) for a in (machine.v, machine.h))

    def hidden(self, v: Any) -> Any:
        return self.torch.sigmoid(self.torch.addmm(self.c, v, self.W.T))

    def visible(self, h: Any) -> Any:
        return self.torch.sigmoid(self.torch.addmm(self.b, h, self.W))

    def sweep(self) -> None:
        self.h = self.torch.bernoulli(self.hidden(self.v))
        self.v = self.torch.bernoulli(self.visible(self.h))

    def pcd_step(self, batch: Any) -> None:
        """One step of persistent contrastive divergence, as scikit-learn orders it."""
        data_hidden = self.hidden(batch)
        v = self.torch.bernoulli(self.visible(self.h))
        model_hidden = self.hidden(v)
        rate = LEARNING_RATE / len(batch)
        self.W += rate * (data_hidden.T @ batch - model_hidden.T @ v)
        self.b += rate * (batch.sum(0) - v.sum(0))
        self.c += rate * (data_hidden.sum(0) - model_hidden.sum(0))
        self.h = self.torch.bernoulli(model_hidden)


def torch_epoch(machine: Machine, X: Any, batch_size: int, torch: Any, device: str = "cpu") -> Run:
    contestant = TorchMachine(machine, torch, device)
    data = torch.from_numpy(X.astype(machine.W.dtype)).to(device)

    def run() -> None:
        with torch.no_grad():
            for start in range(0, len(data), batch_size):
                contestant.pcd_step(data[start : start + batch_size])

    return run


def torch_sweeps(machine: Machine, n_sweeps: int, torch: Any, device: str = "cpu") -> Run:
    contestant = TorchMachine(machine, torch, device)

    def run() -> None:
        with torch.no_grad():
            for _ in range(n_sweeps):
                contestant.sweep()

    return run


def torch_annealing(machine: Machine, base: Any, betas: Any, torch: Any) -> Run:
    """The weights of annealed importance sampling, and its moves, one temperature at a time."""
    contestant = TorchMachine(machine, torch)
    bias = torch.from_numpy(base)

    def run() -> Any:
        with torch.no_grad():
            v, log_weight = contestant.v, torch.zeros(len(machine.v), dtype=torch.float64)
            for low, high in pairwise(betas):
                a = torch.addmm(contestant.c, v, contestant.W.T)
                softplus = torch.nn.functional.softplus
                log_weight += (high - low) * (v @ (contestant.b - bias)) + (softplus(high * a) - softplus(low * a)).sum(
                    1
                )
                h = torch.bernoulli(torch.sigmoid(high * a))
                x = (1 - high) * bias + high * torch.addmm(contestant.b, h, contestant.W)
                v = torch.bernoulli(torch.sigmoid(x))
            return log_weight

    return run


def numpy_log_partition(machine: Machine, block: int = 1 << 12) -> Run:
    """Enumerates the hidden states, a block of them at a time."""
    n_hidden = len(machine.c)
    W, b, c = (a.astype(np.float64) for a in (machine.W, machine.b, machine.c))

    def run() -> float:
        total = -np.inf
        for start in range(0, 1 << n_hidden, block):
            states = np.arange(start, start + block)[:, None] >> np.arange(n_hidden) & 1
            terms = states @ c + np.logaddexp(0, states @ W + b).sum(axis=1)
            total = np.logaddexp(total, np.logaddexp.reduce(terms))
        return float(total)

    return run
