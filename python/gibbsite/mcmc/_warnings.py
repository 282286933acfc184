"""What is said after a run about draws that should not be trusted as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gibbsite.mcmc._diagnostics import diagnose
from gibbsite.mcmc._samplers import HMC, NUTS, RandomWalk

if TYPE_CHECKING:
    from gibbsite.mcmc._trace import Trace

_RHAT, _EBFMI = 1.01, 0.3
# R-hat sorts the draws: of very many only some chains are looked at
_MOST_VALUES = 1 << 22


def messages(trace: Trace) -> list[str]:
    """What is wrong with the draws of a trace, and what to do about it, in sentences."""
    found = [_interruption(trace), _divergences(trace), _energy(trace), _depth(trace), _mixing(trace)]
    return [message for message in found if message is not None]


def _interruption(trace: Trace) -> str | None:
    if not trace.interrupted:
        return None
    return f"The run was interrupted: each chain has {trace.draws.shape[1]} draws."


def _divergences(trace: Trace) -> str | None:
    if "diverging" not in trace.stats:
        return None
    count, total = int(trace.stats["diverging"].sum()), trace.stats["diverging"].size
    if not count:
        return None
    advice = "Raise target_accept towards 1" if _adapted(trace) else "Take a smaller step_size"
    return (
        f"{count} of {total} trajectories diverged: the step size does not resolve the density there, and the draws "
        f"may miss that region. {advice}, or write the model so that its scale varies less (a non-centred form); "
        'trace.plot("pairs") shows where.'
    )


def _energy(trace: Trace) -> str | None:
    fractions = trace.ebfmi
    if fractions is None:
        return None
    low = fractions < _EBFMI
    if not low.any():
        return None
    return (
        f"{_count(int(low.sum()), 'chain')} with an E-BFMI below {_EBFMI} (the least is {np.nanmin(fractions):.2f}): "
        "momenta move the energy too little, and heavy tails are explored slowly. Reparameterise, so that tails become "
        "lighter or scales vary less, or draw much longer."
    )


def _depth(trace: Trace) -> str | None:
    if not isinstance(trace.sampler, NUTS):
        return None
    depth, most = trace.stats["tree_depth"], trace.sampler.max_depth
    hit = int((depth >= most).sum())
    if not hit:
        return None
    return (
        f"{hit} of {depth.size} trajectories reached the greatest depth, {most}, "
        "before they turned: draws are right but expensive for what they bring. Scale the parameters alike, try "
        "metric='dense' where they are correlated, or raise max_depth."
    )


def _mixing(trace: Trace) -> str | None:
    chains, draws, dim = trace.draws.shape
    if draws < 4 or not dim:
        return None
    still = (trace.draws == trace.draws[:, :1]).all(axis=(1, 2))
    if still.any():
        return (
            f"{_count(int(still.sum()), 'chain')} of {chains} did not move: no proposal was accepted. "
            f"{_what_moves(trace)}, or start elsewhere (init=)."
        )
    some = max(2, _MOST_VALUES // (draws * dim))
    x = trace.draws[:: max(1, chains // some)] if chains > some else trace.draws
    values = np.array([diagnose(np.ascontiguousarray(x[:, :, k], dtype=np.float64)).rhat for k in range(dim)])
    bad = ~(values <= _RHAT)
    if not bad.any():
        return None
    worst = int(np.where(np.isfinite(values), values, np.inf).argmax())
    others = f" ({int(bad.sum())} of {dim} coordinates are above {_RHAT})" if bad.sum() > 1 else ""
    return (
        f"R-hat of {trace.names[worst]} is {values[worst]:.3f}{others}: the chains do not agree yet. Draw more, with a "
        "longer warm-up; where they keep to different places, the density has several modes or a ridge, which "
        'trace.plot("ranks") shows.'
    )


def _what_moves(trace: Trace) -> str:
    name = "scale" if isinstance(trace.sampler, RandomWalk) else "step_size"
    return f"Take a smaller {name}, or leave it out and give a warm-up"


def _adapted(trace: Trace) -> bool:
    return not (isinstance(trace.sampler, HMC) and trace.sampler.step_size is not None)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' if n > 1 else ''}"
