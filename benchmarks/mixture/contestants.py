"""One EM iteration, written for each contestant: E step, M step, nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as PeerMixture

import gibbsite.kernels.mixture as k
from benchmarks.beside import Run
from benchmarks.mixture.data import Problem


def gibbsite_iteration(problem: Problem) -> Run:
    em_step = gibbsite_em_step(problem)
    return lambda: k.m_step(em_step(), dtype=problem.X.dtype)


def gibbsite_em_step(problem: Problem) -> Run:
    """The fused pass alone, without the M step."""
    log_weights = np.log(problem.weights)
    statistics = k.Statistics.zeros(len(problem.weights), problem.X.shape[1], problem.covariance_type)
    model = (log_weights, problem.means, problem.precisions_cholesky, problem.covariance_type)
    return lambda: k.em_step(problem.X, *model, out=statistics)


def scikit_learn_e_step(problem: Problem) -> Run:
    peer = fitted_peer(problem)
    return lambda: peer._e_step(problem.X)


def fitted_peer(problem: Problem) -> PeerMixture:
    peer = PeerMixture(len(problem.weights), covariance_type=problem.covariance_type)
    set_parameters(peer, problem)
    return peer


def set_parameters(peer: PeerMixture, problem: Problem) -> None:
    peer.weights_ = problem.weights
    peer.means_ = problem.means
    peer.covariances_ = problem.covariances
    peer.precisions_cholesky_ = problem.precisions_cholesky


def scikit_learn_iteration(problem: Problem) -> Run:
    peer = fitted_peer(problem)

    def run() -> None:
        set_parameters(peer, problem)
        _, log_responsibilities = peer._e_step(problem.X)
        peer._m_step(problem.X, log_responsibilities)

    return run


def torch_iteration(problem: Problem, torch: Any) -> Run:
    """The textbook loop in one dimension, on whole arrays."""
    x = torch.from_numpy(problem.X[:, 0])[:, None]
    weights, means = torch.from_numpy(problem.weights), torch.from_numpy(problem.means[:, 0])
    deviations = torch.ones_like(means)

    def run() -> Any:
        with torch.no_grad():
            z = (x - means) / deviations
            log_prob = weights.log() - deviations.log() - 0.5 * np.log(2 * np.pi) - 0.5 * z * z
            log_density = torch.logsumexp(log_prob, dim=1, keepdim=True)
            r = (log_prob - log_density).exp()
            total = r.sum(dim=0)
            new_means = (r * x).sum(dim=0) / total
            variances = (r * (x - new_means) ** 2).sum(dim=0) / total
            return total / len(x), new_means, variances, log_density.mean()

    return run
