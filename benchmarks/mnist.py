"""The MNIST test file in its original form, where the folder of shared data has it; never downloaded."""

from __future__ import annotations

import gzip
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TRAIN, VALIDATION, TEST = slice(0, 8000), slice(8000, 9000), slice(9000, 10000)


def folder() -> Path:
    """Where shared data lies: GIBBSITE_DATA, or beside the checkout."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("GIBBSITE_DATA", default)) / "mnist"


@cache
def images() -> Any:
    """Return the grey values, uint8 of shape (10000, 784); skips the benchmark where they are not there."""
    path = folder() / "t10k-images-idx3-ubyte.gz"
    if not path.exists():
        pytest.skip("MNIST is not in the folder of shared data (GIBBSITE_DATA)")
    with gzip.open(path) as file:
        content = file.read()
    count, height, width = np.frombuffer(content, ">i4", 3, offset=4)
    return np.frombuffer(content, np.uint8, offset=16).reshape(count, height * width)


@cache
def binarised(seed: int = 0) -> Any:
    """Return each pixel as one Bernoulli draw with probability grey value / 255, uint8 of shape (10000, 784)."""
    grey = images()
    return (np.random.default_rng(seed).random(grey.shape, np.float32) < grey / np.float32(255)).astype(np.uint8)
