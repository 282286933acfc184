"""Densities and samplers in plain NumPy float64, one chain at a time: written for clarity, and for nothing else.

csrc/mcmc/targets.hpp says how densities are packed, csrc/mcmc/placement.hpp where random numbers sit. Each decision
that a sampler makes (accept, choose, turn, diverge) leaves how far it was from going the other way in a list of
margins: where the least of them is within rounding, a kernel may rightly decide differently.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from tests.oracles import philox4x32_10

KINDS = (
    "function",
    "multivariate_normal",
    "logistic_regression",
    "linear_regression",
    "gaussian_mixture",
    "student_t",
    "funnel",
    "rosenbrock",
)

# ------------------------------------------------------------------------------------------- densities


@dataclass
class Density:
    """A packed target, as kernels get it; `data` may be float32, all arithmetic is float64."""

    kind: str
    sizes: np.ndarray
    data: np.ndarray

    @property
    def arguments(self):
        return KINDS.index(self.kind), self.sizes, self.data, 0, 0

    def value(self, q):
        """Log density of one point."""
        return float(self(q)[0])

    def gradient(self, q):
        return self(q)[1]

    def __call__(self, q):
        """(log density, gradient) of one point."""
        with np.errstate(all="ignore"):
            value, gradient = globals()[f"_{self.kind}"](np.asarray(q, np.float64), self.sizes, _Reader(self.data))
        return (value if np.isfinite(value) else -np.inf), gradient


class _Reader:
    """The numbers of `data`, one after the other."""

    def __init__(self, data):
        self.data, self.at = data.astype(np.float64), 0

    def __call__(self, *shape):
        begin, self.at = self.at, self.at + int(np.prod(shape, dtype=int))
        values = self.data[begin : self.at]
        return values.reshape(shape) if shape else float(values[0])


def _multivariate_normal(q, sizes, read):
    constant, mean = read(), read(len(q))
    P = np.diag(read(len(q))) if sizes[0] else read(len(q), len(q))
    y = (q - mean) @ P
    return constant - y @ y / 2, -P @ y


def _logistic_regression(q, sizes, read):
    constant, precision, sign, X = read(), read(), read(sizes[0]), read(len(q), sizes[0])
    margin = sign * (q @ X)
    value = constant - precision * (q @ q) / 2 - np.logaddexp(0, -margin).sum()
    return value, -precision * q + X @ (sign * expit(-margin))


def _linear_regression(q, sizes, read):
    d = sizes[0]
    constant, n, rss_min, prior, noise, b_hat, R = read(), read(), read(), read(), read(), read(d), read(d, d)
    b, log_sigma = q[:-1], q[-1]
    u, sigma = R @ (b - b_hat), np.exp(log_sigma)
    rss = rss_min + u @ u
    value = constant - n * log_sigma - rss / (2 * sigma**2) - prior * (b @ b) / 2 - noise * sigma**2 / 2 + log_sigma
    by_log_sigma = -n + rss / sigma**2 - noise * sigma**2 + 1
    return value, np.append(-(R.T @ u) / sigma**2 - prior * b, by_log_sigma)


def _gaussian_mixture(q, sizes, read):
    k, d = sizes[0], len(q)
    constants, means, factors = read(k), read(k, d), read(k, d, d)
    y = np.stack([(q - mean) @ P for mean, P in zip(means, factors, strict=True)])
    values = constants - (y**2).sum(axis=1) / 2
    value = values.max() + np.log(np.exp(values - values.max()).sum())
    return value, -sum(np.exp(v - value) * P @ z for v, P, z in zip(values, factors, y, strict=True))


def _student_t(q, sizes, read):
    constant, df, mean, P = read(), read(), read(len(q)), read(len(q), len(q))
    y = (q - mean) @ P
    return constant - (df + len(q)) / 2 * np.log1p(y @ y / df), -(df + len(q)) / (df + y @ y) * (P @ y)


def _normal(x, scale):
    return -((x / scale) ** 2) / 2 - np.log(scale) - np.log(2 * np.pi) / 2


def _funnel(q, sizes, read):
    scale, v = read(), q[0]
    value = _normal(v, scale) + _normal(q[1:], np.exp(v / 2)).sum()
    by_v = -v / scale**2 + (q[1:] ** 2 * np.exp(-v) - 1).sum() / 2
    return value, np.append(by_v, -q[1:] * np.exp(-v))


def _rosenbrock(q, sizes, read):
    a, b, temperature = read(), read(), read()
    x, bend = q[:-1], q[1:] - q[:-1] ** 2
    gradient = np.zeros(len(q))
    gradient[:-1] += 4 * b * bend * x + 2 * (a - x)
    gradient[1:] -= 2 * b * bend
    return -(b * bend**2 + (a - x) ** 2).sum() / temperature, gradient / temperature


def log_density(q, density):
    """(log densities, gradients) of points (C, D)."""
    pairs = [density(point) for point in q]
    return np.array([value for value, _ in pairs]), np.array([g for _, g in pairs]).reshape(q.shape)


# --------------------------------------------------------------------------------------------- draws

NORMALS, ACCEPT, JITTER = 0x4D434E4F, 0x4D435541, 0x4D434A49
DIRECTION, TREE, LEAF = 0x4D434449, 0x4D435455, 0x4D434C45


@dataclass(frozen=True)
class Place:
    """Where the random numbers of one draw of one chain sit."""

    seed: int
    chain: int = 0
    draw: int = 0

    def at(self, chain, draw):
        """The place so many chains and draws further on."""
        return Place(self.seed, self.chain + chain, self.draw + draw)

    def words(self, purpose, blocks):
        """(4, n)"""
        blocks = np.asarray(blocks, np.uint64)
        rest = (np.full(len(blocks), word % 2**32, np.uint64) for word in (self.chain, self.draw, purpose))
        return philox4x32_10((blocks, *rest), (self.seed % 2**32, self.seed >> 32))

    def uniforms(self, purpose, n):
        """Those of the blocks 0 ... n - 1."""
        words = self.words(purpose, np.arange(n))
        return (((words[1] << np.uint64(32)) | words[0]) >> np.uint64(11)) * 2.0**-53

    def uniform(self, purpose):
        return float(self.uniforms(purpose, 1)[0])

    def directions(self, n):
        """1 forwards, -1 backwards, of the doublings 0 ... n - 1."""
        return np.where(self.words(DIRECTION, np.arange(n))[0] & np.uint64(1), 1, -1)

    def normals(self, n, dtype):
        """Box & Muller 1958, in float64 from the same uniforms as the kernels."""
        if dtype == np.float32:
            w = self.words(NORMALS, np.arange(-(-n // 4)))
            radius, turn = w[[0, 2]].T.ravel(), w[[1, 3]].T.ravel()
            u1 = (radius.astype(np.float32).astype(np.float64) * 2.0**-32 + 2.0**-33).astype(np.float32)
            u1, u2 = np.minimum(u1, 1).astype(np.float64), (turn >> np.uint64(8)) * 2.0**-24
        else:
            w = self.words(NORMALS, np.arange(-(-n // 2)))
            u1 = 1 - ((w[1] << np.uint64(32) | w[0]) >> np.uint64(11)) * 2.0**-53
            u2 = ((w[3] << np.uint64(32) | w[2]) >> np.uint64(11)) * 2.0**-53
        radius, angle = np.sqrt(-2 * np.log(u1)), 2 * np.pi * u2
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:n]


def _below(uniform, log_probability, margins):
    """Whether log u < log_probability; NaN is no."""
    with np.errstate(divide="ignore"):
        log_u = np.log(uniform)
    if np.isnan(log_probability):
        return False
    margins.append(abs(log_u - log_probability))
    return log_u < log_probability


def acceptance_probability(error):
    return 0.0 if np.isnan(error) else float(np.exp(-max(error, 0.0)))


# ---------------------------------------------------------------------------------------- metropolis


@dataclass
class Draw:
    """One transition: where it ended, what the kernels tell about it, and how sure it is."""

    q: np.ndarray
    logp: float
    acceptance_rate: float
    energy: float = 0.0
    diverging: bool = False
    tree_depth: int = 0
    n_steps: int = 0
    moved: bool = False
    divergence: np.ndarray | None = None
    margins: list = field(default_factory=list)

    @property
    def margin(self):
        return min(self.margins, default=np.inf)


def metropolis_step(density, q, scale, factor, place, dtype):
    """`factor` is a matrix."""
    margins = []
    proposal = q + scale * (factor @ place.normals(len(q), dtype))
    before, after = density.value(q), density.value(proposal)
    accepted = _below(place.uniform(ACCEPT), after - before, margins)
    rate = acceptance_probability(before - after)
    return Draw(*((proposal, after) if accepted else (q, before)), rate, moved=accepted, margins=margins)


# ------------------------------------------------------------------------------------------ dynamics


@dataclass
class Point:
    q: np.ndarray
    p: np.ndarray
    logp: float
    grad: np.ndarray

    def energy(self, inverse_mass):
        with np.errstate(all="ignore"):
            return self.p @ inverse_mass @ self.p / 2 - self.logp


def leapfrog_step(density, point, inverse_mass, step_size):
    with np.errstate(all="ignore"):
        p = point.p + step_size / 2 * point.grad
        q = point.q + step_size * inverse_mass @ p
        logp, grad = density(q)
        return Point(q, p + step_size / 2 * grad, logp, grad)


def leapfrog(density, q, p, inverse_mass, step_size, n_steps):
    """Stops at the first point where the density is zero."""
    point = Point(q, p, *density(q))
    for _ in range(n_steps):
        if point.logp == -np.inf:
            break
        point = leapfrog_step(density, point, inverse_mass, step_size)
    return point


def momentum(inverse_mass, place, dtype):
    """L^-T z, where inverse mass = L L'."""
    L = np.linalg.cholesky(inverse_mass)
    return np.linalg.solve(L.T, place.normals(len(L), dtype))


