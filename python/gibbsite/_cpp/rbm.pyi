"""
Restricted Boltzmann machines: Gibbs sweeps, gradients, likelihoods.
"""

from __future__ import annotations
import numpy
import numpy.typing
import typing

__all__: list[str] = [
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

@typing.overload
def ais_step(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    log_weight: numpy.typing.NDArray[numpy.float64] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    base: numpy.typing.NDArray[numpy.float32] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    reverse: bool,
    seed: typing.SupportsInt | typing.SupportsIndex,
    sweep: typing.SupportsInt | typing.SupportsIndex,
    chain: typing.SupportsInt | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def ais_step(
    v: numpy.typing.NDArray[numpy.float32] | None,
    log_weight: numpy.typing.NDArray[numpy.float64] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    base: numpy.typing.NDArray[numpy.float32] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    reverse: bool,
    seed: typing.SupportsInt | typing.SupportsIndex,
    sweep: typing.SupportsInt | typing.SupportsIndex,
    chain: typing.SupportsInt | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def ais_step(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    log_weight: numpy.typing.NDArray[numpy.float64] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    base: numpy.typing.NDArray[numpy.float64] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    reverse: bool,
    seed: typing.SupportsInt | typing.SupportsIndex,
    sweep: typing.SupportsInt | typing.SupportsIndex,
    chain: typing.SupportsInt | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def ais_step(
    v: numpy.typing.NDArray[numpy.float64] | None,
    log_weight: numpy.typing.NDArray[numpy.float64] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    base: numpy.typing.NDArray[numpy.float64] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    reverse: bool,
    seed: typing.SupportsInt | typing.SupportsIndex,
    sweep: typing.SupportsInt | typing.SupportsIndex,
    chain: typing.SupportsInt | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def exact_log_partition(
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def exact_log_partition(
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def free_energy(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    out: numpy.typing.NDArray[numpy.float32] | None,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def free_energy(
    v: numpy.typing.NDArray[numpy.float32] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    out: numpy.typing.NDArray[numpy.float32] | None,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def free_energy(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def free_energy(
    v: numpy.typing.NDArray[numpy.float64] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def gibbs(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    h: numpy.typing.NDArray[numpy.uint8] | None,
    hidden_probabilities: numpy.typing.NDArray[numpy.float32] | None,
    visible_probabilities: numpy.typing.NDArray[numpy.float32] | None,
    clamp: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    betas: numpy.typing.NDArray[numpy.float32] | None,
    n_sweeps: typing.SupportsInt | typing.SupportsIndex,
    from_hidden: bool,
    seed: typing.SupportsInt | typing.SupportsIndex,
    sweep: typing.SupportsInt | typing.SupportsIndex,
    chain: typing.SupportsInt | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def gibbs(
    v: numpy.typing.NDArray[numpy.float32] | None,
    h: numpy.typing.NDArray[numpy.uint8] | None,
    hidden_probabilities: numpy.typing.NDArray[numpy.float32] | None,
    visible_probabilities: numpy.typing.NDArray[numpy.float32] | None,
    clamp: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    betas: numpy.typing.NDArray[numpy.float32] | None,
    n_sweeps: typing.SupportsInt | typing.SupportsIndex,
    from_hidden: bool,
    seed: typing.SupportsInt | typing.SupportsIndex,
    sweep: typing.SupportsInt | typing.SupportsIndex,
    chain: typing.SupportsInt | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def gibbs(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    h: numpy.typing.NDArray[numpy.uint8] | None,
    hidden_probabilities: numpy.typing.NDArray[numpy.float64] | None,
    visible_probabilities: numpy.typing.NDArray[numpy.float64] | None,
    clamp: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    n_sweeps: typing.SupportsInt | typing.SupportsIndex,
    from_hidden: bool,
    seed: typing.SupportsInt | typing.SupportsIndex,
    sweep: typing.SupportsInt | typing.SupportsIndex,
    chain: typing.SupportsInt | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def gibbs(
    v: numpy.typing.NDArray[numpy.float64] | None,
    h: numpy.typing.NDArray[numpy.uint8] | None,
    hidden_probabilities: numpy.typing.NDArray[numpy.float64] | None,
    visible_probabilities: numpy.typing.NDArray[numpy.float64] | None,
    clamp: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    n_sweeps: typing.SupportsInt | typing.SupportsIndex,
    from_hidden: bool,
    seed: typing.SupportsInt | typing.SupportsIndex,
    sweep: typing.SupportsInt | typing.SupportsIndex,
    chain: typing.SupportsInt | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def gradient(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    h: numpy.typing.NDArray[numpy.float32] | None,
    sample_weight: numpy.typing.NDArray[numpy.float32] | None,
    v_model: numpy.typing.NDArray[numpy.uint8] | None,
    h_model: numpy.typing.NDArray[numpy.float32] | None,
    visible_center: numpy.typing.NDArray[numpy.float32] | None,
    hidden_center: numpy.typing.NDArray[numpy.float32] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    dW: numpy.typing.NDArray[numpy.float32] | None,
    db: numpy.typing.NDArray[numpy.float32] | None,
    dc: numpy.typing.NDArray[numpy.float32] | None,
    dlog_variance: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def gradient(
    v: numpy.typing.NDArray[numpy.float32] | None,
    h: numpy.typing.NDArray[numpy.float32] | None,
    sample_weight: numpy.typing.NDArray[numpy.float32] | None,
    v_model: numpy.typing.NDArray[numpy.float32] | None,
    h_model: numpy.typing.NDArray[numpy.float32] | None,
    visible_center: numpy.typing.NDArray[numpy.float32] | None,
    hidden_center: numpy.typing.NDArray[numpy.float32] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    dW: numpy.typing.NDArray[numpy.float32] | None,
    db: numpy.typing.NDArray[numpy.float32] | None,
    dc: numpy.typing.NDArray[numpy.float32] | None,
    dlog_variance: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def gradient(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    h: numpy.typing.NDArray[numpy.float64] | None,
    sample_weight: numpy.typing.NDArray[numpy.float64] | None,
    v_model: numpy.typing.NDArray[numpy.uint8] | None,
    h_model: numpy.typing.NDArray[numpy.float64] | None,
    visible_center: numpy.typing.NDArray[numpy.float64] | None,
    hidden_center: numpy.typing.NDArray[numpy.float64] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    dW: numpy.typing.NDArray[numpy.float64] | None,
    db: numpy.typing.NDArray[numpy.float64] | None,
    dc: numpy.typing.NDArray[numpy.float64] | None,
    dlog_variance: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def gradient(
    v: numpy.typing.NDArray[numpy.float64] | None,
    h: numpy.typing.NDArray[numpy.float64] | None,
    sample_weight: numpy.typing.NDArray[numpy.float64] | None,
    v_model: numpy.typing.NDArray[numpy.float64] | None,
    h_model: numpy.typing.NDArray[numpy.float64] | None,
    visible_center: numpy.typing.NDArray[numpy.float64] | None,
    hidden_center: numpy.typing.NDArray[numpy.float64] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    dW: numpy.typing.NDArray[numpy.float64] | None,
    db: numpy.typing.NDArray[numpy.float64] | None,
    dc: numpy.typing.NDArray[numpy.float64] | None,
    dlog_variance: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def hidden_probabilities(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    betas: numpy.typing.NDArray[numpy.float32] | None,
    out: numpy.typing.NDArray[numpy.float32] | None,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def hidden_probabilities(
    v: numpy.typing.NDArray[numpy.float32] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    betas: numpy.typing.NDArray[numpy.float32] | None,
    out: numpy.typing.NDArray[numpy.float32] | None,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def hidden_probabilities(
    v: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def hidden_probabilities(
    v: numpy.typing.NDArray[numpy.float64] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def pack(
    W: numpy.typing.NDArray[numpy.float32] | None,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def pack(
    W: numpy.typing.NDArray[numpy.float64] | None,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
def panels_size(
    n_hidden: typing.SupportsInt | typing.SupportsIndex,
    n_visible: typing.SupportsInt | typing.SupportsIndex,
    itemsize: typing.SupportsInt | typing.SupportsIndex,
) -> int: ...
@typing.overload
def update(
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    c: numpy.typing.NDArray[numpy.float32] | None,
    dW: numpy.typing.NDArray[numpy.float32] | None,
    db: numpy.typing.NDArray[numpy.float32] | None,
    dc: numpy.typing.NDArray[numpy.float32] | None,
    W_velocity: numpy.typing.NDArray[numpy.float32] | None,
    b_velocity: numpy.typing.NDArray[numpy.float32] | None,
    c_velocity: numpy.typing.NDArray[numpy.float32] | None,
    learning_rate: typing.SupportsFloat | typing.SupportsIndex,
    momentum: typing.SupportsFloat | typing.SupportsIndex,
    l1: typing.SupportsFloat | typing.SupportsIndex,
    l2: typing.SupportsFloat | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    norms: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def update(
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    c: numpy.typing.NDArray[numpy.float64] | None,
    dW: numpy.typing.NDArray[numpy.float64] | None,
    db: numpy.typing.NDArray[numpy.float64] | None,
    dc: numpy.typing.NDArray[numpy.float64] | None,
    W_velocity: numpy.typing.NDArray[numpy.float64] | None,
    b_velocity: numpy.typing.NDArray[numpy.float64] | None,
    c_velocity: numpy.typing.NDArray[numpy.float64] | None,
    learning_rate: typing.SupportsFloat | typing.SupportsIndex,
    momentum: typing.SupportsFloat | typing.SupportsIndex,
    l1: typing.SupportsFloat | typing.SupportsIndex,
    l2: typing.SupportsFloat | typing.SupportsIndex,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    norms: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def visible_probabilities(
    h: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    betas: numpy.typing.NDArray[numpy.float32] | None,
    out: numpy.typing.NDArray[numpy.float32] | None,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def visible_probabilities(
    h: numpy.typing.NDArray[numpy.float32] | None,
    W: numpy.typing.NDArray[numpy.float32] | None,
    b: numpy.typing.NDArray[numpy.float32] | None,
    variance: numpy.typing.NDArray[numpy.float32] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    betas: numpy.typing.NDArray[numpy.float32] | None,
    out: numpy.typing.NDArray[numpy.float32] | None,
    panels: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def visible_probabilities(
    h: numpy.typing.NDArray[numpy.uint8] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def visible_probabilities(
    h: numpy.typing.NDArray[numpy.float64] | None,
    W: numpy.typing.NDArray[numpy.float64] | None,
    b: numpy.typing.NDArray[numpy.float64] | None,
    variance: numpy.typing.NDArray[numpy.float64] | None,
    groups: numpy.typing.NDArray[numpy.int64] | None,
    betas: numpy.typing.NDArray[numpy.float64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    panels: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
