"""Gaussian mixtures: estimators over `gibbsite.kernels.mixture`."""

from gibbsite.mixture._bayesian import BayesianGaussianMixture
from gibbsite.mixture._gaussian import GaussianMixture
from gibbsite.mixture._inference import MonteCarloEstimate
from gibbsite.mixture._warnings import ComponentWarning

__all__ = ["BayesianGaussianMixture", "ComponentWarning", "GaussianMixture", "MonteCarloEstimate"]
