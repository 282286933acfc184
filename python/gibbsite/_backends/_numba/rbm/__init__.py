"""Restricted Boltzmann machines, with the names and arguments of `gibbsite._cpp.rbm`."""

from gibbsite._backends._numba.rbm.annealing import ais_step
from gibbsite._backends._numba.rbm.gibbs import gibbs
from gibbsite._backends._numba.rbm.gradient import gradient
from gibbsite._backends._numba.rbm.partition import exact_log_partition
from gibbsite._backends._numba.rbm.rows import free_energy, hidden_probabilities, visible_probabilities
from gibbsite._backends._numba.rbm.update import pack, panels_size, update

__all__ = [
    "ais_step",
    "exact_log_partition",
    "free_energy",
    "gibbs",
    "gradient",
    "hidden_probabilities",
    "pack",
    "panels_size",
    "update",
    "visible_probabilities",
]
