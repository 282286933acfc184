"""Markov chain Monte Carlo: `sample` with NUTS, HMC or a random walk, and what its draws are worth."""

from gibbsite.mcmc._diagnostics import ebfmi, ess_bulk, ess_mean, ess_tail, mcse_mean, mcse_sd, nested_rhat, rhat
from gibbsite.mcmc._errors import DensityError, GradientError, SamplingWarning, StartError
from gibbsite.mcmc._sample import sample
from gibbsite.mcmc._samplers import HMC, NUTS, RandomWalk
from gibbsite.mcmc._summary import Summary, summary
from gibbsite.mcmc._trace import Trace, Warmup

__all__ = [
    "HMC",
    "NUTS",
    "DensityError",
    "GradientError",
    "RandomWalk",
    "SamplingWarning",
    "StartError",
    "Summary",
    "Trace",
    "Warmup",
    "ebfmi",
    "ess_bulk",
    "ess_mean",
    "ess_tail",
    "mcse_mean",
    "mcse_sd",
    "nested_rhat",
    "rhat",
    "sample",
    "summary",
]
