"""Markov chain Monte Carlo: log densities, random walks, leapfrog steps, HMC, the no-U-turn sampler.

Everywhere C is the number of chains, D of dimensions; q (C, D) holds one point a chain. State in, state and info out:
what is passed is not changed, and `out=` takes what an earlier call gave, to be written over.

Points, momenta and gradients have q's dtype where that is float32 or float64, and are float64 for all else. Log
densities and energies are always float64.

Random numbers are placed by (seed, chain, draw): they do not depend on the back end, on the number of threads, or on
how chains and draws are spread over calls.
"""

from gibbsite.kernels.mcmc._state import FatalDensityError, HMCInfo, MetropolisInfo, NUTSInfo, Phase, State, Warmup
from gibbsite.kernels.mcmc._target import PackedTarget
from gibbsite.kernels.mcmc.density import log_density
from gibbsite.kernels.mcmc.dynamics import leapfrog
from gibbsite.kernels.mcmc.hamiltonian import hmc, nuts
from gibbsite.kernels.mcmc.random_walk import metropolis

__all__ = [
    "FatalDensityError",
    "HMCInfo",
    "MetropolisInfo",
    "NUTSInfo",
    "PackedTarget",
    "Phase",
    "State",
    "Warmup",
    "hmc",
    "leapfrog",
    "log_density",
    "metropolis",
    "nuts",
]
