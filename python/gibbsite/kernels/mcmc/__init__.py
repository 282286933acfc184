"""Markov chain Monte Carlo: log densities, random walks, leapfrog, HMC and NUTS on batches of chains."""

from gibbsite.kernels.mcmc._target import PackedTarget

__all__ = ["PackedTarget"]
