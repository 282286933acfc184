"""Latent-variable models and samplers with native kernels, for NumPy and CuPy arrays."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gibbsite._backends import threadpool as _threadpool  # noqa: F401  (threadpoolctl learns of our pool)
from gibbsite._backends.selection import backend, get_threads, set_threads
from gibbsite._version import __version__

if TYPE_CHECKING:
    from gibbsite import em, mcmc, targets, transforms
    from gibbsite._backends.devices import DeviceError
    from gibbsite.mcmc import HMC, NUTS, RandomWalk, sample
    from gibbsite.mixture import BayesianGaussianMixture, GaussianMixture
    from gibbsite.rbm import BernoulliRBM, GaussianRBM

# What is imported when it is first asked for, and from where: scikit-learn alone takes a second.
_LAZY = {
    "HMC": "gibbsite.mcmc",
    "NUTS": "gibbsite.mcmc",
    "BayesianGaussianMixture": "gibbsite.mixture",
    "BernoulliRBM": "gibbsite.rbm",
    "DeviceError": "gibbsite._backends.devices",
    "GaussianMixture": "gibbsite.mixture",
    "GaussianRBM": "gibbsite.rbm",
    "RandomWalk": "gibbsite.mcmc",
    "sample": "gibbsite.mcmc",
}
_LAZY_MODULES = ("em", "mcmc", "targets", "transforms")

__all__ = [
    "HMC",
    "NUTS",
    "BayesianGaussianMixture",
    "BernoulliRBM",
    "DeviceError",
    "GaussianMixture",
    "GaussianRBM",
    "RandomWalk",
    "__version__",
    "backend",
    "em",
    "get_threads",
    "mcmc",
    "sample",
    "set_threads",
    "targets",
    "transforms",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY_MODULES:
        return importlib.import_module(f"gibbsite.{name}")
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'gibbsite' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
