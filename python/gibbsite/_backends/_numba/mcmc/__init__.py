"""Markov chain Monte Carlo, with the names and arguments of `gibbsite._cpp.mcmc`."""

from gibbsite._backends._numba.mcmc.adaptation import adaptation_size
from gibbsite._backends._numba.mcmc.hmc import hmc, leapfrog
from gibbsite._backends._numba.mcmc.metropolis import log_density, metropolis
from gibbsite._backends._numba.mcmc.nuts import nuts

__all__ = ["adaptation_size", "hmc", "leapfrog", "log_density", "metropolis", "nuts"]
