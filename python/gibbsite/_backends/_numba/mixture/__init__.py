"""Gaussian mixtures, with the names and arguments of `gibbsite._cpp.mixture`."""

from gibbsite._backends._numba.mixture.em import em_step, statistics
from gibbsite._backends._numba.mixture.kmeans import candidate_distances, kmeans_step
from gibbsite._backends._numba.mixture.m_step import m_step, merge
from gibbsite._backends._numba.mixture.rows import log_density, log_prob, predict, responsibilities
from gibbsite._backends._numba.mixture.sample import sample

__all__ = [
    "candidate_distances",
    "em_step",
    "kmeans_step",
    "log_density",
    "log_prob",
    "m_step",
    "merge",
    "predict",
    "responsibilities",
    "sample",
    "statistics",
]
