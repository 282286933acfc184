"""
Gaussian mixtures: densities, EM steps, k-means.
"""

from __future__ import annotations
import numpy
import numpy.typing
import typing

__all__: list[str] = [
    "candidate_distances",
    "em_step",
    "kmeans_step",
    "log_density",
    "log_prob",
    "m_step",
    "merge",
    "predict",
    "responsibilities",
    "sample",
    "statistics",
]

@typing.overload
def candidate_distances(
    X: numpy.typing.NDArray[numpy.float32] | None,
    candidates: numpy.typing.NDArray[numpy.float32] | None,
    closest: numpy.typing.NDArray[numpy.float32] | None,
    sample_weight: numpy.typing.NDArray[numpy.float32] | None,
    out: numpy.typing.NDArray[numpy.float32] | None,
    potentials: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def candidate_distances(
    X: numpy.typing.NDArray[numpy.float64] | None,
    candidates: numpy.typing.NDArray[numpy.float64] | None,
    closest: numpy.typing.NDArray[numpy.float64] | None,
    sample_weight: numpy.typing.NDArray[numpy.float64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    potentials: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def em_step(
    X: numpy.typing.NDArray[numpy.float32] | None,
    sample_weight: numpy.typing.NDArray[numpy.float32] | None,
    offsets: numpy.typing.NDArray[numpy.float32] | None,
    means: numpy.typing.NDArray[numpy.float32] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float32] | None,
    covariance_type: str,
    stats: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def em_step(
    X: numpy.typing.NDArray[numpy.float64] | None,
    sample_weight: numpy.typing.NDArray[numpy.float64] | None,
    offsets: numpy.typing.NDArray[numpy.float64] | None,
    means: numpy.typing.NDArray[numpy.float64] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float64] | None,
    covariance_type: str,
    stats: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def kmeans_step(
    X: numpy.typing.NDArray[numpy.float32] | None,
    sample_weight: numpy.typing.NDArray[numpy.float32] | None,
    centers: numpy.typing.NDArray[numpy.float32] | None,
    labels: numpy.typing.NDArray[numpy.int64] | None,
    sums: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def kmeans_step(
    X: numpy.typing.NDArray[numpy.float64] | None,
    sample_weight: numpy.typing.NDArray[numpy.float64] | None,
    centers: numpy.typing.NDArray[numpy.float64] | None,
    labels: numpy.typing.NDArray[numpy.int64] | None,
    sums: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def log_density(
    X: numpy.typing.NDArray[numpy.float32] | None,
    offsets: numpy.typing.NDArray[numpy.float32] | None,
    means: numpy.typing.NDArray[numpy.float32] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float32] | None,
    covariance_type: str,
    out: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def log_density(
    X: numpy.typing.NDArray[numpy.float64] | None,
    offsets: numpy.typing.NDArray[numpy.float64] | None,
    means: numpy.typing.NDArray[numpy.float64] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float64] | None,
    covariance_type: str,
    out: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def log_prob(
    X: numpy.typing.NDArray[numpy.float32] | None,
    offsets: numpy.typing.NDArray[numpy.float32] | None,
    means: numpy.typing.NDArray[numpy.float32] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float32] | None,
    covariance_type: str,
    out: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def log_prob(
    X: numpy.typing.NDArray[numpy.float64] | None,
    offsets: numpy.typing.NDArray[numpy.float64] | None,
    means: numpy.typing.NDArray[numpy.float64] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float64] | None,
    covariance_type: str,
    out: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def m_step(
    stats: numpy.typing.NDArray[numpy.float64] | None,
    reg_covar: typing.SupportsFloat | typing.SupportsIndex,
    covariance_type: str,
    weights: numpy.typing.NDArray[numpy.float32] | None,
    means: numpy.typing.NDArray[numpy.float32] | None,
    covariances: numpy.typing.NDArray[numpy.float32] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float32] | None,
    status: numpy.typing.NDArray[numpy.int32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def m_step(
    stats: numpy.typing.NDArray[numpy.float64] | None,
    reg_covar: typing.SupportsFloat | typing.SupportsIndex,
    covariance_type: str,
    weights: numpy.typing.NDArray[numpy.float64] | None,
    means: numpy.typing.NDArray[numpy.float64] | None,
    covariances: numpy.typing.NDArray[numpy.float64] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float64] | None,
    status: numpy.typing.NDArray[numpy.int32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
def merge(
    into: numpy.typing.NDArray[numpy.float64] | None,
    other: numpy.typing.NDArray[numpy.float64] | None,
    n_components: typing.SupportsInt | typing.SupportsIndex,
    n_features: typing.SupportsInt | typing.SupportsIndex,
    covariance_type: str,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def predict(
    X: numpy.typing.NDArray[numpy.float32] | None,
    offsets: numpy.typing.NDArray[numpy.float32] | None,
    means: numpy.typing.NDArray[numpy.float32] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float32] | None,
    covariance_type: str,
    out: numpy.typing.NDArray[numpy.int64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def predict(
    X: numpy.typing.NDArray[numpy.float64] | None,
    offsets: numpy.typing.NDArray[numpy.float64] | None,
    means: numpy.typing.NDArray[numpy.float64] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float64] | None,
    covariance_type: str,
    out: numpy.typing.NDArray[numpy.int64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def responsibilities(
    X: numpy.typing.NDArray[numpy.float32] | None,
    offsets: numpy.typing.NDArray[numpy.float32] | None,
    means: numpy.typing.NDArray[numpy.float32] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float32] | None,
    covariance_type: str,
    logarithm: bool,
    out: numpy.typing.NDArray[numpy.float32] | None,
    log_density: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def responsibilities(
    X: numpy.typing.NDArray[numpy.float64] | None,
    offsets: numpy.typing.NDArray[numpy.float64] | None,
    means: numpy.typing.NDArray[numpy.float64] | None,
    precisions_cholesky: numpy.typing.NDArray[numpy.float64] | None,
    covariance_type: str,
    logarithm: bool,
    out: numpy.typing.NDArray[numpy.float64] | None,
    log_density: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def sample(
    means: numpy.typing.NDArray[numpy.float32] | None,
    covariance_cholesky: numpy.typing.NDArray[numpy.float32] | None,
    covariance_type: str,
    labels: numpy.typing.NDArray[numpy.int64] | None,
    out: numpy.typing.NDArray[numpy.float32] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def sample(
    means: numpy.typing.NDArray[numpy.float64] | None,
    covariance_cholesky: numpy.typing.NDArray[numpy.float64] | None,
    covariance_type: str,
    labels: numpy.typing.NDArray[numpy.int64] | None,
    out: numpy.typing.NDArray[numpy.float64] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def statistics(
    X: numpy.typing.NDArray[numpy.float32] | None,
    sample_weight: numpy.typing.NDArray[numpy.float32] | None,
    responsibilities: numpy.typing.NDArray[numpy.float32] | None,
    labels: numpy.typing.NDArray[numpy.int64] | None,
    center: numpy.typing.NDArray[numpy.float32] | None,
    covariance_type: str,
    stats: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def statistics(
    X: numpy.typing.NDArray[numpy.float64] | None,
    sample_weight: numpy.typing.NDArray[numpy.float64] | None,
    responsibilities: numpy.typing.NDArray[numpy.float64] | None,
    labels: numpy.typing.NDArray[numpy.int64] | None,
    center: numpy.typing.NDArray[numpy.float64] | None,
    covariance_type: str,
    stats: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
