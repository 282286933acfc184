"""What one layer says of the other, and the free energy."""

from __future__ import annotations

from gibbsite._backends.selection import select
from gibbsite.kernels._validation import Array, as_output
from gibbsite.kernels.rbm._validation import as_betas, as_machine, as_states


def hidden_probabilities(
    v: Array,
    W: Array,
    c: Array,
    *,
    temperature: float | Array = 1.0,
    variance: Array | None = None,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Probability that each hidden unit is on, p(h_i = 1 | v) = sigmoid((c_i + (W v / s)_i) / temperature).

    Zeros in v cost next to nothing.

    Parameters
    ----------
    v : array of shape (N, D)
        Binary and categorical units: bool, integers, or floating-point values in [0, 1].
    W : array of shape (H, D)
    c : array of shape (H,)
    temperature : float or array of shape (N,)
    variance : array of shape (D,), optional
        Variances s of Gaussian visible units; 1 for others.
    out : array of shape (N, H), optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    array of shape (N, H), of W's dtype

    Raises
    ------
    TypeError
        If v is sparse.
    ValueError
        If a shape does not fit, or v has values that the units cannot take; the first one is named.
    """
    backend = select(v, W)
    xp = backend.xp
    machine = as_machine(W, None, c, xp, variance)
    v = as_states(v, machine.n_visible, machine.dtype, xp, "v", variance is not None)
    betas = as_betas(temperature, len(v), machine.dtype, xp)
    result = as_output(out, (len(v), machine.n_hidden), machine.dtype, xp)
    context = backend.context(threads)
    backend.rbm.hidden_probabilities(v, machine.W, machine.c, machine.variance, betas, result, None, context)
    return result


def visible_probabilities(
    h: Array,
    W: Array,
    b: Array,
    *,
    temperature: float | Array = 1.0,
    variance: Array | None = None,
    groups: Array | None = None,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Probability that each visible unit is on, or the means b + h W of Gaussian units.

    Binary units: sigmoid((b + h W) / temperature); categorical ones: its softmax over each group.

    Parameters
    ----------
    h : array of shape (N, H)
        States or probabilities: bool, integers, or floating-point values in [0, 1].
    W : array of shape (H, D)
    b : array of shape (D,)
    temperature : float or array of shape (N,)
    variance : array of shape (D,), optional
        Given for Gaussian units.
    groups : integer array of shape (n_groups + 1,), optional
        Offsets of the groups of categorical units.
    out : array of shape (N, D), optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    array of shape (N, D), of W's dtype

    Raises
    ------
    TypeError
        If h is sparse.
    ValueError
        If a shape does not fit, or a value of h lies outside [0, 1]; the first one is named.
    """
    backend = select(h, W)
    xp = backend.xp
    m = as_machine(W, b, None, xp, variance, groups)
    h = as_states(h, m.n_hidden, m.dtype, xp, "h")
    betas = as_betas(temperature, len(h), m.dtype, xp)
    result = as_output(out, (len(h), m.n_visible), m.dtype, xp)
    context = backend.context(threads)
    backend.rbm.visible_probabilities(h, m.W, m.b, m.variance, m.groups, betas, result, None, context)
    return result


def free_energy(
    v: Array,
    W: Array,
    b: Array,
    c: Array,
    *,
    variance: Array | None = None,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Free energy F(v) = -log sum_h e^(-E(v, h)), so that p(v) = e^(-F(v)) / Z.

    Binary and categorical units: -b v - sum_i softplus(c_i + (W v)_i); Gaussian units have sum (v - b)^2 / (2 s) in the
    place of -b v, and v / s in that of v. Nothing overflows; the sums over units are made in float64.

    Parameters
    ----------
    v : array of shape (N, D)
        As in `hidden_probabilities`.
    W : array of shape (H, D)
    b : array of shape (D,)
    c : array of shape (H,)
    variance : array of shape (D,), optional
        Given for Gaussian units.
    out : array of shape (N,), optional
    threads : int, optional
        Default: `gibbsite.get_threads()`.

    Returns
    -------
    array of shape (N,), of W's dtype

    Raises
    ------
    TypeError
        If v is sparse.
    ValueError
        If a shape does not fit, or v has values that the units cannot take; the first one is named.
    """
    backend = select(v, W)
    xp = backend.xp
    m = as_machine(W, b, c, xp, variance)
    v = as_states(v, m.n_visible, m.dtype, xp, "v", variance is not None)
    result = as_output(out, (len(v),), m.dtype, xp)
    backend.rbm.free_energy(v, m.W, m.b, m.c, m.variance, result, None, backend.context(threads))
    return result
