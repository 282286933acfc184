"""Restricted Boltzmann machines: estimators over `gibbsite.kernels.rbm`."""

from gibbsite.rbm._bernoulli import BernoulliRBM
from gibbsite.rbm._gaussian import GaussianRBM
from gibbsite.rbm._likelihood import LogLikelihood
from gibbsite.rbm._training import DivergenceWarning, Epoch

__all__ = ["BernoulliRBM", "DivergenceWarning", "Epoch", "GaussianRBM", "LogLikelihood"]
