"""Call back-end functions of the samplers, with inputs that must not change and outputs that must be written."""

from __future__ import annotations

import numpy as np

from tests.parity.calling import Out
from tests.rbm.calling import InOut, call_in_place


class Host(InOut):
    """A small array that stays on the host whatever the back end."""

    def place(self, kernels):
        return self.array

    def result(self, kernels):
        return self.array


STATUS = Out((4,), np.int64)


def run(kernels, name, *arguments, status=(0, 0, 0)):
    """Call a function of the module `mcmc`; a target may stand for its five arguments.

    Returns (arrays that it changed, outputs), after a look at the status, which it leaves out.
    """
    flat = []
    for argument in arguments:
        if hasattr(argument, "arguments"):
            kind, sizes, *rest = argument.arguments
            flat += [kind, Host(sizes), *rest]
        else:
            flat.append(argument)
    changed, outputs = call_in_place(kernels, getattr(kernels.mcmc, name), *flat, STATUS)
    np.testing.assert_array_equal(outputs[-1][:3], status)
    hosts = [isinstance(argument, Host) for argument in flat if isinstance(argument, InOut)]
    return [array for array, is_host in zip(changed, hosts, strict=True) if not is_host], outputs[:-1]
