"""Every kernel once more in plain NumPy float64: written for clarity, and for nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp as scipy_logsumexp

# ---------------------------------------------------------------------------------------------- random


def philox4x32_10(counter, key):
    """Philox4x32-10 (Salmon et al. 2011): counter (4, n) and key (2,) to words (4, n), all 32 bits in uint64."""
    c = [np.asarray(word, dtype=np.uint64) for word in counter]
    k0, k1 = int(key[0]), int(key[1])
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(10):
        product0 = c[0] * np.uint64(0xD2511F53)
        product1 = c[2] * np.uint64(0xCD9E8D57)
        c = [
            (product1 >> half) ^ c[1] ^ np.uint64(k0),
            product1 & low,
            (product0 >> half) ^ c[3] ^ np.uint64(k1),
            product0 & low,
        ]
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return np.stack(c)


def _words(n, seed, stream, draw, offset, per_block):
    """Words (4, n) of the block that element offset + i lies in, and the element's place in it."""
    elements = np.uint64(offset) + np.arange(n, dtype=np.uint64)
    block = elements // np.uint64(per_block)
    low = np.uint64(0xFFFFFFFF)
    fixed = np.ones(n, np.uint64)
    counter = (block & low, block >> np.uint64(32), fixed * np.uint64(stream), fixed * np.uint64(draw))
    words = philox4x32_10(counter, (seed % 2**32, seed >> 32))
    return words, (elements % np.uint64(per_block)).astype(np.int64)


def uniform(n, seed, stream=0, draw=0, offset=0, dtype=np.float64):
    i = np.arange(n)
    if dtype == np.float32:
        words, place = _words(n, seed, stream, draw, offset, 4)
        return ((words[place, i] >> np.uint64(8)) * 2.0**-24).astype(np.float32)
    words, place = _words(n, seed, stream, draw, offset, 2)
    bits = (words[2 * place + 1, i] << np.uint64(32)) | words[2 * place, i]
    return (bits >> np.uint64(11)) * 2.0**-53


def normal(n, seed, stream=0, draw=0, offset=0, dtype=np.float64):
    """Box & Muller 1958; from the same uniforms as the kernels, in float64."""
    i = np.arange(n)
    if dtype == np.float32:
        words, place = _words(n, seed, stream, draw, offset, 4)
        pair = place // 2
        rounded = words[2 * pair, i].astype(np.float32).astype(np.float64)
        u1 = np.minimum((rounded * 2.0**-32 + 2.0**-33).astype(np.float32), 1).astype(np.float64)
        u2 = (words[2 * pair + 1, i] >> np.uint64(8)) * 2.0**-24
    else:
        words, place = _words(n, seed, stream, draw, offset, 2)
        first = (words[1] << np.uint64(32) | words[0]) >> np.uint64(11)
        second = (words[3] << np.uint64(32) | words[2]) >> np.uint64(11)
        u1, u2 = 1 - first * 2.0**-53, second * 2.0**-53
    angle = 2 * np.pi * u2
    return np.sqrt(-2 * np.log(u1)) * np.where(place % 2 == 0, np.cos(angle), np.sin(angle))


def bernoulli(p, n, seed, stream=0, draw=0, offset=0):
    return (uniform(n, seed, stream, draw, offset, p.dtype) < p).astype(np.uint8)


def categorical(cumulative, n, seed, stream=0, draw=0, offset=0):
    u = uniform(n, seed, stream, draw, offset, cumulative.dtype)
    threshold = u * cumulative[:, -1]
    return (cumulative[:, :-1] <= threshold[:, np.newaxis]).sum(axis=1).astype(np.int64) + np.zeros(n, np.int64)


# ------------------------------------------------------------------------------------------------ core


def logsumexp(x, weights, axis):
    with np.errstate(all="ignore"):
        return scipy_logsumexp(x, b=weights, axis=axis)


# --------------------------------------------------------------------------------------------- mixture


@dataclass
class Gaussians:
    """Parameters of a mixture, and their float64 copies."""

    offsets: np.ndarray | None
    means: np.ndarray
    precisions_cholesky: np.ndarray
    covariance_type: str

    @property
    def shape(self):
        return self.means.shape

    def factors(self):
        """Precision Cholesky factors as matrices (K, D, D) in float64."""
        k, d = self.shape
        p = self.precisions_cholesky.astype(np.float64)
        if self.covariance_type == "full":
            return p
        if self.covariance_type == "tied":
            return np.broadcast_to(p, (k, d, d))
        if self.covariance_type == "diag":
            return np.stack([np.diag(row) for row in p])
        return np.stack([value * np.eye(d) for value in p])


def log_prob(X, model):
    X = X.astype(np.float64)
    k, d = model.shape
    out = np.empty((len(X), k))
    for i, (mean, factor) in enumerate(zip(model.means.astype(np.float64), model.factors(), strict=True)):
        y = (X - mean) @ factor
        out[:, i] = np.log(np.diag(factor)).sum() - 0.5 * d * np.log(2 * np.pi) - 0.5 * (y**2).sum(axis=1)
    return out if model.offsets is None else out + model.offsets.astype(np.float64)


