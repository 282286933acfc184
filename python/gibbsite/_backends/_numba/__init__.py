"""The back end for machines where nothing was compiled: the same functions as `gibbsite._cpp`, in Numba."""

from gibbsite._backends._numba import core, mcmc, mixture, random, rbm

__all__ = ["core", "mcmc", "mixture", "random", "rbm"]
