"""Likelihoods that training reaches, beside scikit-learn and a plain PyTorch loop: `python -m benchmarks.rbm.quality`.

Writes benchmarks/results/rbm_quality.json and its table in docs/performance.md. Every contestant takes the same number
of updates on the same rows, and all are judged by the same likelihoods. Needs PyTorch, and MNIST in the shared data.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.neural_network import BernoulliRBM as PeerRBM

from benchmarks import mnist
from gibbsite import BernoulliRBM

ROOT = Path(__file__).resolve().parents[2]
RESULTS, PAGE = ROOT / "benchmarks" / "results" / "rbm_quality.json", ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- rbm quality: begin -->", "<!-- rbm quality: end -->"

SEEDS = (0, 1, 2)
RATES = (0.01, 0.02, 0.05, 0.1, 0.2)
DIGITS = {"n_components": 16, "batch_size": 50, "n_iter": 200}
MNIST = {"n_components": 500, "batch_size": 100, "n_iter": 50, "learning_rate": 0.1, "schedule": "linear"}
TEMPERATURES = 5_000


def torch_machine(X: Any, rate: Callable[[int], float], settings: dict[str, Any], seed: int, centered: bool) -> Any:
    """PCD-1 as in most tutorials, W (H, D) and both biases; with the centred gradient of Melchior et al. on request."""
    torch.manual_seed(seed)
    n_hidden, size = settings["n_components"], settings["batch_size"]
    mean = torch.from_numpy(X.mean(axis=0)).clamp(1e-3, 1 - 1e-3)
    W, b, c = 0.01 * torch.randn(n_hidden, X.shape[1]), torch.log(mean / (1 - mean)), torch.zeros(n_hidden)
    h = torch.bernoulli(torch.full((size, n_hidden), 0.5))
    center = torch.full((n_hidden,), 0.5)
    data = torch.from_numpy(X)
    for epoch in range(settings["n_iter"]):
        if centered:  # the centred run draws its rows anew, as ours on MNIST
            data = torch.from_numpy(drawn(seed, epoch))
        for start in range(0, len(data) - size + 1, size):
            v = data[start : start + size]
            hv = torch.sigmoid(v @ W.T + c)
            model = torch.bernoulli(torch.sigmoid(h @ W + b))
            hm = torch.sigmoid(model @ W.T + c)
            dW, db, dc = (hv.T @ v - hm.T @ model) / size, (v - model).mean(0), (hv - hm).mean(0)
            if centered:
                center += 0.01 * (hv.mean(0) - center)
                dW = dW - torch.outer(center, db) - torch.outer(dc, mean)
                db, dc = db - center @ dW, dc - dW @ mean
            step = rate(epoch * (len(data) // size) + start // size)
            W, b, c = W + step * dW, b + step * db, c + step * dc
            h = torch.bernoulli(hm)
    return as_estimator(W.numpy(), b.numpy(), c.numpy())


def as_estimator(W: Any, b: Any, c: Any) -> BernoulliRBM:
    """A machine that others trained, with our methods."""
    model = BernoulliRBM(len(c), random_state=0).fit(np.zeros((1, len(b)), np.float32))
    model.components_, model.intercept_visible_, model.intercept_hidden_ = (
        np.ascontiguousarray(a, np.float32) for a in (W, b, c)
    )
    return model


def drawn(seed: int, epoch: int) -> Any:
    """The training rows of one epoch: each pixel a draw with probability grey value / 255."""
    grey = mnist.images()[mnist.TRAIN] / np.float32(255)
    return (np.random.default_rng([seed, epoch]).random(grey.shape, np.float32) < grey).astype(np.float32)


def scikit_learn(X: Any, rate: float, seed: int) -> BernoulliRBM:
    peer = PeerRBM(**DIGITS, learning_rate=rate, random_state=seed).fit(X)
    return as_estimator(peer.components_, peer.intercept_visible_, peer.intercept_hidden_)


def digits() -> list[dict[str, Any]]:
    """Exact test log-likelihoods on binarised digits, the best of five learning rates for each contestant."""
    X = (load_digits().data >= 8).astype(np.float32)
    train, test = X[:1500], X[1500:]
    schemes = {"PCD": {}, "centred PCD": {"centered": True}, "centred PT": {"method": "pt", "centered": True}}
    contestants: dict[str, Callable[[float, int], Any]] = {
        "scikit-learn": lambda rate, seed: scikit_learn(train, rate, seed),
        "PyTorch, PCD": lambda rate, seed: torch_machine(train, lambda _: rate, DIGITS, seed, False),
    }
    for name, options in schemes.items():
        contestants[f"gibbsite, {name}"] = lambda rate, seed, options=options: BernoulliRBM(
            **DIGITS, learning_rate=rate, random_state=seed, **options
        ).fit(train)
    rows = []
    for name, fit in contestants.items():
        by_rate = {r: [fit(r, seed).log_likelihood(test, "exact").value for seed in SEEDS] for r in RATES}
        rate = max(by_rate, key=lambda r: statistics.mean(by_rate[r]))
        rows.append(
            {"data": "digits, 16 hidden units", "trained by": name, "learning rate": rate, "exact": by_rate[rate]}
        )
        print(rows[-1], flush=True)
    return rows


class Redrawn:
    """An iterable of one chunk, drawn anew every time it is gone through."""

    def __init__(self, seed: int) -> None:
        self.seed, self.epoch = seed, 0

    def __iter__(self) -> Iterator[Any]:
        yield drawn(self.seed, self.epoch)
        self.epoch += 1


def large() -> list[dict[str, Any]]:
    """Brackets of the test log-likelihood on MNIST: 8000 rows, 500 hidden units, centred PCD-1, 50 epochs."""
    test = mnist.binarised()[mnist.TEST]
    steps = MNIST["n_iter"] * (8000 // MNIST["batch_size"])

    def falling(step: int) -> float:
        return MNIST["learning_rate"] * (1 - step / steps)

    contestants = {
        "gibbsite, centred PCD": lambda seed: BernoulliRBM(**MNIST, centered=True, random_state=seed).fit(
            Redrawn(seed)
        ),
        "PyTorch, centred PCD": lambda seed: torch_machine(drawn(seed, 0), falling, MNIST, seed, True),
    }
    rows = []
    for name, fit in contestants.items():
        found = [fit(seed).log_likelihood(test, "ais", n_temperatures=TEMPERATURES, random_state=0) for seed in SEEDS]
        rows.append(
            {
                "data": "MNIST, 500 hidden units",
                "trained by": name,
                "learning rate": MNIST["learning_rate"],
                "lower": [one.lower for one in found],
                "upper": [one.upper for one in found],
                "standard errors": [max(one.standard_error, one.lower_standard_error) for one in found],
            }
        )
        print(rows[-1], flush=True)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    def three(values: list[float]) -> str:
        return ", ".join(f"{value:.2f}" for value in values)

    lines = [
        "| data | trained by | learning rate | test log-likelihood, nats a row (three seeds) |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        value = three(row["exact"]) if "exact" in row else f"between {three(row['lower'])} and {three(row['upper'])}"
        lines.append(f"| {row['data']} | {row['trained by']} | {row['learning rate']} | {value} |")
    return "\n".join(lines)


def write(rows: list[dict[str, Any]]) -> None:
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(rows)}\n\n{END}{after}")


def main() -> None:
    if sys.argv[1:] == ["--write"]:
        write(json.loads(RESULTS.read_text()))
        return
    rows = digits() + large()
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    write(rows)


if __name__ == "__main__":
    main()
