"""The kernels once more for densities that are NumPy functions of a batch: all chains in step, one call a step."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gibbsite._backends.selection import Backend
from gibbsite.mcmc._errors import DensityError
from gibbsite.targets import BatchedTarget
from gibbsite.targets._numpy import UsageError

Floats = NDArray[np.float64]

# purposes of the random numbers, as the compiled kernels have them
NORMALS, UNIFORMS, JITTER = 0x4D434E4F, 0x4D435541, 0x4D434A49
# random numbers that are drawn at once
_BLOCK = 1 << 16


class BatchedKernels:
    """`log_density`, `metropolis`, `leapfrog` and `hmc` with the arguments of a back end; `nuts` is the back end's."""

    def __init__(self, target: BatchedTarget, backend: Backend) -> None:
        self._target = target
        self._backend = backend
        self._draw = 0
        self.nuts = backend.mcmc.nuts

    def _values_and_gradients(self, q: Floats, draw: int) -> tuple[Floats, Floats]:
        return _called(self._target.values_and_gradients, q, draw)  # type: ignore[no-any-return]

    def log_density(self, q: Any, *arguments: Any) -> None:
        """See csrc/mcmc/api.hpp, as for the others."""
        *_, logp, grad, _, _ = arguments
        if grad is None:
            logp[...] = _called(self._target.values, q, 0)
        else:
            logp[...], grad[...] = self._values_and_gradients(q, 0)
        logp[~(logp < np.inf)] = -np.inf

    def metropolis(self, q: Any, logp: Any, *arguments: Any) -> None:
        """Every step is one call of the density with all proposals."""
        scale, factor, n_steps, thin, seed, chain, draw, draws, lp, rate, _, _ = arguments[5:]
        values = self._target.values
        n_chains, dim = q.shape
        proposal, accepted = np.empty_like(q), np.empty(n_chains, bool)
        where = accepted[:, np.newaxis]
        total = np.zeros(n_chains)
        block = max(1, _BLOCK // (n_chains * dim))
        for begin in range(0, n_steps, block):
            count = min(block, n_steps - begin)
            z = _normals(self._backend, seed, chain, draw + begin, (count, n_chains, dim))
            z = z * factor if factor is not None and factor.ndim == 1 else z
            z = z @ factor.T if factor is not None and factor.ndim == 2 else z
            z *= scale[:, np.newaxis]
            log_u = np.log(_uniforms(self._backend, seed, chain, draw + begin, (count, n_chains)))
            ratios = np.empty((count, n_chains))
            for i, (step, threshold, ratio) in enumerate(zip(z, log_u, ratios, strict=True)):
                np.add(q, step, out=proposal)
                try:
                    new = values(proposal)
                except UsageError:
                    raise
                except Exception as error:
                    _locate(values, proposal, draw + begin + i, error)
                np.subtract(new, logp, out=ratio)
                # NaN is rejected, for no comparison with it holds; plus infinity by the second one
                np.less(threshold, ratio, out=accepted)
                accepted &= new < np.inf
                np.copyto(q, proposal, where=where)
                np.copyto(logp, new, where=accepted)
                kept, left = divmod(begin + i + 1, thin)
                if left == 0 and draws is not None:
                    draws[:, kept - 1] = q
                if left == 0 and lp is not None:
                    lp[:, kept - 1] = logp
            ratios[~(ratios < np.inf)] = -np.inf
            total += np.exp(np.minimum(ratios, 0.0, out=ratios), out=ratios).sum(axis=0)
        if rate is not None:
            rate[...] = total / max(n_steps, 1)

    def leapfrog(self, q: Any, p: Any, grad: Any, logp: Any, *arguments: Any) -> None:
        """Chains that have made their steps stand still while the others move."""
        mass_kind, inverse_mass, _, step_size, n_steps, _, _ = arguments[5:]
        velocity = _velocity(mass_kind, inverse_mass)
        half = 0.5 * step_size[:, np.newaxis]
        for i in range(int(n_steps.max(initial=0))):
            moving = (i < n_steps) & (logp > -np.inf)
            if not moving.any():
                break
            where = moving[:, np.newaxis]
            np.add(p, half * grad, out=p, where=where)
            np.add(q, 2 * half * velocity(p), out=q, where=where)
            new, gradient = self._values_and_gradients(q, self._draw)
            np.copyto(grad, gradient, where=where)
            np.add(p, half * grad, out=p, where=where)
            np.copyto(logp, np.where(new < np.inf, new, -np.inf), where=moving)

    def hmc(self, q: Any, logp: Any, grad: Any, *arguments: Any) -> None:
        """One trajectory a draw for all chains together; adaptation is left to the caller."""
        packed, arguments = arguments[:5], arguments[5:]
        mass, (step_size, n_leapfrog, jitter, max_energy_error) = arguments[:3], arguments[3:7]
        n_draws, thin, seed, chain, draw, draws, lp, info, adaptation, _, _, status, context = arguments[7:]
        if adaptation is not None:
            raise NotImplementedError("the adaptation of batched densities is made between calls")
        n_chains, dim = q.shape
        to_momentum = _momentum(*mass)
        velocity = _velocity(mass[0], mass[1])
        for i in range(n_draws):
            p = to_momentum(_normals(self._backend, seed, chain, draw + i, (1, n_chains, dim))[0])
            log_u = np.log(_uniforms(self._backend, seed, chain, draw + i, (1, n_chains))[0])
            lengths = n_leapfrog
            if jitter:
                u = _uniforms(self._backend, seed, chain, draw + i, (1, n_chains), JITTER)[0]
                lengths = np.maximum(1, np.floor(n_leapfrog * (1 + jitter * (2 * u - 1)) + 0.5)).astype(np.int64)
            self._draw = draw + i
            start = 0.5 * (p * velocity(p)).sum(axis=1) - logp
            state = [q.copy(), p, grad.copy(), logp.copy()]
            self.leapfrog(*state, *packed, *mass, step_size, lengths, status, context)
            with np.errstate(invalid="ignore", over="ignore"):
                energy = 0.5 * (p * velocity(p)).sum(axis=1) - state[3]
                error = energy - start
                diverging = ~(error <= max_energy_error)
                accepted = (log_u < -error) & ~diverging
                rate = np.where(diverging, 0.0, np.exp(np.minimum(0.0, -error)))
            for old, new in zip((q, grad), (state[0], state[2]), strict=True):
                np.copyto(old, new, where=accepted[:, np.newaxis])
            np.copyto(logp, state[3], where=accepted)
            kept, left = divmod(i + 1, thin)
            if left:
                continue
            if draws is not None:
                draws[:, kept - 1] = q
            if lp is not None:
                lp[:, kept - 1] = logp
            if info is not None:
                info[:, kept - 1] = np.stack([rate, np.where(accepted, energy, start), diverging], axis=1)


def _called(function: Any, q: Floats, draw: int) -> Any:
    """Call a density; an exception of its own is told with the chain whose point raises it."""
    try:
        return function(q)
    except UsageError:
        raise
    except Exception as error:
        _locate(function, q, draw, error)


def _locate(function: Any, q: Floats, draw: int, error: Exception) -> NoReturn:
    """Raise the error anew with the chain whose point raises it, or as it is where none does by itself."""
    for chain in range(len(q)):
        try:
            function(q[chain : chain + 1])
        except Exception as cause:
            raise DensityError(chain, draw, q[chain].copy(), -1, cause) from cause
    raise error


def _normals(backend: Any, seed: int, chain: int, draw: int, shape: tuple[int, int, int]) -> Floats:
    """Standard normals of some draws of all chains; those of a chain do not depend on the chains beside it."""
    z = np.empty(shape)
    for i, row in enumerate(z.reshape(shape[0], -1)):
        backend.random.normal(row, seed, NORMALS, (draw + i) % 2**32, chain * shape[2], 0)
    return z


def _uniforms(
    backend: Any, seed: int, chain: int, draw: int, shape: tuple[int, int], purpose: int = UNIFORMS
) -> Floats:
    u = np.empty(shape)
    for i in range(shape[0]):
        backend.random.uniform(u[i], seed, purpose, (draw + i) % 2**32, chain, 0)
    # 0 is a possible draw: the smallest number above keeps its logarithm finite
    return np.maximum(u, 2.0**-54, out=u)


def _velocity(mass_kind: int, inverse_mass: Any) -> Any:
    if mass_kind == 2:
        return lambda p: p @ inverse_mass
    return lambda p: p * inverse_mass


def _momentum(mass_kind: int, inverse_mass: Any, factor: Any) -> Any:
    if mass_kind == 2:
        inverse = np.linalg.inv(factor)
        return lambda z: z @ inverse
    deviation = 1 / np.sqrt(inverse_mass)
    return lambda z: z * deviation
