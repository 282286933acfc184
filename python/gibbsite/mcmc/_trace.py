"""What `sample` returns."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

import gibbsite._version as version
from gibbsite._persistence import load_tree, save_tree
from gibbsite.mcmc import _samplers
from gibbsite.mcmc._diagnostics import ebfmi
from gibbsite.mcmc._samplers import Sampler
from gibbsite.mcmc._summary import Summary, summary
from gibbsite.targets._base import coordinate_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class Warmup:
    """What is known of the warm-up.

    Attributes
    ----------
    n_draws : int
        Of each chain.
    seconds : float
    draws : array of shape (chain, n_draws, dim), or None
        Kept with ``store_warmup=True``.
    stats : dict of arrays of shape (chain, n_draws), or None
    """

    n_draws: int
    seconds: float
    draws: NDArray[Any] | None = None
    stats: dict[str, NDArray[Any]] | None = None


@dataclass(repr=False)
class Trace(Mapping[str, NDArray[Any]]):
    """Draws of a run and all that is known of them; a mapping of variables to their draws.

    Attributes
    ----------
    draws : array of shape (chain, draw, dim)
    variables : dict of str to tuple of int
        Shape of each variable of the target; ``trace["theta"]`` is a view of its draws, of shape (chain, draw, ...).
    stats : dict of arrays of shape (chain, draw)
        Under ArviZ's names: `lp`; of HMC and NUTS `acceptance_rate`, `energy`, `diverging`, `step_size`; of NUTS
        `tree_depth`, `n_steps`.
    warmup : Warmup
    state : dict
        Where the chains stand and what they learned: `q`, `logp`, `draw`, `seed`; `step_size` and `inverse_mass`, or
        `scale` and `factor`.
    sampler : NUTS, HMC or RandomWalk
    acceptance : array of shape (chain,)
        Mean acceptance after the warm-up.
    divergence : array of shape (chain, 3, dim), or None
        Of each chain's last divergent step: the point where it began, where it ended, the momentum at its beginning;
        NaN where there was none.
    seconds : float
        Time of the draws after the warm-up.
    thin : int
    interrupted : bool
    warnings : list of str
        What `sample` warned of.
    """

    draws: NDArray[Any]
    variables: dict[str, tuple[int, ...]]
    stats: dict[str, NDArray[Any]]
    warmup: Warmup
    state: dict[str, Any]
    sampler: Sampler
    acceptance: NDArray[np.float64]
    divergence: NDArray[Any] | None = None
    seconds: float = 0.0
    thin: int = 1
    interrupted: bool = False
    warnings: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Name of each coordinate."""
        return coordinate_names(self.variables)

    @property
    def ebfmi(self) -> NDArray[np.float64] | None:
        """Energy Bayesian fraction of missing information of each chain; None of a random walk."""
        return ebfmi(self.stats["energy"]) if "energy" in self.stats else None

    def __getitem__(self, name: str) -> NDArray[Any]:
        place = 0
        for key, shape in self.variables.items():
            size = int(np.prod(shape, dtype=np.int64))
            if key == name:
                return self.draws[:, :, place : place + size].reshape(*self.draws.shape[:2], *shape)
            place += size
        raise KeyError(f"{name!r}; the variables are {', '.join(self.variables)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        chains, draws, dim = self.draws.shape
        parts = [f"{chains} chains of {draws} draws in {dim} dimensions"]
        if self.thin > 1:
            parts.append(f"every {self.thin}th kept")
        parts.append(f"mean acceptance {self.acceptance.mean():.2f}")
        if "diverging" in self.stats:
            parts.append(f"{int(self.stats['diverging'].sum())} divergences")
        parts.append(f"{self.warmup.seconds + self.seconds:.1f} s")
        return f"<Trace of {type(self.sampler).__name__}: {', '.join(parts)}>"

    def summary(self, names: list[str] | None = None) -> Summary:
        """Means, quantiles, Monte Carlo errors, effective sample sizes and R-hat of every coordinate.

        Parameters
        ----------
        names : list of str, optional
            Only these variables.

        Returns
        -------
        Summary
        """
        return summary({name: self[name] for name in (self.variables if names is None else names)})

    def to_arviz(self) -> Any:
        """Return the draws and their statistics as ArviZ holds them: InferenceData (0.x) or DataTree (1.x).

        Raises
        ------
        ImportError
            Where ArviZ is missing; the message names the extra to install.
        """
        from gibbsite.mcmc._arviz import to_arviz

        return to_arviz(self)

    def plot(self, kind: str = "trace", names: list[str] | None = None) -> Figure:
        """Draw traces, ranks, or pairs of coordinates with divergent draws marked.

        Parameters
        ----------
        kind : {"trace", "ranks", "pairs"}
        names : list of str, optional
            Variables; default: all, as far as a picture has room.

        Returns
        -------
        matplotlib Figure
        """
        from gibbsite.plotting._mcmc import grid_of

        return grid_of(self, kind, names)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one safetensors file, atomically."""
        tree = {name: getattr(self, name) for name in self.__dataclass_fields__}
        tree["variables"] = [[name, list(shape)] for name, shape in self.variables.items()]
        tree["warmup"] = {name: getattr(self.warmup, name) for name in self.warmup.__dataclass_fields__}
        tree["sampler"] = [type(self.sampler).__name__, asdict(self.sampler)]
        save_tree(path, {"class": "Trace", "version": version.__version__, **tree})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote. No code runs.

        Raises
        ------
        ValueError
            When the file is damaged, of a newer format, or holds something else.
        """
        tree = load_tree(path)
        if tree.pop("class", None) != "Trace":
            raise ValueError(f"{os.fspath(path)!r} does not hold a Trace")
        tree.pop("version")
        tree["variables"] = {name: tuple(shape) for name, shape in tree["variables"]}
        tree["warmup"] = Warmup(**tree["warmup"])
        name, settings = tree["sampler"]
        kinds = {"NUTS": _samplers.NUTS, "HMC": _samplers.HMC, "RandomWalk": _samplers.RandomWalk}
        tree["sampler"] = kinds[name](**settings)
        return cls(**tree)
