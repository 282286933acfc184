"""A log density as the kernels take it."""

from __future__ import annotations

from typing import Any, NamedTuple


class PackedTarget(NamedTuple):
    """The five arguments that tell a back end what to sample.

    Attributes
    ----------
    kind : int
        0 for a C function of double precision on the host, else the number of a native density; see
        csrc/mcmc/targets.hpp for the sizes and data of each.
    sizes : int64 array of shape (4,)
    data : array of shape (n,)
        Parameters in the dtype that is sampled in.
    function : int
        Address of `int f(size_t dim, const double *q, double *grad, double *logp, void *user_data)`, or 0.
    user_data : int
        Address that is passed as its last argument, or 0.
    """

    kind: int
    sizes: Any
    data: Any
    function: int = 0
    user_data: int = 0
