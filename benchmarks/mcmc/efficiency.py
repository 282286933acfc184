"""Effective draws a gradient on twelve posteriors, beside nutpie: `python -m benchmarks.mcmc.efficiency`.

Same compiled densities, default settings, four chains; the slowest constrained parameter counts.
"""

from __future__ import annotations

import importlib
import math
import warnings
from typing import Any

import numpy as np

import gibbsite as gb
from benchmarks.mcmc.contestants import installed
from gibbsite.mcmc import ess_bulk
from tests.mcmc.posteriors import POSTERIORS, load

DRAWS = 1000


def ours(density: Any) -> tuple[Any, int]:
    """Draws, and the gradients that they cost after the warm-up."""
    trace = gb.sample(density, gb.NUTS(), draws=DRAWS, seed=1)
    return trace.draws, int(trace.stats["n_steps"].sum())


def theirs(density: Any) -> tuple[Any, int]:
    dim = density.dim
    from_pyfunc = importlib.import_module("nutpie.compiled_pyfunc").from_pyfunc

    def make_density() -> Any:
        grad = np.empty(dim)
        return lambda x, **_: (density(x, grad), grad.copy())

    model = from_pyfunc(
        dim,
        make_density,
        lambda *_: lambda x, **__: {"x": np.array(x)},
        [np.dtype("float64")],
        [(dim,)],
        ["x"],
        make_initial_point_fn=lambda seed: np.random.default_rng(seed).uniform(-2, 2, dim),
    )
    nutpie: Any = installed("nutpie")
    found = nutpie.sample(model, draws=DRAWS, tune=1000, chains=4, seed=1, progress_bar=False)
    return found.posterior["x"].values, int(found.sample_stats["n_steps"].sum())


def main() -> None:
    warnings.simplefilter("ignore")
    contestants = {"gibbsite": ours} | ({"nutpie": theirs} if installed("nutpie") else {})
    print(f"{'effective draws a gradient':42s}" + "".join(f"{name:>12s}" for name in contestants))
    logs = []
    for name, (make, _) in POSTERIORS.items():
        density, constrain = make(load(name)[0])
        rates = []
        for run in contestants.values():
            draws, gradients = run(density)
            rates.append(min(ess_bulk(values) for values in constrain(draws).values()) / gradients)
        logs.append([math.log(rate) for rate in rates])
        print(f"{name:42s}" + "".join(f"{rate:12.4f}" for rate in rates), flush=True)
    print(f"{'geometric mean':42s}" + "".join(f"{rate:12.4f}" for rate in np.exp(np.mean(logs, axis=0))))


if __name__ == "__main__":
    main()