def responsibilities(X, model):
    """(responsibilities, their logarithms, log_density)"""
    values = log_prob(X, model)
    log_density = logsumexp(values, None, 1)
    logarithms = values - log_density[:, np.newaxis]
    return np.exp(logarithms), logarithms, log_density


def scatter_size(k, d, covariance_type):
    return {"full": k * d * d, "tied": d * d, "diag": k * d, "spherical": k}[covariance_type]


def pack(log_likelihood, total_weight, weight, mean, scatter):
    return np.concatenate([[log_likelihood, total_weight], weight, mean.ravel(), np.ravel(scatter)])


def statistics(X, r, center, covariance_type, sample_weight=None, log_density=None):
    """Flat statistics of responsibilities r (N, K): two passes, moments about the true means."""
    X, r = X.astype(np.float64), r.astype(np.float64)
    n, d = X.shape
    k = r.shape[1]
    w = np.ones(n) if sample_weight is None else sample_weight.astype(np.float64)
    wr = w[:, np.newaxis] * r
    weight = wr.sum(axis=0)
    mean = np.array(center, dtype=np.float64)
    covariance = np.zeros((k, d, d))
    for i in range(k):
        if weight[i] != 0:
            mean[i] += (wr[:, i, np.newaxis] * (X - mean[i])).sum(axis=0) / weight[i]
        difference = X - mean[i]
        covariance[i] = (wr[:, i, np.newaxis] * difference).T @ difference
    scatter = {
        "full": covariance,
        "tied": covariance.sum(axis=0),
        "diag": np.diagonal(covariance, axis1=1, axis2=2),
        "spherical": np.trace(covariance, axis1=1, axis2=2),
    }[covariance_type]
    log_likelihood = 0.0 if log_density is None else (w * log_density).sum()
    return pack(log_likelihood, w.sum(), weight, mean, scatter)


def em_step(X, model, sample_weight=None):
    r, _, log_density = responsibilities(X, model)
    return statistics(X, r, model.means, model.covariance_type, sample_weight, log_density)


def unpack(stats, k, d, covariance_type):
    """(log_likelihood, total_weight, weight, mean, scatter)"""
    shape = {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}[covariance_type]
    a, b = 2 + k, 2 + k + k * d
    return stats[0], stats[1], stats[2:a], stats[a:b].reshape(k, d), stats[b:].reshape(shape)


def m_step(stats, k, d, covariance_type, reg_covar):
    """(weights, means, covariances, precisions_cholesky) where every component is well defined."""
    _, _, weight, mean, scatter = unpack(stats, k, d, covariance_type)
    nk = weight + 10 * np.finfo(np.float64).eps
    weights = nk / nk.sum()
    if covariance_type == "full":
        covariances = scatter / nk[:, np.newaxis, np.newaxis] + reg_covar * np.eye(d)
        precisions = np.stack([np.linalg.inv(np.linalg.cholesky(c)).T for c in covariances])
    elif covariance_type == "tied":
        covariances = scatter / nk.sum() + reg_covar * np.eye(d)
        precisions = np.linalg.inv(np.linalg.cholesky(covariances)).T
    elif covariance_type == "diag":
        covariances = scatter / nk[:, np.newaxis] + reg_covar
        precisions = 1 / np.sqrt(covariances)
    else:
        covariances = scatter / (nk * d) + reg_covar
        precisions = 1 / np.sqrt(covariances)
    return weights, mean, covariances, precisions


def sample(means, factors, covariance_type, labels, seed, stream=0, draw=0, offset=0):
    n, d = len(labels), means.shape[1]
    z = normal(n * d, seed, stream, draw, offset * d, means.dtype).reshape(n, d)
    means, factors = means.astype(np.float64), factors.astype(np.float64)
    if covariance_type == "full":
        return means[labels] + np.einsum("nij,nj->ni", factors[labels], z)
    if covariance_type == "tied":
        return means[labels] + z @ factors.T
    return means[labels] + (factors[labels] if covariance_type == "diag" else factors[labels, np.newaxis]) * z


def square_distances(X, centers):
    """(N, K)"""
    return ((X.astype(np.float64)[:, np.newaxis] - centers.astype(np.float64)) ** 2).sum(axis=2)


def kmeans_step(X, centers, sample_weight=None):
    """(labels, sums)"""
    distances = square_distances(X, centers)
    labels = distances.argmin(axis=1) if len(X) else np.zeros(0, np.int64)
    w = np.ones(len(X)) if sample_weight is None else sample_weight.astype(np.float64)
    weight = np.bincount(labels, w, len(centers)).astype(np.float64)
    mean = centers.astype(np.float64)
    for k in range(len(centers)):
        if weight[k] > 0:
            mine = labels == k
            mean[k] = (w[mine, np.newaxis] * X[mine]).sum(axis=0) / weight[k]
    inertia = (w * distances[np.arange(len(X)), labels]).sum()
    return labels, np.concatenate([[inertia], weight, mean.ravel()])


def candidate_distances(X, candidates, closest=None, sample_weight=None):
    """(out, potentials)"""
    out = square_distances(X, candidates).T
    if closest is not None:
        out = np.minimum(out, closest)
    w = np.ones(len(X)) if sample_weight is None else sample_weight
    return out, out @ w
