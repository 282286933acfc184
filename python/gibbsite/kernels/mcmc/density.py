"""Log densities of a batch of points."""

from __future__ import annotations

from typing import Any

from gibbsite._backends.selection import select
from gibbsite.kernels._validation import FLOAT64, INT64, Array, as_output
from gibbsite.kernels.mcmc._state import State
from gibbsite.kernels.mcmc._validation import as_points, check_status, pack_target


def log_density(
    q: Array, target: Any, *, gradient: bool = False, out: State | None = None, threads: int | None = None
) -> State:
    """Log density of each point, and its gradient.

    Parameters
    ----------
    q : array of shape (C, D)
    target : gibbsite.targets.Target
        Of dimension D.
    gradient : bool
    out : State, optional
        Whose logp and grad are written; its q is not looked at.
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    State
        q, logp (float64), and grad (of q's dtype) where it is wanted. logp is -inf where the density is not finite, or
        a function says that it cannot be computed.

    Raises
    ------
    FatalDensityError
        If a function returns a negative status.
    TypeError
        If q is sparse, or target is no target.
    ValueError
        If a shape does not fit.
    """
    backend = select(q)
    xp = backend.xp
    q = as_points(q, target, xp)
    packed = pack_target(target, q, backend)
    logp, grad = (None, None) if out is None else out[1:]
    logp = as_output(logp, (len(q),), FLOAT64, xp, "out.logp")
    grad = as_output(grad, q.shape, q.dtype, xp, "out.grad") if gradient else None
    status = xp.empty(4, INT64)
    backend.mcmc.log_density(q, *packed, logp, grad, status, backend.context(threads))
    check_status(status, packed, q)
    return State(q, logp, grad)