def hmc_draw(density, q, inverse_mass, step_size, n_leapfrog, place, dtype, jitter=0.0, max_energy_error=1000.0):
    margins = []
    start = Point(q, momentum(inverse_mass, place, dtype), *density(q))
    length = n_leapfrog * (1 + jitter * (2 * place.uniform(JITTER) - 1)) if jitter else n_leapfrog
    end = leapfrog(density, q, start.p, inverse_mass, step_size, max(1, int(np.floor(length + 0.5))))
    error = end.energy(inverse_mass) - start.energy(inverse_mass)
    diverging = end.logp == -np.inf or not error <= max_energy_error
    margins.append(abs(error - max_energy_error) if np.isfinite(error) else np.inf)
    accepted = not diverging and _below(place.uniform(ACCEPT), -error, margins)
    kept = end if accepted else start
    rate = 0.0 if diverging else acceptance_probability(error)
    energy = kept.energy(inverse_mass)
    return Draw(kept.q, kept.logp, rate, energy, diverging, moved=accepted, margins=margins)


# ---------------------------------------------------------------------------------------------- nuts


@dataclass
class Tree:
    """Points in the order of growth: the first, the last, and the sum of all momenta."""

    first: Point
    last: Point
    rho: np.ndarray


class _Trajectory:
    """The recursion of Hoffman & Gelman (2014), algorithm 3, with the criterion and the choice of Betancourt (2017)."""

    def __init__(self, density, inverse_mass, step_size, max_depth, max_energy_error, start, place):
        self.density, self.inverse_mass, self.step_size = density, inverse_mass, step_size
        self.max_depth, self.max_energy_error, self.start = max_depth, max_energy_error, start
        self.leaf_uniforms, self.tree_uniforms = place.uniforms(LEAF, 2**max_depth), place.uniforms(TREE, max_depth)
        self.directions = place.directions(max_depth)
        self.start_energy = start.energy(inverse_mass)
        self.acceptance, self.divergence, self.margins = [], None, []

    def is_turning(self, left, right):
        """Both joined, and each with the neighbouring point of the other."""
        a, b, c, d = left.first, left.last, right.first, right.last
        checks = ((left.rho + right.rho, a, d), (left.rho + c.p, a, c), (right.rho + b.p, b, d))
        turning = False
        for rho, *ends in checks:
            for end in ends:
                v = self.inverse_mass @ end.p
                turning = turning or not rho @ v > 0
                if np.isfinite(rho @ v):
                    self.margins.append(abs(rho @ v) / (np.linalg.norm(rho) * np.linalg.norm(v)))
        return turning

    def leaf(self, point, direction):
        """The next point, or None where it diverges; it may become the candidate of its subtree."""
        new = leapfrog_step(self.density, point, self.inverse_mass, direction * self.step_size)
        error = new.energy(self.inverse_mass) - self.start_energy
        number = len(self.acceptance)
        self.acceptance.append(acceptance_probability(error))
        if np.isfinite(error):
            self.margins.append(abs(error - self.max_energy_error))
        if new.logp == -np.inf or not error <= self.max_energy_error:
            self.divergence = np.stack([point.q, new.q, point.p])
            return None
        self.log_weight = np.logaddexp(self.log_weight, -error)
        if _below(self.leaf_uniforms[number], -error - self.log_weight, self.margins):
            self.candidate = new
        return Tree(new, new, new.p)

    def subtree(self, point, depth, direction):
        """2^depth points that follow this one, or None where they turn or diverge."""
        if depth == 0:
            return self.leaf(point, direction)
        left = self.subtree(point, depth - 1, direction)
        right = left and self.subtree(left.last, depth - 1, direction)
        if not right or self.is_turning(left, right):
            return None
        return Tree(left.first, right.last, left.rho + right.rho)

    def run(self):
        """(chosen point, completed doublings)"""
        tree = Tree(self.start, self.start, self.start.p)  # first is the backward end here
        chosen, log_weight = self.start, 0.0
        for depth, direction in enumerate(self.directions):
            forwards = direction == 1
            old = tree if forwards else Tree(tree.last, tree.first, tree.rho)
            self.candidate, self.log_weight = None, -np.inf
            new = self.subtree(old.last, depth, direction)
            if not new:
                return chosen, depth
            if _below(self.tree_uniforms[depth], self.log_weight - log_weight, self.margins):
                chosen = self.candidate
            log_weight = np.logaddexp(log_weight, self.log_weight)
            ends = (old.first, new.last) if forwards else (new.last, old.first)
            tree = Tree(*ends, old.rho + new.rho)
            if self.is_turning(old, new):
                return chosen, depth + 1
        return chosen, self.max_depth


