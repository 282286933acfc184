"""How far to trust draws: R-hat, effective sample sizes, Monte Carlo errors, energy.

Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021, Bayesian Analysis 16): rank-normalised split R-hat, bulk and tail
effective sample sizes. The numbers are ArviZ's, and tens of thousands of chains are no burden. All functions take draws
of shape (chain, draw, ...) and give one number for each of the trailing places.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# values whose spectra are computed together
_BLOCK = 1 << 20
_TAILS = (0.05, 0.95)


class Diagnosis(NamedTuple):
    """R-hat and both effective sample sizes, which share most of the work."""

    rhat: float
    ess_bulk: float
    ess_tail: float


def rhat(draws: ArrayLike) -> Any:
    """Rank-normalised split R-hat, the larger one of bulk and folded.

    Parameters
    ----------
    draws : array-like of shape (chain, draw, ...)

    Returns
    -------
    array of shape (...)
        NaN where draws hold NaN, do not vary, or are fewer than four.
    """
    return _each(draws, lambda x: _rhat_of_split(_split(x)))


def ess_bulk(draws: ArrayLike) -> Any:
    """Effective sample size for the bulk: of the rank-normalised draws.

    Parameters
    ----------
    draws : array-like of shape (chain, draw, ...)

    Returns
    -------
    array of shape (...)
    """
    return _each(draws, lambda x: _ess(_normal_scores(_split(x))))


def ess_tail(draws: ArrayLike) -> Any:
    """Effective sample size for the tails: the smaller one of those for the 5 % and the 95 % quantile.

    Parameters
    ----------
    draws : array-like of shape (chain, draw, ...)

    Returns
    -------
    array of shape (...)
    """
    return _each(draws, _ess_tail)


def ess_mean(draws: ArrayLike) -> Any:
    """Effective sample size for the mean.

    Parameters
    ----------
    draws : array-like of shape (chain, draw, ...)

    Returns
    -------
    array of shape (...)
    """
    return _each(draws, lambda x: _ess(_split(x)))


def mcse_mean(draws: ArrayLike) -> Any:
    """Monte Carlo standard error of the mean.

    Parameters
    ----------
    draws : array-like of shape (chain, draw, ...)

    Returns
    -------
    array of shape (...)
    """
    return _each(draws, lambda x: x.std(ddof=1) / np.sqrt(_ess(_split(x))))


def mcse_sd(draws: ArrayLike) -> Any:
    """Monte Carlo standard error of the standard deviation.

    Parameters
    ----------
    draws : array-like of shape (chain, draw, ...)

    Returns
    -------
    array of shape (...)
    """
    return _each(draws, _mcse_sd)


def ebfmi(energy: ArrayLike) -> Floats:
    """Energy Bayesian fraction of missing information of each chain (Betancourt 2016, arXiv:1604.00695).

    Parameters
    ----------
    energy : array-like of shape (chain, draw)

    Returns
    -------
    array of shape (chain,)
        Below 0.3 the momentum that is drawn anew each time moves the energy too little.
    """
    energy = np.atleast_2d(np.asarray(energy, dtype=np.float64))
    if energy.shape[1] < 2:
        return np.full(len(energy), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Floats = np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1, ddof=1)
    return result


def nested_rhat(draws: ArrayLike, superchains: int | ArrayLike) -> Any:
    """R-hat for many short chains in groups that started at one point each (Margossian and others 2024, BA).

    Parameters
    ----------
    draws : array-like of shape (chain, draw, ...)
        Of fewer than four draws the chains are not split.
    superchains : int or array-like of shape (chain,)
        Number of groups of consecutive chains, or the group of each chain. The groups have equal sizes.

    Returns
    -------
    array of shape (...)
        Rank-normalised, the larger one of bulk and folded.
    """
    draws = _as_draws(draws)
    groups = _groups(superchains, len(draws))

    def one(x: Floats) -> float:
        split, ids = (_split(x), np.concatenate([groups, groups])) if x.shape[1] >= 4 else (x, groups)
        folded = np.abs(split - np.median(split))
        return max(_nested(_normal_scores(split), ids), _nested(_normal_scores(folded), ids))

    return _each(draws, one, least=1)


def diagnose(x: Floats) -> Diagnosis:
    """R-hat and effective sample sizes of one quantity, of shape (chain, draw)."""
    if x.shape[1] < 4 or not np.isfinite(x).all():
        return Diagnosis(np.nan, np.nan, np.nan)
    split = _split(x)
    scores = _normal_scores(split)
    return Diagnosis(_rhat_of_split(split, scores), _ess(scores), _ess_tail(x))


def _as_draws(draws: ArrayLike) -> Floats:
    array = np.asarray(draws, dtype=np.float64)
    if array.ndim < 2:
        raise ValueError(f"draws should have the shape (chain, draw, ...), but got {array.shape}.")
    return array


def _each(draws: ArrayLike, function: Callable[[Floats], float], least: int = 4) -> Any:
    """Apply a function of (chain, draw) to every trailing place."""
    array = _as_draws(draws)
    flat = array.reshape(*array.shape[:2], -1)
    out = np.full(flat.shape[2], np.nan)
    for k in range(len(out)):
        x = np.ascontiguousarray(flat[:, :, k])
        if x.shape[1] >= least and len(x) and not np.isnan(x).any():
            out[k] = function(x)
    return out.reshape(array.shape[2:]) if array.ndim > 2 else float(out[0])


def _split(x: Floats) -> Floats:
    """Both halves of every chain as chains; a middle draw is left out."""
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, -half:]])


def _normal_scores(x: Floats) -> Floats:
    """Normal quantiles of the ranks of all values (Blom 1958); equal values share their mean rank."""
    from scipy.special import ndtri

    flat = x.ravel()
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    ends = np.append(starts[1:], len(flat))
    ranks = np.empty(len(flat))
    ranks[order] = np.repeat(0.5 * (starts + 1 + ends), ends - starts)
    scores: Floats = ndtri((ranks - 0.375) / (len(flat) + 0.25)).reshape(x.shape)
    return scores


def _rhat_of_split(split: Floats, scores: Floats | None = None) -> float:
    folded = np.abs(split - np.median(split))
    return max(_rhat(_normal_scores(split) if scores is None else scores), _rhat(_normal_scores(folded)))


def _rhat(x: Floats) -> float:
    n = x.shape[1]
    between, within = n * x.mean(axis=1).var(ddof=1), x.var(axis=1, ddof=1).mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.sqrt((between / within + n - 1) / n))


def _groups(superchains: int | ArrayLike, n_chains: int) -> NDArray[np.int64]:
    """Number of the group of each chain."""
    if isinstance(superchains, (int, np.integer)):
        count = int(superchains)
        if count < 2 or n_chains % count:
            raise ValueError(f"superchains must be at least 2 and divide the {n_chains} chains, got {count}.")
        return np.repeat(np.arange(count), n_chains // count)
    ids = np.asarray(superchains)
    if ids.shape != (n_chains,):
        raise ValueError(f"superchains should have the shape ({n_chains},), but got {ids.shape}.")
    _, groups, sizes = np.unique(ids, return_inverse=True, return_counts=True)
    if len(sizes) < 2 or sizes.min() != sizes.max():
        raise ValueError(f"superchains must be two or more groups of equal size, got the sizes {sizes.tolist()}.")
    return groups.astype(np.int64)


def _nested(x: Floats, groups: NDArray[np.int64]) -> float:
    """Equations 4 to 8 of Margossian and others."""
    by_group = x[np.argsort(groups, kind="stable")].reshape(groups.max() + 1, -1, x.shape[1])
    means = by_group.mean(axis=2)
    within = by_group.var(axis=2, ddof=1).mean(axis=1) if x.shape[1] > 1 else np.zeros(len(means))
    between = means.var(axis=1, ddof=1) if means.shape[1] > 1 else np.zeros(len(means))
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.sqrt(1 + means.mean(axis=1).var(ddof=1) / (within + between).mean()))


def _ess(x: Floats) -> float:
    """Effective sample size by Geyer's initial monotone sequence over the mean autocorrelation of the chains."""
    n_chains, n = x.shape
    if x.max() - x.min() < np.finfo(np.float64).resolution:
        return float(x.size)
    covariance = _mean_autocovariance(x)
    variance = covariance[0] * n / (n - 1)
    total = covariance[0] + (x.mean(axis=1).var(ddof=1) if n_chains > 1 else 0.0)
    rho = 1 - (variance - covariance) / total
    rho[0] = 1.0
    count, ends_positive = _initial_pairs(rho)
    pairs = np.minimum.accumulate(rho[: 2 * count].reshape(-1, 2).sum(axis=1))
    # the even lag after the last pair counts once
    extra = rho[2 * count] if ends_positive else max(rho[2 * count], 0.0)
    tau = max(-1 + 2 * pairs.sum() + extra, 1 / np.log10(x.size))
    return float(x.size / tau)


