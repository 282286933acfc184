"""Gaussian mixtures: densities, the fused E and M pass, statistics that merge, the M step, draws, k-means.

Everywhere N is the number of rows, D of features, K of components, and `precisions_cholesky` is scikit-learn's: upper
triangular P with y = (x - mean) @ P standard normal, of shape (K, D, D) for "full", (D, D) for "tied", (K, D) for
"diag" and (K,) for "spherical" covariances. float32 and float64 data are worked on as they are, all else in float64.
"""

from gibbsite.kernels.mixture.densities import log_density, log_prob, predict, responsibilities
from gibbsite.kernels.mixture.kmeans import candidate_distances, kmeans, kmeans_plusplus, kmeans_step
from gibbsite.kernels.mixture.sampling import sample
from gibbsite.kernels.mixture.statistics import Statistics, merge
from gibbsite.kernels.mixture.steps import IllDefinedCovarianceError, Parameters, em_step, m_step, statistics

__all__ = [
    "IllDefinedCovarianceError",
    "Parameters",
    "Statistics",
    "candidate_distances",
    "em_step",
    "kmeans",
    "kmeans_plusplus",
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
