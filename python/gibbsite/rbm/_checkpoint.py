"""The state of a long fit on disk, so that it goes on after an interruption with the same bits."""

from __future__ import annotations

import contextlib
import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from gibbsite._persistence import load_tree, save_tree, to_host
from gibbsite.rbm._schedule import learning_rate_at
from gibbsite.rbm._snapshot import Snapshot
from gibbsite.rbm._sources import BatchSource

# parameters that neither shape the result nor the course of a fit
_INDIFFERENT = {"callback", "checkpoint", "threads", "verbose"}

# places, evenly spread over the fit, at which two learning rates are compared
_COMPARED_RATES = 32


class Checkpoint:
    """One file, replaced atomically; removed when the fit is over.

    Parameters
    ----------
    path : path-like
    seconds : float, default=30
        Least time between two writes.

    Raises
    ------
    OSError
        Where no file can be at that path.
    ValueError
        When the file that was found is no checkpoint.

    Warns
    -----
    RuntimeWarning
        When the file cannot be written or removed: the fit is worth more than its checkpoint, and goes on.
    """

    def __init__(self, path: str | os.PathLike[str], seconds: float = 30.0) -> None:
        self.path = Path(path)
        self.seconds = seconds
        _check_place(self.path)
        self.found: dict[str, Any] | None = _read(self.path) if self.path.exists() else None
        self._written = monotonic()

    def check(self, fingerprint: dict[str, Any]) -> None:
        """Remember what identifies the fit.

        Raises
        ------
        ValueError
            When the file that was found belongs to other data or settings.
        """
        self.fingerprint = fingerprint
        if self.found is None:
            return
        found = self.found.get("fingerprint", {})
        different = sorted(k for k in {*found, *fingerprint} if found.get(k) != fingerprint.get(k))
        if different:
            raise ValueError(
                f"The checkpoint {str(self.path)!r} belongs to another fit ({', '.join(different)} differ): "
                "delete it, or choose another path."
            )

    @property
    def is_due(self) -> bool:
        """Whether the last write is long enough ago."""
        return monotonic() - self._written >= self.seconds

    def write(self, seed: int, last: Snapshot, best: Snapshot | None, history: dict[str, list[float]]) -> None:
        """Put the state of an epoch's end on disk."""
        tree = {"fingerprint": self.fingerprint, "seed": seed, "last": _tree(last), "history": history}
        with self._warning("written"):
            save_tree(self.path, {**tree, "best": None if best is None else _tree(best)})
        self._written = monotonic()

    def remove(self) -> None:
        """Forget the file: the fit is over."""
        with self._warning("removed"):
            self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _warning(self, what: str) -> Iterator[None]:
        """Say what the disk refuses, and go on."""
        try:
            yield
        except OSError as error:
            words = f"The checkpoint {str(self.path)!r} could not be {what}, the fit goes on without: {error}"
            warnings.warn(words, RuntimeWarning, stacklevel=4)


def _check_place(path: Path) -> None:
    """Raise at the start of a fit, not after half a minute of it."""
    if path.is_dir():
        raise IsADirectoryError(f"The checkpoint {str(path)!r} is a folder: pass the path of a file.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The checkpoint {str(path)!r} cannot be written: {str(path.parent)!r} is no folder.")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"The checkpoint {str(path)!r} cannot be written: its folder is read-only.")


def _read(path: Path) -> dict[str, Any]:
    reason = "it holds something else"
    try:
        tree = load_tree(path)
    except ValueError as error:
        tree, reason = {}, str(error)
    if not {"fingerprint", "seed", "last", "history"} <= tree.keys():
        raise ValueError(
            f"The file {str(path)!r} is there, but is no checkpoint to go on from ({reason}): delete or rename it, or "
            "choose another path."
        )
    return tree


def fingerprint(estimator: Any, source: BatchSource) -> dict[str, Any]:
    """What identifies a fit: settings, and the data by their number, means and an even subsample of the rows."""
    survey = source.survey
    settings = {
        name: _rates(value, estimator.n_iter) if callable(value) else _plain(value)
        for name, value in estimator.get_params(deep=False).items()
        if name not in _INDIFFERENT and not isinstance(value, np.random.RandomState)
    }
    return {
        "estimator": type(estimator).__name__,
        "n_samples": survey.n_seen,
        "precision": np.dtype(survey.dtype).name,
        "data": _digest(survey.mean) + _digest(survey.monitored()),
        "total_weight": survey.total_weight,
        **settings,
    }


def restore(tree: dict[str, Any], snapshot: Snapshot, xp: Any) -> None:
    """Fill a snapshot of the right shapes from the file."""
    for name, array in snapshot.arrays.items():
        array[...] = xp.asarray(tree["arrays"][name])
    snapshot.counters = dict(tree["counters"])


def _tree(snapshot: Snapshot) -> dict[str, Any]:
    return {"arrays": snapshot.arrays, "counters": snapshot.counters}


def _rates(learning_rate: Callable[[float], float], n_iter: int) -> list[float]:
    """A schedule by its values: functions have no other identity that lasts."""
    places = np.linspace(0.0, n_iter, _COMPARED_RATES, endpoint=False).tolist()
    return [learning_rate_at(learning_rate, "constant", epoch, n_iter) for epoch in places]


def _plain(value: Any) -> Any:
    """Plain values as they are, others by a hash."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else _digest(value)


def _digest(value: Any) -> str:
    array = np.ascontiguousarray(to_host(value))
    return hashlib.blake2b(array.view(np.uint8).data, digest_size=16).hexdigest() + str(array.shape)
