"""Call back-end functions that change some of their arguments."""

from __future__ import annotations

import numpy as np

from tests.parity.calling import call

_GUARD = 5  # elements on both sides; odd, so that the array is not aligned for vectors


class InOut:
    """An argument that is read and written, and nothing beside it."""

    def __init__(self, array):
        self.array = array

    def place(self, kernels):
        size, shape = self.array.size, self.array.shape
        buffer = np.zeros(size + 2 * _GUARD, self.array.dtype)
        buffer[_GUARD : _GUARD + size] = self.array.ravel()
        self.buffer = kernels.put(buffer)
        if kernels.name == "cuda":
            return self.buffer[_GUARD : _GUARD + size].reshape(shape)
        return kernels.put(buffer[_GUARD : _GUARD + size].reshape(shape))

    def result(self, kernels):
        values = kernels.get(self.buffer)
        guards = np.concatenate([values[:_GUARD], values[len(values) - _GUARD :]])
        assert not guards.any(), "written outside"
        return values[_GUARD : len(values) - _GUARD].reshape(self.array.shape)


def call_in_place(kernels, function, *arguments):
    """Like tests.parity.calling.call; returns (results of the InOut arguments, outputs)."""

    def placed(*passed):
        function(*(a.place(kernels) if isinstance(a, InOut) else a for a in passed))

    outputs = call(kernels, placed, *arguments)
    return [a.result(kernels) for a in arguments if isinstance(a, InOut)], outputs