def _initial_pairs(rho: Floats) -> tuple[int, bool]:
    """How many pairs of lags to sum: those before the first whose sum is not positive, or before the longest lags.

    Also whether it was the latter.
    """
    most = max(0, (len(rho) - 1) // 2 - 1)
    pairs = rho[: 2 * most + 2].reshape(-1, 2).sum(axis=1)
    ended = np.flatnonzero(pairs <= 0)
    if not len(ended):
        return most, True
    return int(ended[0]), False


def _mean_autocovariance(x: Floats) -> Floats:
    """Mean over the chains of the autocovariance at every lag, from one mean spectrum."""
    from scipy.fft import irfft, next_fast_len, rfft

    n_chains, n = x.shape
    length = next_fast_len(2 * n, real=True)
    power = np.zeros(length // 2 + 1)
    rows = max(1, _BLOCK // length)
    for start in range(0, n_chains, rows):
        block = x[start : start + rows]
        spectrum = rfft(block - block.mean(axis=1, keepdims=True), n=length, axis=1)
        power += (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
    covariance: Floats = irfft(power, n=length)[:n] / (n * n_chains)
    return covariance


def _ess_tail(x: Floats) -> float:
    return min(_ess(_split((x <= _quantile(x, p)).astype(np.float64))) for p in _TAILS)


def _quantile(x: Floats, p: float) -> float:
    """Linear interpolation, rounded as SciPy's mquantiles is."""
    n = x.size
    place = n * p + (1 - p)
    below = int(np.floor(np.clip(place, 1, n - 1)))
    share = float(np.clip(place - below, 0, 1))
    part = np.partition(x, (below - 1, below), axis=None)
    return float((1 - share) * part[below - 1] + share * part[below])


def _mcse_sd(x: Floats) -> float:
    squares = (x - x.mean()) ** 2
    variance = squares.mean()
    if variance == 0:
        return 0.0
    error = ((squares**2).mean() - variance**2) / _ess(_split(squares))
    return float(np.sqrt(error / variance / 4))
