"""What the samplers take and give: states, warm-up, and what happened on the way."""

from __future__ import annotations

from typing import Any, NamedTuple

from gibbsite.kernels._validation import Array


class State(NamedTuple):
    """Where chains are.

    Attributes
    ----------
    q : array of shape (C, D)
        One point a chain.
    logp : float64 array of shape (C,)
        Log density there.
    grad : array of shape (C, D), or None
        Its gradient, of q's dtype; None where none was asked for.
    """

    q: Array
    logp: Array
    grad: Array | None = None


class Phase(NamedTuple):
    """Points in phase space.

    Attributes
    ----------
    q, p : arrays of shape (C, D)
        Positions and momenta.
    logp : float64 array of shape (C,), or None
        Log density at q; None where only a gradient was given.
    grad : array of shape (C, D)
        Gradient of the log density at q.
    """

    q: Array
    p: Array
    logp: Array | None
    grad: Array


class Warmup(NamedTuple):
    """What is adapted, and when; draws are counted as `draw` counts them.

    Attributes
    ----------
    n_warmup : int
        Draws before this one adapt the step size; the last of them leaves the average of the step sizes so far.
    early_end : int
        Before this draw the metric forgets after 10 draws, from then on after 80.
    late_begin : int
        From this draw on the metric stays.
    target_accept : float
        Acceptance rate that the step size aims at.
    adaptation : float64 array of shape (C, n), optional
        What an earlier call's info holds. Default: warm-up begins.
    """

    n_warmup: int
    early_end: int
    late_begin: int
    target_accept: float = 0.8
    adaptation: Array | None = None


class MetropolisInfo(NamedTuple):
    """What Metropolis steps gave.

    Attributes
    ----------
    draws : array of shape (C, n_steps // thin, D), or None
    lp : float64 array of shape (C, n_steps // thin), or None
        Log densities of the draws.
    acceptance_rate : float64 array of shape (C,)
        Mean of min(1, ratio) over all steps.
    """

    draws: Array | None
    lp: Array | None
    acceptance_rate: Array


class HMCInfo(NamedTuple):
    """What Hamiltonian Monte Carlo gave; M = n_draws // thin draws are kept.

    Attributes
    ----------
    draws : array of shape (C, M, D), or None
    lp : float64 array of shape (C, M), or None
        Log densities of the draws.
    numbers : float64 array of shape (C, M, 3)
        What the properties show.
    step_size : float64 array of shape (C,)
        Of the next draw.
    inverse_mass : array of shape (D,), (C, D) or (D, D)
        Of the next draw.
    adaptation : float64 array of shape (C, n), or None
        For the `Warmup` of the next call.
    """

    draws: Array | None
    lp: Array | None
    numbers: Array
    step_size: Array
    inverse_mass: Array
    adaptation: Array | None

    @property
    def acceptance_rate(self) -> Array:
        """min(1, e^-(energy error)), 0 where it diverged; float64 (C, M)."""
        return self.numbers[:, :, 0]

    @property
    def energy(self) -> Array:
        """Hamiltonian of the state that was kept; float64 (C, M)."""
        return self.numbers[:, :, 1]

    @property
    def diverging(self) -> Array:
        """Whether the energy error was too large, or the density zero on the way; bool (C, M)."""
        return self.numbers[:, :, 2] != 0


class NUTSInfo(NamedTuple):
    """What the no-U-turn sampler gave; M = n_draws // thin draws are kept.

    Attributes
    ----------
    draws : array of shape (C, M, D), or None
    lp : float64 array of shape (C, M), or None
        Log densities of the draws.
    numbers : float64 array of shape (C, M, 5)
        What the properties show.
    step_size : float64 array of shape (C,)
        Of the next draw.
    inverse_mass : array of shape (D,), (C, D) or (D, D)
        Of the next draw.
    adaptation : float64 array of shape (C, n), or None
        For the `Warmup` of the next call.
    divergence : array of shape (C, 3, D)
        Each chain's last step that diverged: where it began, where it ended, and the momentum at its beginning. NaN
        where none did.
    """

    draws: Array | None
    lp: Array | None
    numbers: Array
    step_size: Array
    inverse_mass: Array
    adaptation: Array | None
    divergence: Array

    @property
    def acceptance_rate(self) -> Array:
        """Mean of min(1, e^-(energy error)) over the points of the trajectory; float64 (C, M)."""
        return self.numbers[:, :, 0]

    @property
    def energy(self) -> Array:
        """Hamiltonian of the point that was chosen; float64 (C, M)."""
        return self.numbers[:, :, 1]

    @property
    def diverging(self) -> Array:
        """Whether a step ended the trajectory by too large an energy error; bool (C, M)."""
        return self.numbers[:, :, 2] != 0

    @property
    def tree_depth(self) -> Array:
        """Doublings of the trajectory that were completed; int64 (C, M)."""
        return self.numbers[:, :, 3].astype("int64")

    @property
    def n_steps(self) -> Array:
        """Leapfrog steps; int64 (C, M)."""
        return self.numbers[:, :, 4].astype("int64")


class FatalDensityError(RuntimeError):
    """A log density asked for the run to stop: it returned a negative status.

    Attributes
    ----------
    code : int
    chain, draw : int
        Numbers as the call's `chain` and `draw` count them.
    point : array of shape (D,)
        Where.
    """

    def __init__(self, code: int, chain: int, draw: int, point: Any) -> None:
        super().__init__(code, chain, draw, point)
        self.code, self.chain, self.draw, self.point = code, chain, draw, point

    def __str__(self) -> str:
        return (
            f"The log density returned {self.code} (fatal) in draw {self.draw} of chain {self.chain}, at {self.point}."
        )
