"""Restricted Boltzmann machines with real-valued visible units."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import numpy as np

from gibbsite.rbm._base import BaseRBM
from gibbsite.rbm._training import Epoch

Array = Any


class GaussianRBM(BaseRBM):
    """Restricted Boltzmann machine with Gaussian visible units, whose variances are learned.

    E(v, h) = sum_j (v_j - b_j)^2 / (2 s_j) - sum_ij h_i W_ij v_j / s_j - c h (Cho, Ilin & Raiko 2011, ICANN, 10-17):
    given the hidden units the visible ones are independent normal variables with means b + h W and variances s. The
    variances move on a logarithmic scale. Scale the columns to similar variances first (`StandardScaler`): one
    learning rate serves them all.

    Parameters
    ----------
    n_components : int, default=256
        Hidden units.
    learning_rate : float or callable, default=0.01
        As in `BernoulliRBM`, and smaller: what is not bounded diverges sooner.
    batch_size : int, default=10
    n_iter : int, default=10
    verbose : int, default=0
    random_state : int, RandomState or None, default=None
    method : {"cd", "pcd", "pt"}, default="cd"
        As in `BernoulliRBM`. Persistent chains need many sweeps here: small variances hold them in place. The ladder
        of "pt" ends at inverse temperature 0.1: at 0 the visible units would have infinite variance.
    learn_variance : bool, default=True
        False keeps the variances of the columns.
    k, n_chains, n_temperatures, centered, momentum, weight_decay, l1_decay, sparsity_target, sparsity_cost, schedule, \
bias_init, shuffle, validation_fraction, n_iter_no_change, tol, callback, checkpoint, dtype, threads
        As in `BernoulliRBM`. Early stopping takes the log density of the mean-field reconstruction for the
        pseudo-likelihood.

    Attributes
    ----------
    components_ : array of shape (n_components, n_features)
        W.
    intercept_hidden_ : array of shape (n_components,)
    intercept_visible_ : array of shape (n_features,)
        b.
    variances_ : array of shape (n_features,)
        s. None falls below a thousandth of the column's own; constant columns start from 1.
    h_samples_, history_, n_iter_, data_mean_, n_samples_seen_, n_features_in_, feature_names_in_
        As in `BernoulliRBM`; `history_` has `reconstruction_log_density` (nats a row) and no `pseudo_likelihood`.

    See Also
    --------
    BernoulliRBM : binary and categorical visible units.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.preprocessing import StandardScaler
    >>> from gibbsite import GaussianRBM
    >>> X = StandardScaler().fit_transform(load_iris().data)
    >>> model = GaussianRBM(n_components=4, random_state=0).fit(X)
    >>> model.transform(X).shape
    (150, 4)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseRBM._parameter_constraints,
        "learn_variance": ["boolean"],
    }

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float | Callable[[float], float] = 0.01,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
        method: str = "cd",
        k: int = 1,
        n_chains: int | None = None,
        n_temperatures: int = 10,
        centered: bool = False,
        learn_variance: bool = True,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        l1_decay: float = 0.0,
        sparsity_target: float | None = None,
        sparsity_cost: float = 0.1,
        schedule: str = "constant",
        bias_init: str = "data",
        shuffle: bool = False,
        validation_fraction: float | None = None,
        n_iter_no_change: int = 10,
        tol: float = 0.5,
        callback: Callable[[Epoch], object] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
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
        self.learn_variance = learn_variance
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.l1_decay = l1_decay
        self.sparsity_target = sparsity_target
        self.sparsity_cost = sparsity_cost
        self.schedule = schedule
        self.bias_init = bias_init
        self.shuffle = shuffle
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.callback = callback
        self.checkpoint = checkpoint
        self.dtype = dtype
        self.threads = threads

    @property
    def score_samples(self) -> NoReturn:
        """Not there: a pseudo-likelihood is a sum over units that take a few values."""
        raise AttributeError(
            "GaussianRBM has no score_samples, which is the pseudo-likelihood of binary units: log_likelihood gives "
            "the mean log density of rows, free_energy the log density of each up to log Z."
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
