"""From a new interpreter to the first draw."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from benchmarks.beside import Run, beside

OURS = """
import gibbsite as gb
target = gb.targets.MultivariateNormal([0.0, 0.0], scales=[1.0, 2.0])
gb.sample(target, gb.NUTS(), chains=1, warmup=10, draws=4, seed=0, check_gradient=False)
"""
NUMPYRO = """
import jax, numpyro, numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS
def model():
    numpyro.sample("x", dist.Normal(0.0, jax.numpy.array([1.0, 2.0])).to_event(1))
MCMC(NUTS(model), num_warmup=10, num_samples=4, progress_bar=False).run(jax.random.key(0))
"""


def script(text: str) -> Run:
    return lambda: subprocess.run([sys.executable, "-W", "ignore", "-c", text], check=True)


@pytest.mark.benchmark(group="MCMC: from a new interpreter to the first draw")
def test_first_draw(benchmark: Any) -> None:
    peers = {"numpyro": script(NUMPYRO)} if importlib.util.find_spec("numpyro") else {}
    beside(benchmark, script(OURS), peers, goal={"numpyro": 10})
