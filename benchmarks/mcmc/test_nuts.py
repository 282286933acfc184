"""The No-U-Turn sampler: seconds for as many effective draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gibbsite as gb
from benchmarks.beside import beside
from benchmarks.mcmc.contestants import Draws, nutpie_draws
from benchmarks.mcmc.problems import regression, scales
from gibbsite.mcmc import ess_bulk

WARMUP, DRAWS = 500, 500


def per_effective_draw(benchmark: Any, ours: Draws, peers: dict[str, Draws], **facts: Any) -> None:
    """As `beside`; a peer's seconds are those that it would take for as many effective draws of the slowest coordinate.

    The effective draws of each contestant go to `extra_info["effective draws"]`.
    """
    beside(benchmark, ours, peers, **facts)
    effective = {name: float(np.min(ess_bulk(run()))) for name, run in {"gibbsite": ours, **peers}.items()}
    times = benchmark.extra_info["peers"]
    for name in times:
        times[name] *= effective["gibbsite"] / effective[name]
    benchmark.extra_info["effective draws"] = {name: round(value) for name, value in effective.items()}


def draws(target: Any, **options: Any) -> Any:
    return gb.sample(target, gb.NUTS(), warmup=WARMUP, draws=DRAWS, seed=1, **options).draws


def on_numba(run: Draws) -> Draws:
    def inside() -> Any:
        with gb.backend("numba"):
            return run()

    return inside


@pytest.mark.benchmark(group="MCMC: NUTS, logistic regression of 1000 x 25, as many effective draws")
@pytest.mark.parametrize("kind", ["numba density", "native"])
def test_logistic_regression(benchmark: Any, kind: str) -> None:
    problem = regression()
    ours = lambda: draws(problem.native if kind == "native" else problem.density)  # noqa: E731
    per_effective_draw(
        benchmark,
        ours,
        {**nutpie_draws(problem.density, WARMUP, DRAWS), "numba": on_numba(ours)},
        goal={"nutpie": 3},
    )


@pytest.mark.benchmark(group="MCMC: NUTS, 100-dimensional normal, as many effective draws")
def test_normal(benchmark: Any) -> None:
    deviation = scales(100)
    target = gb.targets.MultivariateNormal(np.zeros(100), scales=deviation)
    precision = deviation**-2.0

    @gb.targets.density(dim=100, fastmath=True)
    def logp(q: Any, grad: Any) -> Any:
        total = 0.0
        for j in range(len(q)):
            grad[j] = -precision[j] * q[j]
            total += 0.5 * grad[j] * q[j]
        return total

    ours = lambda: draws(target)  # noqa: E731
    per_effective_draw(benchmark, ours, {**nutpie_draws(logp, WARMUP, DRAWS), "numba": on_numba(ours)})
