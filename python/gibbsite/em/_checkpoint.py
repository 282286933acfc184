"""The state of a long climb on disk, so that it goes on after an interruption with the same bits."""

from __future__ import annotations

import contextlib
import copy
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from gibbsite._persistence import load_tree, save_tree

if TYPE_CHECKING:
    from gibbsite.em._driver import EMResult


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise OSError where no checkpoint can be written: before a long climb, not after half a minute of it."""
    place = Path(path)
    if place.is_dir():
        raise IsADirectoryError(f"The checkpoint {str(place)!r} is a folder: pass the path of a file.")
    if not place.parent.is_dir():
        raise FileNotFoundError(f"The checkpoint {str(place)!r} cannot be written: {str(place.parent)!r} is no folder.")
    if not os.access(place.parent, os.W_OK):
        raise PermissionError(f"The checkpoint {str(place)!r} cannot be written: its folder is read-only.")


@dataclass
class ClimbState:
    """All that the driver needs to go on: the present climb, and the best of those before it."""

    restart: int
    parameters: Any
    history: dict[str, list[float]]
    longest: float
    best: EMResult | None


class Checkpoint:
    """Keeps the last `ClimbState`, on disk at least every `seconds` and whenever the climb is interrupted.

    Parameters
    ----------
    path : path-like
        One file, replaced atomically; removed when the climb ends.
    fingerprint : mapping
        Plain values that identify data and settings. A file with another fingerprint is refused.
    to_tree, from_tree : callable, optional
        Parameters to nested dicts of arrays and plain values, and back. Default: they are such already.
    get_extra, set_extra : callable, optional
        More state that must come back, as a tree (the random state that later restarts draw from).
    seconds : float, default=30
        Least time between two writes.

    Raises
    ------
    OSError
        When no file can be written at that path: it is a folder, or its folder is missing or read-only.

    Warns
    -----
    RuntimeWarning
        When a write fails later. The climb goes on: it is worth more than its checkpoint.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        fingerprint: Mapping[str, Any],
        *,
        to_tree: Callable[[Any], Any] = copy.deepcopy,
        from_tree: Callable[[Any], Any] = lambda tree: tree,
        get_extra: Callable[[], Any] = lambda: None,
        set_extra: Callable[[Any], None] = lambda extra: None,
        seconds: float = 30.0,
    ) -> None:
        check_place(path)
        self.path = Path(path)
        self.fingerprint = dict(fingerprint)
        self.to_tree = to_tree
        self.from_tree = from_tree
        self.get_extra = get_extra
        self.set_extra = set_extra
        self.seconds = seconds
        self._pending: dict[str, Any] | None = None
        self._written = monotonic()

    def note(self, state: ClimbState) -> None:
        """Remember a state (copied), and write it when the last write is long enough ago."""
        best = state.best and {**vars(state.best), "parameters": self.to_tree(state.best.parameters)}
        self._pending = {
            "fingerprint": self.fingerprint,
            "restart": state.restart,
            "parameters": self.to_tree(state.parameters),
            "history": state.history,
            "longest": state.longest,
            "best": best,
            "extra": self.get_extra(),
        }
        if monotonic() - self._written >= self.seconds:
            self._written = monotonic()  # a disk that refuses is not asked again at every pass
            self._try(self.flush, "written", "The climb goes on without.")

    def rescue(self) -> None:
        """Write what was noted last while an exception is on its way, which nothing here may replace."""
        with contextlib.suppress(Warning):  # where warnings are errors
            self._try(self.flush, "written", "The climb cannot be resumed from where it ended.")

    def _try(self, act: Callable[[], None], what: str, consequence: str) -> None:
        try:
            act()
        except OSError as error:
            words = f"The checkpoint {str(self.path)!r} could not be {what}: {error}. {consequence}"
            warnings.warn(words, RuntimeWarning, stacklevel=2)

    def flush(self) -> None:
        """Write what was noted last."""
        if self._pending is not None:
            save_tree(self.path, self._pending)
            self._pending = None
            self._written = monotonic()

    def load(self) -> ClimbState | None:
        """The state on disk, or None where there is no file.

        Raises
        ------
        ValueError
            When the file belongs to other data or settings, or is no checkpoint.
        """
        from gibbsite.em._driver import EMResult

        if not self.path.exists():
            return None
        tree = self._read()
        found = tree.get("fingerprint", {})
        different = sorted(k for k in {*found, *self.fingerprint} if found.get(k) != self.fingerprint.get(k))
        if different:
            raise ValueError(
                f"The checkpoint {str(self.path)!r} belongs to another fit ({', '.join(different)} differ): "
                "delete it, or choose another path."
            )
        self.set_extra(tree["extra"])
        best = tree["best"]
        if best is not None:
            best = EMResult(**{**best, "parameters": self.from_tree(best["parameters"])})
        parameters = self.from_tree(tree["parameters"])
        return ClimbState(tree["restart"], parameters, tree["history"], tree["longest"], best)

    def _read(self) -> dict[str, Any]:
        reason = "it holds something else"
        try:
            tree = load_tree(self.path)
        except ValueError as error:
            tree, reason = {}, str(error)
        if not {"fingerprint", "restart", "parameters", "history", "longest", "best", "extra"} <= tree.keys():
            raise ValueError(
                f"The file {str(self.path)!r} is there, but is no checkpoint to go on from ({reason}): delete or "
                "rename it, or choose another path."
            )
        return tree

    def remove(self) -> None:
        """Forget the file: the climb is over."""
        self._pending = None
        self._try(lambda: self.path.unlink(missing_ok=True), "removed", "A later climb would go on from it.")