def nuts_draw(density, q, inverse_mass, step_size, max_depth, place, dtype, max_energy_error=1000.0):
    start = Point(q, momentum(inverse_mass, place, dtype), *density(q))
    trajectory = _Trajectory(density, inverse_mass, step_size, max_depth, max_energy_error, start, place)
    chosen, depth = trajectory.run()
    return Draw(
        chosen.q,
        chosen.logp,
        float(np.mean(trajectory.acceptance)),
        chosen.energy(inverse_mass),
        trajectory.divergence is not None,
        depth,
        len(trajectory.acceptance),
        chosen is not start,
        trajectory.divergence,
        trajectory.margins,
    )


# ---------------------------------------------------------------------------------------- adaptation


class Adaptation:
    """Dual averaging (Hoffman & Gelman 2014, section 3.2), and nutpie's diagonal metric, of one chain."""

    def __init__(self, schedule, target_accept, step_size, inverse_mass):
        self.n_warmup, self.early_end, self.late_begin = schedule
        self.target_accept, self.step_size, self.inverse_mass = target_accept, step_size, inverse_mass.copy()
        self.mu, self.count, self.error, self.log_average = np.log(10 * step_size), 0, 0.0, 0.0
        self.foreground, self.background = [], []  # pairs of position and gradient

    def update(self, number, draw, gradient):
        """What follows the draw of this number."""
        if number >= self.n_warmup:
            return
        self.count += 1
        share = 1 / (self.count + 10)
        self.error = (1 - share) * self.error + share * (self.target_accept - draw.acceptance_rate)
        log_step = self.mu - np.sqrt(self.count) / 0.05 * self.error
        weight = self.count**-0.75
        self.log_average = weight * log_step + (1 - weight) * self.log_average
        self.step_size = float(np.exp(self.log_average if number == self.n_warmup - 1 else log_step))
        if number < self.late_begin:
            self._update_metric(number, draw, gradient)

    def _update_metric(self, number, draw, gradient):
        if draw.moved:
            self.foreground.append((draw.q, gradient))
            self.background.append((draw.q, gradient))
        window = 10 if number < self.early_end else 80
        if len(self.background) >= window and number + window <= self.late_begin:
            self.foreground, self.background = self.background, []
        if len(self.foreground) >= 3:
            positions, gradients = (np.array(values).var(axis=0) for values in zip(*self.foreground, strict=True))
            with np.errstate(all="ignore"):
                new = np.sqrt(positions / gradients)
            self.inverse_mass = np.where(np.isfinite(new) & (new > 0), np.clip(new, 1e-20, 1e20), self.inverse_mass)
