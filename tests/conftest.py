"""Fixtures that all tests share."""

from __future__ import annotations

import os
import zlib

import numpy as np
import pytest

import gibbsite
from tests import backends

# What runs in CI is what GIBBSITE_TEST_BACKENDS says; a misspelt name must not pass for a tested back end.
_unknown = set(backends.REQUIRED) - set(backends.ALL)
if _unknown:
    raise pytest.UsageError(f"GIBBSITE_TEST_BACKENDS names unknown back ends: {sorted(_unknown)}")


@pytest.fixture(params=[pytest.param(n, marks=pytest.mark.gpu) if n == "cuda" else n for n in backends.ALL])
def kernels(request):
    """Every implementation of the kernels in turn."""
    with backends.required_or_skip(request.param) as found:
        yield found


@pytest.fixture(params=backends.HOST)
def host(request):
    """Every implementation for NumPy arrays in turn, in force for `gibbsite.kernels` too."""
    with backends.required_or_skip(request.param) as found, gibbsite.backend(found.name.split("-")[0]):
        yield found


@pytest.fixture(params=[np.float64, np.float32], ids=["float64", "float32"])
def dtype(request):
    return request.param


@pytest.fixture(params=["full", "tied", "diag", "spherical"])
def covariance_type(request):
    return request.param


@pytest.fixture
def rng(request):
    """Fresh random numbers in every run; GIBBSITE_TEST_SEED repeats one, and is printed where a test fails."""
    seed = int(os.environ.get("GIBBSITE_TEST_SEED", "") or np.random.SeedSequence().entropy % 2**32)
    request.node.user_properties.append(("GIBBSITE_TEST_SEED", seed))
    print(f"GIBBSITE_TEST_SEED={seed}")
    return np.random.default_rng([seed, zlib.crc32(request.node.nodeid.encode())])
