"""What the report says of restricted Boltzmann machines: digits learned and completed, likelihoods, times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn.neural_network
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from gibbsite import BernoulliRBM
from gibbsite.kernels import rbm as kernels
from gibbsite.rbm import Epoch, LogLikelihood

from .page import Section, caption, row, signed_tiles, table, tiles
from .theme import SERIES, figure, to_svg
from .timing import BARS_KEY, MEASURED, bars, cells, interleaved

Array = NDArray[Any]

# The report's rows of tiles are fifteen wide in a wide window.
N_TILES = 15
# Of the small machines whose likelihood is followed.
N_EPOCHS = 120
# Of pixels that are not given: lighter than any stroke.
UNKNOWN = 0.12

# A rate that falls to nothing ends the noise of the last steps.
SETTINGS: dict[str, Any] = {"batch_size": 50, "schedule": "linear", "random_state": 0}


def sections() -> list[Section]:
    """Fit one machine for pictures and bracket, three small ones for the schemes; then measure times."""
    train, test = binary_digits()
    model = BernoulliRBM(100, centered=True, learning_rate=0.1, n_iter=200, **SETTINGS).fit(train)
    return [digits(model, train, test), likelihood(model, train, test), timings()]


def binary_digits() -> tuple[Array, Array]:
    """Digits in black and white: 1500 rows to learn from, 297 to test on."""
    X = load_digits().data >= 8
    return X[:1500], X[1500:]


def digits(model: BernoulliRBM, train: Array, test: Array) -> Section:
    """Filters, samples, inpainting, and two curves of the training."""
    drawn = model.sample(2 * N_TILES, 2000, probabilities=True)
    strongest = np.argsort(-np.linalg.norm(model.components_, axis=1))[: 2 * N_TILES]
    weights = model.components_[strongest]
    samples = caption(
        f"<h4>Digits of the data</h4>{tiles(_images(train[: 2 * N_TILES]), alt='real digit')}"
        f"<h4>Digits drawn from the machine</h4>{tiles(_images(drawn), alt='sampled digit')}"
        "<h4>What its hidden units look for</h4>"
        f"{signed_tiles(_images(weights / np.quantile(np.abs(weights), 0.995)), alt='weights')}",
        "Draws are the pixels' probabilities after 2000 Gibbs sweeps. Of the hidden units, the "
        f"{2 * N_TILES} with the largest weights: "
        '<i class="key positive"></i>ink there switches the unit on, <i class="key negative"></i>off.',
    )
    lead = (
        "scikit-learn's digits in black and white, 64 binary pixels, and 100 binary hidden units. Given one layer, "
        "the units of the other are independent: a sweep draws all of one, then all of the other. "
        f"{model.n_iter_} epochs of persistent contrastive divergence with the centred gradient took "
        f"{sum(model.history_['seconds']):.1f} s."
    )
    return Section("Restricted Boltzmann machines", lead, samples + _inpainting(model, train, test) + _curves(model))


def _inpainting(model: BernoulliRBM, train: Array, test: Array) -> str:
    given = np.repeat([True, False], 32)
    start = test & given
    completions = [model.gibbs(start, 300, clamp=given) for _ in range(20)]
    mean = np.mean(completions, axis=0)
    rows = {
        "Given: the upper half of digits that it never saw": np.where(given, test, UNKNOWN),
        "One completion": completions[0],
        "Another": completions[1],
        "Mean of twenty": mean,
        "The digit": test,
    }
    pictures = "".join(f"<h4>{name}</h4>{tiles(_images(v[:N_TILES]), alt=name)}" for name, v in rows.items())
    guess = train.mean(axis=0)
    error, reference = (np.mean((test - p)[:, ~given] ** 2) for p in (mean, guess))
    return caption(
        pictures,
        f"The given pixels are held, the others swept 300 times. Mean squared error of the hidden pixels over all "
        f"{len(test)} digits left out: <b>{error:.3f}</b> for the mean of twenty completions, {reference:.3f} for the "
        "share of digits with ink there.",
    )


def _curves(model: BernoulliRBM) -> str:
    history, epochs = model.history_, np.arange(1, model.n_iter_ + 1)
    with figure() as (fig, ax):
        ax.plot(epochs, history["pseudo_likelihood"], color=SERIES[0], linewidth=1.2)
        ax.set(
            xlabel="epoch",
            ylabel="pseudo-likelihood, nats",
            ylim=(np.quantile(history["pseudo_likelihood"], 0.02), None),
        )
        fit = to_svg(fig, "Pseudo-likelihood of the training rows after each epoch")
    with figure() as (fig, ax):
        ax.plot(
            epochs, history["autocorrelation"], color=SERIES[1], linewidth=1.2, label="autocorrelation over a sweep"
        )
        ax.plot(
            epochs, history["flip_rate"], color=SERIES[0], linewidth=1.2, label="share of pixels that a sweep flips"
        )
        ax.set(xlabel="epoch", ylim=(0, 1))
        ax.legend()
        mixing = to_svg(fig, "Autocorrelation and flip rate of the persistent chains after each epoch")
    return row(
        caption(fit, "The pseudo-likelihood needs no partition function. It is estimated from one pixel of each row."),
        caption(mixing, "What a machine has learned holds its chains in place: as weights grow, sweeps change less."),
    )


def likelihood(model: BernoulliRBM, train: Array, test: Array) -> Section:
    """Exact likelihoods of small machines over the epochs; a bracket that closes for the large one."""
    schemes: dict[str, dict[str, Any]] = {
        "PCD-1": {},
        "PCD-1, centred": {"centered": True},
        "parallel tempering, centred": {"centered": True, "method": "pt"},
    }
    ends = {}
    with figure() as (fig, ax):
        for (name, settings), color in zip(schemes.items(), SERIES, strict=False):
            curve = _exact_curve(train, test, settings)
            ends[name] = curve[-1, 1]
            ax.plot(*curve.T, color=color, label=name)
        ax.set(xlabel="epoch", ylabel="test log-likelihood, nats", ylim=(-23, None))
        ax.legend(loc="lower right")
        exact = to_svg(fig, "Exact test log-likelihood of three training schemes over the epochs")
    numbers = [5, 20, 100, 500, 2000]
    brackets = [
        model.log_likelihood(test, "ais", n_chains=500, n_temperatures=n, n_reverse_rows=40, random_state=1)
        for n in numbers
    ]
    with figure() as (fig, ax):
        _draw_brackets(ax, numbers, brackets)
        bracket = to_svg(fig, "Upper and lower estimates of the test log-likelihood over the number of temperatures")
    last = brackets[-1]
    reached = "; ".join(f"{name} {_number(value)}" for name, value in ends.items())
    body = row(
        caption(exact, f"16 hidden units: log Z is a sum over all 65536 of their states. At the end: {reached} nats."),
        caption(
            bracket,
            f"100 hidden units: between <b>{_number(last.lower)}</b> and <b>{_number(last.upper)}</b> nats with "
            f"{numbers[-1]} temperatures. Bars are two standard errors.",
        ),
    )
    lead = (
        "Rows left out, in nats a row. The partition function Z is what makes this hard: exact where one layer is "
        "small; else annealed importance sampling puts the likelihood too high, reverse annealing too low, and the "
        "distance of the two says how far to trust them."
    )
    return Section("Boltzmann machines: a likelihood from both sides", lead, body)


def _exact_curve(train: Array, test: Array, settings: dict[str, Any]) -> Array:
    """Pairs of epoch and exact test log-likelihood of a machine with 16 hidden units."""
    curve: list[tuple[int, float]] = []

    def measure(epoch: Epoch) -> None:
        if epoch.epoch % 4 == 0:
            parameters = epoch.components, epoch.intercept_visible, epoch.intercept_hidden
            log_z = kernels.exact_log_partition(*parameters)
            curve.append((epoch.epoch, -float(kernels.free_energy(test, *parameters).mean()) - log_z))

    BernoulliRBM(16, learning_rate=0.2, n_iter=N_EPOCHS, callback=measure, **SETTINGS, **settings).fit(train)
    return np.array(curve)


def _draw_brackets(ax: Any, numbers: list[int], brackets: list[LogLikelihood]) -> None:
    estimates = {
        "annealed importance sampling": [(b.upper, b.standard_error) for b in brackets],
        "reverse, from rows left out": [(b.lower, b.lower_standard_error) for b in brackets],
    }
    for (name, pairs), color in zip(estimates.items(), SERIES, strict=False):
        values, errors = np.array(pairs).T
        ax.errorbar(numbers, values, yerr=2 * errors, color=color, marker="o", markersize=4, capsize=3, label=name)
    ax.set(xscale="log", xlabel="temperatures", ylabel="test log-likelihood, nats")
    ax.set_xticks(numbers, [str(n) for n in numbers])
    ax.minorticks_off()
    ax.legend()


def timings() -> Section:
    """Epochs and sweeps beside scikit-learn's."""
    black = (np.random.default_rng(0).random((2000, 784)) < 0.19).astype(np.float32)
    grey = (load_digits().data / 16).astype(np.float32)
    rows = [
        _timed("Digits in grey, 10 epochs", grey, 128, lambda machine: machine.fit(grey), n_iter=10),
        _timed("Black and white, one epoch", black, 500, lambda machine: machine.fit(black), n_iter=1),
        _timed(
            "Ten Gibbs sweeps of 1000 chains", black[:1000], 500, lambda machine: _ten_sweeps(machine, black[:1000])
        ),
        _timed("Hidden probabilities", black, 500, lambda machine: machine.transform(black)),
    ]
    body = caption(
        table(["", "scikit-learn", "gibbsite", "ratio", ""], rows),
        f"{BARS_KEY}. Persistent contrastive divergence in batches of 100 rows. Same data, precision (float32) and "
        "threads; medians of three turns. The black and white rows are random, 19 % black, which is as much as a "
        "handwritten digit has.",
    )
    return Section("Boltzmann machines: time beside scikit-learn", MEASURED, body)


def _ten_sweeps(machine: Any, v: Array) -> Array:
    """One call where that can be; scikit-learn's method makes one sweep."""
    if isinstance(machine, BernoulliRBM):
        return np.asarray(machine.gibbs(v, 10))
    for _ in range(10):
        v = machine.gibbs(v)
    return v


def _timed(name: str, X: Array, n_components: int, work: Callable[[Any], Any], n_iter: int = 1) -> list[str]:
    """One row of the table: the work of both machines, fitted beforehand."""
    settings: dict[str, Any] = {"n_components": n_components, "batch_size": 100, "n_iter": n_iter, "random_state": 0}
    peer, ours = (kind(**settings).fit(X[:200]) for kind in (sklearn.neural_network.BernoulliRBM, BernoulliRBM))
    times = interleaved(lambda: work(peer), lambda: work(ours))
    size = f"<small>{_grouped(len(X))} × {X.shape[1]}, {n_components} hidden units</small>"
    return [name + size, *cells(times), bars(times)]


def _images(rows: Array) -> Array:
    return np.asarray(rows, dtype=np.float64).reshape(-1, 8, 8)


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
