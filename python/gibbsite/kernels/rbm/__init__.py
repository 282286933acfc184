"""Restricted Boltzmann machines: conditionals, Gibbs sweeps, gradients and steps, likelihoods.

Everywhere N is the number of rows or chains, D of visible units, H of hidden units. W (H, D) is what scikit-learn calls
`components_`, b (D,) the visible biases, c (H,) the hidden biases. What else is given tells what the visible units are:

- nothing: binary ones, E(v, h) = -h W v - b v - c h;
- `groups`, offsets (n_groups + 1,) from 0 to D: categorical ones, of each group one unit is on; the energy is the same;
- `variance`, (D,): Gaussian ones, E(v, h) = sum_j (v_j - b_j)^2 / (2 s_j) - sum_ij h_i W_ij v_j / s_j - c h with
  variances s (Cho, Ilin & Raiko 2011).

Results have W's dtype where W is float32 or float64, and are float64 for all else.

Draws are placed by (seed, chain, sweep, unit): they do not depend on the back end, on the number of threads, or on how
chains and sweeps are spread over calls.
"""

from gibbsite.kernels.rbm.conditionals import free_energy, hidden_probabilities, visible_probabilities
from gibbsite.kernels.rbm.learning import Gradient, gradient, update
from gibbsite.kernels.rbm.likelihood import AnnealedState, ais_step, exact_log_partition
from gibbsite.kernels.rbm.sampling import GibbsState, gibbs

__all__ = [
    "AnnealedState",
    "GibbsState",
    "Gradient",
    "ais_step",
    "exact_log_partition",
    "free_energy",
    "gibbs",
    "gradient",
    "hidden_probabilities",
    "update",
    "visible_probabilities",
]
