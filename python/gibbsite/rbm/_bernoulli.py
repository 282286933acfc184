"""Restricted Boltzmann machines with binary or categorical visible units."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from gibbsite.rbm._base import BaseRBM
from gibbsite.rbm._machine import Machine
from gibbsite.rbm._pseudo import PseudoLikelihood, chosen_variable, hash_multipliers, n_variables
from gibbsite.rbm._training import Epoch

Array = Any


class BernoulliRBM(BaseRBM):
    """Restricted Boltzmann machine: scikit-learn's `sklearn.neural_network.BernoulliRBM` on fast kernels, and more.

    p(v, h) = exp(v W' h + b v + c h) / Z with binary hidden units h and binary visible units v. Every parameter,
    attribute and method of scikit-learn's class is here with its meaning and default. Time: O(N D n_components) an
    epoch and sweep, less where few units are on; memory beside the data: a few copies of the weights and of the chains.

    Parameters
    ----------
    n_components : int, default=256
        Hidden units.
    learning_rate : float or callable, default=0.1
        Length of a step along the gradient of the mean log-likelihood of a batch; or a function from epochs done (a
        float: 1.5 is the middle of the second) to it.
    batch_size : int, default=10
        Rows of a step. The last batch of an epoch may be shorter; its mean is over its own rows.
    n_iter : int, default=10
        Epochs.
    verbose : int, default=0
        1 prints every epoch; a bar shows on fits over two seconds.
    random_state : int, RandomState or None, default=None
        First weights (scikit-learn's for the same number) and all draws.
    method : {"pcd", "cd", "pt"}, default="pcd"
        Where the model's half of the gradient comes from: persistent chains; chains of `k` sweeps that start at the
        batch; persistent chains at `n_temperatures` temperatures that swap their states (parallel tempering), which
        mix where the others stick.
    k : int, default=1
        Sweeps of a step.
    n_chains : int, default=None
        Persistent chains; default `batch_size`.
    n_temperatures : int, default=10
        Of "pt". The ladder from 1 to 0 moves towards equal swap rates.
    centered : bool, default=False
        Gradient about the mean activities (the enhanced gradient; Melchior, Fischer & Wiskott 2016, J. Mach. Learn.
        Res. 17(99)): training does not depend on which of two values is called 1, and is usually better.
    momentum : float in [0, 1), default=0.0
        Share of the last step that is added to the next.
    weight_decay, l1_decay : float, default=0.0
        Weights of the penalties: half the sum of the squares of all weights, and the sum of their magnitudes.
    sparsity_target : float in (0, 1), optional
        Mean activity of a hidden unit towards which its bias is pulled.
    sparsity_cost : float, default=0.1
        How hard.
    schedule : {"constant", "linear"}, default="constant"
        "linear" lets the learning rate fall to nothing over the fit.
    visible : {"bernoulli", "categorical"}, default="bernoulli"
        "categorical": the columns are one-hot codes of variables, see `groups`. Weights and visible biases add up to
        zero over each variable.
    groups : array-like of int, optional
        How many columns each variable has, in their order.
    bias_init : {"data", "zero"}, default="data"
        First visible biases: those that give the data's means without any weights, or zero.
    shuffle : bool, default=False
        Visit the rows in a new order in every epoch; needs an array in memory.
    validation_fraction : float in (0, 1), optional
        Hold out so many of the rows and watch the gap between their free energies and those of training rows: how
        much more likely, in nats a row, the latter are (over-fitting). The weights of the epoch with the highest
        pseudo-likelihood of the training rows minus gap are kept.
    n_iter_no_change : int, default=10
        Epochs without a higher value of that score after which the fit stops,
    tol : float, default=0.5
        if the gap has grown by so many nats a row since the first epoch.
    callback : callable, optional
        Called after every epoch with a `gibbsite.rbm.Epoch`; a true answer ends the fit.
    checkpoint : path-like, optional
        File that keeps the state of a long fit: written at the end of an epoch, no more often than every 30 seconds,
        and on interruption. A later `fit` with the same data and settings goes on from it with the same bits; the file
        is removed at the end.
    out_of_range : {"raise", "clip"}, default="raise"
        What to do with values outside [0, 1].
    dtype : {"float32", "float64"}, optional
        Precision; default that of the data where it is float32, else float64.
    threads : int, optional
        Threads of the kernels; default as `gibbsite.set_threads`.

    Attributes
    ----------
    components_ : array of shape (n_components, n_features)
        W.
    intercept_hidden_ : array of shape (n_components,)
    intercept_visible_ : array of shape (n_features,)
    h_samples_ : array of shape (n_chains, n_components)
        Hidden states of the chains.
    history_ : dict of lists
        For every epoch: `pseudo_likelihood` (nats a row), `reconstruction_error` (mean square), `free_energy`
        (mean, of up to 500 training rows as the former), `weight_norm`, `weight_update_norm` (of the last step),
        `update_ratio`, `bias_norm`, `bias_update_norm`, `flip_rate` (share of the chains' visible units that the last
        step changed) and `autocorrelation` of the chains over one step, `learning_rate`, `seconds`; `swap_rate` and
        `lowest_swap_rate` with "pt"; `free_energy_validation`, `free_energy_gap` and `early_stopping_score` with
        `validation_fraction`.
    n_iter_ : int
        Epochs that were run.
    data_mean_ : array of shape (n_features,)
        Means of the training rows.
    n_samples_seen_ : int or float
        Number of training rows, or their total weight.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where the data had names.

    Notes
    -----
    Grey values in [0, 1] are taken as probabilities of the visible units. All arrays have the precision of the fit,
    and live where the data lives: a fit of CuPy arrays leaves CuPy arrays.

    See Also
    --------
    GaussianRBM : real-valued visible units.

    Examples
    --------
    >>> import numpy as np
    >>> from gibbsite import BernoulliRBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> model = BernoulliRBM(n_components=2, random_state=0).fit(X)
    >>> model.transform(X).shape
    (4, 2)
    >>> model.log_likelihood(X).method
    'exact'
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseRBM._parameter_constraints,
        "visible": [StrOptions({"bernoulli", "categorical"})],
        "groups": ["array-like", None],
        "out_of_range": [StrOptions({"raise", "clip"})],
    }

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float | Callable[[float], float] = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
        method: str = "pcd",
        k: int = 1,
        n_chains: int | None = None,
        n_temperatures: int = 10,
        centered: bool = False,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        l1_decay: float = 0.0,
        sparsity_target: float | None = None,
        sparsity_cost: float = 0.1,
        schedule: str = "constant",
        visible: str = "bernoulli",
        groups: Any = None,
        bias_init: str = "data",
        shuffle: bool = False,
        validation_fraction: float | None = None,
        n_iter_no_change: int = 10,
        tol: float = 0.5,
        callback: Callable[[Epoch], object] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        out_of_range: str = "raise",
        dtype: str | None = None,
        threads: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.method = method
        self.k = k
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.centered = centered
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.l1_decay = l1_decay
        self.sparsity_target = sparsity_target
        self.sparsity_cost = sparsity_cost
        self.schedule = schedule
        self.visible = visible
        self.groups = groups
        self.bias_init = bias_init
        self.shuffle = shuffle
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.callback = callback
        self.checkpoint = checkpoint
        self.out_of_range = out_of_range
        self.dtype = dtype
        self.threads = threads

    def score_samples(self, X: Any) -> Array:
        """Pseudo-likelihood of each row, estimated from one of its variables.

        Parameters
        ----------
        X : array-like, CSR matrix or device array of shape (n_samples, n_features)

        Returns
        -------
        pseudo_likelihood : array of shape (n_samples,)
            In nats: the number of variables times the log probability of one of them given the others.

        Notes
        -----
        Which variable follows from the row's values and from `random_state`: equal rows have equal values, in any
        company. The mean over many rows estimates the mean pseudo-likelihood.
        """
        check_is_fitted(self)
        multipliers = hash_multipliers(check_random_state(self.random_state), self.components_.shape[1])

        def values(machine: Machine, v: Array, out: Array) -> None:
            count = n_variables(v, machine.groups)
            variable = chosen_variable(v, machine.xp.asarray(multipliers), count)
            out[...] = PseudoLikelihood(v, machine.groups, variable).values(machine)

        return self._rowwise(X, values, lambda: ())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
