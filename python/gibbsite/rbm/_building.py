"""Puts the parts of a fit together."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from gibbsite.rbm._ascent import Ascent, StepOptions
from gibbsite.rbm._checkpoint import Checkpoint, fingerprint
from gibbsite.rbm._initialization import first_machine
from gibbsite.rbm._machine import Machine
from gibbsite.rbm._monitor import Monitor
from gibbsite.rbm._open import open_batches
from gibbsite.rbm._schemes import Scheme, make_scheme
from gibbsite.rbm._sources import BatchSource
from gibbsite.rbm._state import MachineState, draw_seed
from gibbsite.rbm._survey import Rule
from gibbsite.rbm._training import Training
from gibbsite.rbm._validation import check_combination

Array = Any

# Keeps the draws of a fit apart from those of a method that takes the first number of the same random state.
_FIT = 0x46495431


def seed_of_fit(random_state: np.random.RandomState) -> int:
    """A seed from a copy of the random state, whose own next numbers are the first weights, as in scikit-learn."""
    return draw_seed(copy.deepcopy(random_state)) ^ _FIT


def rule_maker(estimator: MachineState, seed: int, validation_fraction: float | None) -> Callable[[int], Rule]:
    """How rows are read and split, once the number of columns is known."""

    def make(n_features: int) -> Rule:
        groups = estimator._group_offsets(n_features)
        return Rule(estimator._kind, groups, estimator.out_of_range, validation_fraction, seed)

    return make


def build_training(estimator: MachineState, X: Any, sample_weight: Any) -> Training:
    """A fit that is ready to run, or to go on where a checkpoint left it."""
    check_combination(estimator)
    checkpoint = None if estimator.checkpoint is None else Checkpoint(estimator.checkpoint)
    random_state = check_random_state(estimator.random_state)
    seed = seed_of_fit(random_state)
    if checkpoint is not None and checkpoint.found is not None:
        seed = checkpoint.found["seed"]
    source = open_batches(
        estimator,
        X,
        sample_weight,
        rule_maker(estimator, seed, estimator.validation_fraction),
        dtype=estimator.dtype,
        batch_size=estimator.batch_size,
        shuffle=estimator.shuffle,
    )
    survey = source.survey
    machine = build_machine(estimator, source, random_state)
    ascent = build_ascent(estimator, machine, seed, min(source.batch_size, survey.n_rows), survey.mean)
    monitor = Monitor(ascent, survey.monitored(), survey.validated(), seed)
    if checkpoint is not None:
        checkpoint.check(fingerprint(estimator, source))
    return Training(estimator, source, ascent, monitor, seed, checkpoint)


def build_machine(estimator: MachineState, source: BatchSource, random_state: np.random.RandomState) -> Machine:
    """The machine that a fit of this source starts from."""
    survey, xp = source.survey, source.xp
    groups = estimator._group_offsets(len(survey.mean))
    return first_machine(
        estimator.n_components,
        survey.mean,
        survey.variance if estimator._kind == "gaussian" else None,
        groups=None if groups is None else xp.asarray(groups),
        total_weight=survey.total_weight,
        bias_from_data=estimator.bias_init == "data",
        random_state=random_state,
        dtype=survey.dtype,
        xp=xp,
        threads=estimator.threads,
    )


def build_ascent(estimator: MachineState, machine: Machine, seed: int, n_rows: int, data_mean: Array) -> Ascent:
    """Steps of a machine, on batches of at most `n_rows` rows."""
    options = StepOptions(
        momentum=estimator.momentum,
        weight_decay=estimator.weight_decay,
        l1_decay=estimator.l1_decay,
        centered=estimator.centered,
        sparsity_target=estimator.sparsity_target,
        sparsity_cost=estimator.sparsity_cost,
        learn_variance=estimator.learn_variance,
    )
    return Ascent(machine, _scheme(estimator, machine, seed, n_rows), options, n_rows, data_mean)


def _scheme(estimator: MachineState, machine: Machine, seed: int, n_rows: int) -> Scheme:
    n_chains = estimator.batch_size if estimator.n_chains is None else estimator.n_chains
    if estimator.method == "cd":
        n_chains = n_rows
    return make_scheme(machine, estimator.method, n_chains, estimator.k, estimator.n_temperatures, seed)


def publish(estimator: MachineState, ascent: Ascent, data_mean: Array, n_samples: float) -> None:
    """Set the fitted attributes that are parameters or states."""
    machine = ascent.machine
    estimator.components_ = machine.W
    estimator.intercept_visible_ = machine.b
    estimator.intercept_hidden_ = machine.c
    estimator.h_samples_ = ascent.scheme.samples().astype(machine.dtype)
    estimator.data_mean_ = data_mean.astype(machine.dtype)
    estimator.n_samples_seen_ = n_samples
    if machine.is_gaussian:
        estimator.variances_ = machine.variance
