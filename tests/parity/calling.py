"""Call a back-end function the way a suspicious caller would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_GUARD = 5  # elements on both sides of an output; odd, so that outputs are not aligned for vectors


@dataclass
class Out:
    """An output of this shape and dtype, filled with what no kernel writes."""

    shape: tuple[int, ...]
    dtype: Any


def _sentinel(dtype: np.dtype) -> Any:
    return np.nan if dtype.kind == "f" else 0xAB if dtype == np.uint8 else -7


def call(kernels, function, *arguments):
    """Call `function` of a back end and return its outputs.

    Inputs are read-only and must not change; outputs must be written fully and only there.
    """
    inputs, outputs, passed = [], [], []
    for argument in arguments:
        if isinstance(argument, Out):
            dtype = np.dtype(argument.dtype)
            size = int(np.prod(argument.shape))
            buffer = np.full(size + 2 * _GUARD, _sentinel(dtype), dtype)
            device_buffer = kernels.put(buffer)
            view = buffer[_GUARD : _GUARD + size].reshape(argument.shape)
            passed.append(kernels.put(view) if kernels.name != "cuda" else _slice(device_buffer, argument.shape))
            outputs.append((device_buffer, argument.shape))
        elif isinstance(argument, np.ndarray):
            assert argument.flags.c_contiguous
            copy = argument.copy()
            copy.flags.writeable = False
            inputs.append((argument, kernels.put(copy)))
            passed.append(inputs[-1][1])
        else:
            passed.append(argument)
    function(*passed, 0)
    for before, after in inputs:
        np.testing.assert_array_equal(kernels.get(after), before, err_msg="an input was changed")
    return [_checked(kernels.get(buffer), shape) for buffer, shape in outputs]


def _slice(buffer, shape):
    return buffer[_GUARD : buffer.size - _GUARD].reshape(shape)


def _checked(buffer, shape):
    sentinel = _sentinel(buffer.dtype)
    guards = np.concatenate([buffer[:_GUARD], buffer[len(buffer) - _GUARD :]])
    np.testing.assert_array_equal(guards, np.full(2 * _GUARD, sentinel, buffer.dtype), err_msg="written outside")
    values = buffer[_GUARD : len(buffer) - _GUARD].reshape(shape)
    unwritten = np.isnan(values) if buffer.dtype.kind == "f" else values == sentinel
    # 0xAB is a value that no uint8 kernel gives; NaN none that finite inputs give.
    assert not unwritten.any(), f"{unwritten.sum()} of {values.size} entries were not written"
    return values


def assert_close(actual, expected, tolerance, scale=1.0):
    """|actual - expected| <= tolerance (scale + |expected|), entry by entry."""
    expected = np.asarray(expected)
    assert actual.shape == expected.shape
    error = np.abs(actual - expected) / (scale + np.abs(expected))
    assert not error.size or error.max() <= tolerance, f"error {error.max():.3g}, tolerance {tolerance:.3g}"
