"""The peers: vectorised NumPy, and what is installed of BlackJAX, nutpie and walnutpie."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from benchmarks.beside import Run
from benchmarks.conftest import THREADS

Draws = Callable[[], Any]


@cache
def installed(name: str) -> Any | None:
    """A peer, or None."""
    if importlib.util.find_spec(name) is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def numpy_random_walk(q: Any, scale: float, n_steps: int) -> Run:
    """Standard normal target; all chains in one array."""

    def run() -> Any:
        rng = np.random.default_rng(0)
        state, logp = q.copy(), -0.5 * np.einsum("ij,ij->i", q, q)
        for _ in range(n_steps):
            proposal = state + scale * rng.standard_normal(state.shape)
            new = -0.5 * np.einsum("ij,ij->i", proposal, proposal)
            accepted = np.log(rng.random(len(logp))) < new - logp
            state = np.where(accepted[:, np.newaxis], proposal, state)
            logp = np.where(accepted, new, logp)
        return state

    return run


def numpy_hmc(q: Any, deviation: Any, step_size: float, n_leapfrog: int, n_draws: int) -> Run:
    """Independent normals; all chains in one array."""

    def run() -> Any:
        rng = np.random.default_rng(0)
        precision = deviation**-2.0
        state = q.copy()
        for _ in range(n_draws):
            new, p = state.copy(), rng.standard_normal(state.shape)
            start = 0.5 * (precision * new * new + p * p).sum(axis=1)
            p -= 0.5 * step_size * precision * new
            for step in range(n_leapfrog):
                new += step_size * p
                p -= (step_size if step < n_leapfrog - 1 else 0.5 * step_size) * precision * new
            end = 0.5 * (precision * new * new + p * p).sum(axis=1)
            accepted = np.log(rng.random(len(q))) < start - end
            state = np.where(accepted[:, np.newaxis], new, state)
        return state

    return run


def _blackjax_run(algorithm: Any, q: Any, n_steps: int) -> Run:
    """All chains by vmap, all steps in one compiled scan."""
    jax = importlib.import_module("jax")
    states = jax.vmap(algorithm.init)(jax.numpy.asarray(q))
    step = jax.vmap(algorithm.step)

    @jax.jit
    def scan(states: Any, key: Any) -> Any:
        def one(states: Any, key: Any) -> Any:
            return step(jax.random.split(key, len(q)), states)[0], None

        return jax.lax.scan(one, states, jax.random.split(key, n_steps))[0]

    key = jax.random.key(0)
    return lambda: jax.block_until_ready(scan(states, key))


def blackjax_random_walk(q: Any, scale: float, n_steps: int) -> dict[str, Run]:
    blackjax = installed("blackjax")
    if blackjax is None:
        return {}
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    proposal = blackjax.mcmc.random_walk.normal(scale * np.ones(q.shape[1]))
    algorithm = blackjax.additive_step_random_walk(lambda x: -0.5 * (x @ x), proposal)
    return {"blackjax": _blackjax_run(algorithm, q, n_steps)}


def blackjax_hmc(q: Any, deviation: Any, step_size: float, n_leapfrog: int, n_draws: int) -> dict[str, Run]:
    blackjax = installed("blackjax")
    if blackjax is None:
        return {}
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    precision = jax.numpy.asarray(deviation**-2.0)
    algorithm = blackjax.hmc(lambda x: -0.5 * (precision * x * x).sum(), step_size, np.ones(len(deviation)), n_leapfrog)
    return {"blackjax": _blackjax_run(algorithm, q, n_draws)}


def nutpie_draws(density: Any, n_warmup: int, n_draws: int) -> dict[str, Draws]:
    """The same compiled density, called by nutpie through Python; draws of shape (chain, draw, dim)."""
    nutpie = installed("nutpie")
    if nutpie is None:
        return {}
    from_pyfunc = importlib.import_module("nutpie.compiled_pyfunc").from_pyfunc
    dim = density.dim

    def make_density() -> Any:
        grad = np.empty(dim)

        def value(x: Any, **_: Any) -> Any:
            return density(x, grad), grad.copy()

        return value

    model = from_pyfunc(
        dim, make_density, lambda *_: lambda x, **__: {"x": np.array(x)}, [np.dtype("float64")], [(dim,)], ["x"]
    )
    settings = {"draws": n_draws, "tune": n_warmup, "chains": 4, "cores": THREADS, "progress_bar": False}

    def run() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nutpie.sample(model, seed=1, **settings).posterior["x"].values

    return {"nutpie": run}
