"""Twelve posteriors of posteriordb as densities on an unconstrained scale, and their constrained draws.

Each function takes the data and returns a density and a function from draws to constrained quantities, under the names
of the reference draws. Least squares enter through their QR decomposition.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from gibbsite import targets
from gibbsite.transforms import interval, ordered, positive, simplex

# what the prior of a scale contributes: none; a half-Cauchy, a half-normal, a half-Student-t with 3 degrees of freedom
FLAT, CAUCHY, NORMAL, STUDENT = range(4)


def folder(name):
    """Where a posterior lies, or a skipped test."""
    default = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    path = Path(os.environ.get("GIBBSITE_DATA", default)) / "posteriordb" / name
    if not path.exists():
        pytest.skip("posteriordb is not in the folder of shared data (GIBBSITE_DATA)")
    return path


def load(name):
    """Data, with lists as arrays, and reference draws of shape (10, 1000) a parameter."""
    path = folder(name)
    data = {
        key: np.array(value, dtype=float) if isinstance(value, list) else value
        for key, value in json.loads((path / "data.json").read_text()).items()
    }
    with np.load(path / "draws.npz") as file:
        return data, {key: file[key] for key in file.files}


def numbered(prefix, values):
    """Names such as beta[1] for the last axis."""
    return {f"{prefix}[{k + 1}]": values[..., k] for k in range(values.shape[-1])}


def regression(X, y, prior_scale, noise_prior, noise_scale=1.0, *, intercept=None, orthogonal=False):
    """y ~ N(X b, sigma), b flat or normal; the last b may have a Student-t(3) prior with a centre and a scale instead.

    q holds b, or where `orthogonal`, for columns that are nearly collinear, R (b - b_hat) of X = Q R; and log sigma.
    Returns the density and a function from draws to those of b and sigma.
    """
    n, d = X.shape
    b_hat = np.linalg.lstsq(X, y, rcond=None)[0]
    rss = float(((y - X @ b_hat) ** 2).sum())
    R = np.linalg.qr(X, mode="r")
    # b = b_0 + A q and R (b - b_hat) = r_0 + B q, all upper triangular
    A, b_0 = (np.linalg.inv(R), b_hat) if orthogonal else (np.eye(d), np.zeros(d))
    B, r_0 = R @ A, R @ (b_0 - b_hat)
    precision = np.zeros(d) if prior_scale is None else np.full(d, prior_scale**-2.0)
    center, spread = (0.0, 1.0) if intercept is None else intercept
    has_intercept = intercept is not None
    if has_intercept:
        precision[-1] = 0.0

    @targets.density(dim=d + 1, names={"b": d, "log_sigma": ()})
    def density(q, grad):
        sigma = np.exp(q[d])
        total = rss
        logp = 0.0
        for j in range(d):
            grad[j] = 0.0
        for i in range(d):
            r, b = r_0[i], b_0[i]
            for j in range(i, d):
                r += B[i, j] * q[j]
                b += A[i, j] * q[j]
            total += r * r
            logp -= 0.5 * precision[i] * b * b
            by_b = -precision[i] * b
            if has_intercept and i == d - 1:
                z = (b - center) / spread
                logp -= 2 * np.log1p(z * z / 3)
                by_b = -4 * z / (3 + z * z) / spread
            for j in range(i, d):
                grad[j] += by_b * A[i, j] - B[i, j] * r / sigma**2
        logp -= 0.5 * total / sigma**2 + n * q[d]
        slope = total / sigma**3 - n / sigma
        s = sigma / noise_scale
        if noise_prior == CAUCHY:
            logp -= np.log1p(s * s)
            slope -= 2 * s / (1 + s * s) / noise_scale
        elif noise_prior == NORMAL:
            logp -= 0.5 * s * s
            slope -= s / noise_scale
        elif noise_prior == STUDENT:
            logp -= 2 * np.log1p(s * s / 3)
            slope -= 4 * s / (3 + s * s) / noise_scale
        grad[d] = positive.gradient(q[d], slope)
        return logp + positive.log_jacobian(q[d])

    def coefficients(draws):
        return b_0 + draws[..., :d] @ A.T, np.exp(draws[..., d])

    return density, coefficients


def named(model, name="beta"):
    """The density of a regression, and its draws under the names beta[1] ... and sigma."""
    density, coefficients = model

    def constrain(draws):
        b, sigma = coefficients(draws)
        return numbered(name, b) | {"sigma": sigma}

    return density, constrain


def eight_schools(data):
    y, s = data["y"], data["sigma"]

    @targets.density(dim=10, names={"theta_trans": 8, "mu": (), "log_tau": ()})
    def density(q, grad):
        mu, tau = q[8], np.exp(q[9])
        logp = -mu * mu / 50 - np.log1p(tau * tau / 25)
        by_mu, by_tau = -mu / 25, -2 * tau / (25 + tau * tau)
        for j in range(8):
            r = (y[j] - mu - tau * q[j]) / s[j]
            logp -= 0.5 * (q[j] ** 2 + r * r)
            grad[j] = -q[j] + tau * r / s[j]
            by_mu += r / s[j]
            by_tau += q[j] * r / s[j]
        grad[8] = by_mu
        grad[9] = positive.gradient(q[9], by_tau)
        return logp + positive.log_jacobian(q[9])

    def constrain(draws):
        mu, tau = draws[..., 8], np.exp(draws[..., 9])
        theta = mu[..., None] + tau[..., None] * draws[..., :8]
        return numbered("theta", theta) | {"mu": mu, "tau": tau}

    return density, constrain


def ar_k(data):
    y, K = data["y"], data["K"]
    X = np.column_stack([np.ones(len(y) - K), *(y[K - k : len(y) - k] for k in range(1, K + 1))])
    density, coefficients = regression(X, y[K:], 10.0, CAUCHY, 2.5)

    def constrain(draws):
        b, sigma = coefficients(draws)
        return {"alpha": b[..., 0]} | numbered("beta", b[..., 1:]) | {"sigma": sigma}

    return density, constrain


def garch(data):
    y, first = data["y"], float(data["sigma1"])

    @targets.density(dim=4, names=["mu", "log_alpha0", "logit_alpha1", "logit_beta1"])
    def density(q, grad):
        mu, a0 = q[0], np.exp(q[1])
        a1 = interval.value(q[2])
        room = 1 - a1
        b1 = interval.value(q[3], 0.0, room)
        v = first * first
        dv = np.zeros(4)
        total = np.zeros(4)
        logp = 0.0
        for t in range(len(y)):
            r = y[t] - mu
            logp -= 0.5 * (np.log(v) + r * r / v)
            slope = 0.5 * (r * r / v - 1) / v
            for k in range(4):
                total[k] += slope * dv[k]
            total[0] += r / v
            by = (-2 * a1 * r, 1.0, r * r, v)
            for k in range(4):
                dv[k] = b1 * dv[k] + by[k]
            v = a0 + a1 * r * r + b1 * v
        grad[0] = total[0]
        grad[1] = positive.gradient(q[1], total[1])
        # the room of beta1 shrinks as alpha1 grows: through beta1 itself, and through its log-Jacobian
        by_a1 = total[2] - total[3] * b1 / room - 1 / room
        grad[2] = interval.gradient(q[2], by_a1)
        grad[3] = interval.gradient(q[3], total[3], 0.0, room)
        jacobians = positive.log_jacobian(q[1]) + interval.log_jacobian(q[2]) + interval.log_jacobian(q[3], 0.0, room)
        return logp + jacobians

    def constrain(draws):
        alpha1 = interval.value(draws[..., 2])
        return {
            "mu": draws[..., 0],
            "alpha0": np.exp(draws[..., 1]),
            "alpha1": alpha1,
            "beta1": (1 - alpha1) * interval.value(draws[..., 3]),
        }

    return density, constrain


def gaussian_process(data):
    y = data["y"]
    squares = np.subtract.outer(data["x"], data["x"]) ** 2
    n = len(y)

    @targets.density(dim=3, names=["log_rho", "log_alpha", "log_sigma"])
    def density(q, grad):
        rho, alpha, sigma = np.exp(q[0]), np.exp(q[1]), np.exp(q[2])
        kernel = alpha**2 * np.exp(-0.5 * squares / rho**2)
        L = np.zeros((n, n))
        inverse = np.zeros((n, n))  # of L
        logp = 0.0
        for i in range(n):
            for j in range(i + 1):
                total = kernel[i, j] + (sigma if i == j else 0.0)
                for k in range(j):
                    total -= L[i, k] * L[j, k]
                if i == j:
                    if not total > 0:
                        return -np.inf
                    L[i, i] = np.sqrt(total)
                else:
                    L[i, j] = total / L[j, j]
            logp -= np.log(L[i, i])
            for j in range(i + 1):
                total = 1.0 if i == j else 0.0
                for k in range(j, i):
                    total -= L[i, k] * inverse[k, j]
                inverse[i, j] = total / L[i, i]
        z = np.zeros(n)
        w = np.zeros(n)
        for i in range(n):
            for j in range(i + 1):
                z[i] += inverse[i, j] * y[j]
            logp -= 0.5 * z[i] ** 2
            for j in range(i + 1):
                w[j] += inverse[i, j] * z[i]
        by_rho, by_alpha, by_sigma = 0.0, 0.0, 0.0
        for i in range(n):
            for j in range(n):
                slope = w[i] * w[j]
                for k in range(max(i, j), n):
                    slope -= inverse[k, i] * inverse[k, j]
                by_rho += 0.5 * slope * kernel[i, j] * squares[i, j] / rho**3
                by_alpha += slope * kernel[i, j] / alpha
                if i == j:
                    by_sigma += 0.5 * slope
        logp += 24 * q[0] - 4 * rho - alpha**2 / 8 - 0.5 * sigma**2
        grad[0] = positive.gradient(q[0], by_rho + 24 / rho - 4)
        grad[1] = positive.gradient(q[1], by_alpha - alpha / 4)
        grad[2] = positive.gradient(q[2], by_sigma - sigma)
        return logp + q[0] + q[1] + q[2]

    def constrain(draws):
        return {name: np.exp(draws[..., k]) for k, name in enumerate(("rho", "alpha", "sigma"))}

    return density, constrain


def kidiq(data):
    hs, iq = data["mom_hs"], data["mom_iq"]
    X = np.column_stack([np.ones_like(hs), hs, iq, hs * iq])
    return named(regression(X, data["kid_score"], None, CAUCHY, 2.5, orthogonal=True))


def earnings(data):
    height, male = data["height"], data["male"]
    X = np.column_stack([np.ones_like(height), height, male, height * male])
    return named(regression(X, np.log(data["earn"]), None, FLAT, orthogonal=True))


def sblrc(data):
    return named(regression(data["X"], data["y"], 10.0, NORMAL, 10.0))


def nes(data):
    ages = [(data["age_discrete"] == k).astype(float) for k in (2, 3, 4)]
    others = [data[name] for name in ("educ1", "gender", "income")]
    ones = np.ones(len(ages[0]))
    X = np.column_stack([ones, data["real_ideo"], data["race_adj"], *ages, *others])
    return named(regression(X, data["partyid7"], None, FLAT))


def diamonds(data):
    X = data["X"][:, 1:] - data["X"][:, 1:].mean(axis=0)
    X = np.column_stack([X, np.ones(len(X))])
    density, coefficients = regression(X, data["Y"], 1.0, STUDENT, 10.0, intercept=(8.0, 10.0), orthogonal=True)

    def constrain(draws):
        b, sigma = coefficients(draws)
        return numbered("b", b[..., :-1]) | {"Intercept": b[..., -1], "sigma": sigma}

    return density, constrain


def hidden_markov(data):
    y = data["y"]
    n = len(y)

    @targets.density(dim=4, names={"theta1": 1, "theta2": 1, "mu": 2})
    def density(q, grad):
        A = np.empty((2, 2))
        simplex.value(q[0:1], A[0])
        simplex.value(q[1:2], A[1])
        levels = np.array([np.exp(q[2]), q[3]])
        mu = ordered.value(levels)
        emission = np.empty((n, 2))
        forward = np.empty((n, 2))
        backward = np.ones((n, 2))
        logp = 0.0
        for t in range(n):
            for k in range(2):
                emission[t, k] = np.exp(-0.5 * (y[t] - mu[k]) ** 2)
                before = 1.0 if t == 0 else forward[t - 1, 0] * A[0, k] + forward[t - 1, 1] * A[1, k]
                forward[t, k] = before * emission[t, k]
            total = forward[t, 0] + forward[t, 1]
            logp += np.log(total)
            forward[t] /= total
        by_mu = np.zeros(2)
        by_A = np.zeros((2, 2))
        for t in range(n - 1, -1, -1):
            if t < n - 1:
                for k in range(2):
                    backward[t, k] = 0.0
                    for j in range(2):
                        backward[t, k] += A[k, j] * emission[t + 1, j] * backward[t + 1, j]
                weight = forward[t, 0] * backward[t, 0] + forward[t, 1] * backward[t, 1]
                for k in range(2):
                    for j in range(2):
                        by_A[k, j] += forward[t, k] * emission[t + 1, j] * backward[t + 1, j] / weight
                backward[t] /= weight
            for k in range(2):
                by_mu[k] += forward[t, k] * backward[t, k] * (y[t] - mu[k])
        logp -= 0.5 * (mu[0] - 3) ** 2 + 0.5 * (mu[1] - 10) ** 2
        by_mu[0] -= mu[0] - 3
        by_mu[1] -= mu[1] - 10
        simplex.gradient(q[0:1], by_A[0], grad[0:1])
        simplex.gradient(q[1:2], by_A[1], grad[1:2])
        by_levels = ordered.gradient(levels, by_mu)
        grad[2] = positive.gradient(q[2], by_levels[0])
        grad[3] = by_levels[1]
        jacobians = simplex.log_jacobian(q[0:1]) + simplex.log_jacobian(q[1:2]) + ordered.log_jacobian(levels)
        return logp + jacobians + positive.log_jacobian(q[2])

    def constrain(draws):
        first = np.exp(draws[..., 2])
        mu = np.stack([first, first + np.exp(draws[..., 3])], axis=-1)
        rows = [numbered(f"theta{k + 1}", simplex.value(draws[..., k : k + 1])) for k in range(2)]
        return rows[0] | rows[1] | numbered("mu", mu)

    return density, constrain


def gaussian_mixture(data):
    y = data["y"]

    @targets.density(dim=5, names={"mu": 2, "log_sigma": 2, "logit_theta": ()})
    def density(q, grad):
        mu = ordered.value(q[:2])
        sigma = np.exp(q[2:4])
        theta = interval.value(q[4])
        logp = 0.0
        by_mu, by_sigma, by_theta = np.zeros(2), np.zeros(2), 0.0
        for i in range(len(y)):
            z0, z1 = (y[i] - mu[0]) / sigma[0], (y[i] - mu[1]) / sigma[1]
            a = np.log(theta) - np.log(sigma[0]) - 0.5 * z0 * z0
            b = np.log(1 - theta) - np.log(sigma[1]) - 0.5 * z1 * z1
            top = max(a, b)
            norm = top + np.log(np.exp(a - top) + np.exp(b - top))
            logp += norm
            r = np.exp(a - norm)
            by_mu[0] += r * z0 / sigma[0]
            by_mu[1] += (1 - r) * z1 / sigma[1]
            by_sigma[0] += r * (z0 * z0 - 1) / sigma[0]
            by_sigma[1] += (1 - r) * (z1 * z1 - 1) / sigma[1]
            by_theta += r / theta - (1 - r) / (1 - theta)
        for k in range(2):
            logp -= (mu[k] ** 2 + sigma[k] ** 2) / 8
            grad[2 + k] = positive.gradient(q[2 + k], by_sigma[k] - sigma[k] / 4)
            by_mu[k] -= mu[k] / 4
        logp += 4 * (np.log(theta) + np.log(1 - theta))
        grad[4] = interval.gradient(q[4], by_theta + 4 / theta - 4 / (1 - theta))
        ordered.gradient(q[:2], by_mu, grad[:2])
        return logp + ordered.log_jacobian(q[:2]) + q[2] + q[3] + interval.log_jacobian(q[4])

    def constrain(draws):
        return (
            numbered("mu", ordered.value(draws[..., :2]))
            | numbered("sigma", np.exp(draws[..., 2:4]))
            | {"theta": interval.value(draws[..., 4])}
        )

    return density, constrain


def mesquite(data):
    logs = [np.log(data[name]) for name in ("diam1", "diam2", "canopy_height", "total_height", "density")]
    X = np.column_stack([np.ones(len(logs[0])), *logs, data["group"]])
    return named(regression(X, np.log(data["weight"]), None, FLAT))


# folder, density, share of divergent draws that the model deserves
POSTERIORS = {
    "eight_schools-eight_schools_noncentered": (eight_schools, 0.01),
    "arK-arK": (ar_k, 0.0),
    "garch-garch11": (garch, 0.01),
    "gp_pois_regr-gp_regr": (gaussian_process, 0.0),
    "kidiq-kidscore_interaction": (kidiq, 0.0),
    "earnings-logearn_interaction": (earnings, 0.0),
    "sblrc-blr": (sblrc, 0.0),
    "nes1972-nes": (nes, 0.0),
    "diamonds-diamonds": (diamonds, 0.0),
    "hmm_example-hmm_example": (hidden_markov, 0.0),
    "low_dim_gauss_mix-low_dim_gauss_mix": (gaussian_mixture, 0.01),
    "mesquite-logmesquite": (mesquite, 0.0),
}
