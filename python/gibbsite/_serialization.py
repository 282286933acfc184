"""`save` and `load` of the estimators: parameters and fitted attributes in one safetensors file."""

from __future__ import annotations

import os
from typing import Any, Self

from sklearn.base import BaseEstimator

import gibbsite._version as version
from gibbsite._persistence import load_tree, save_tree


class Persistent(BaseEstimator):  # type: ignore[misc]
    """Files of an estimator. Loading reads arrays and plain values and runs no code."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write parameters and fitted attributes to one file, atomically.

        Parameters
        ----------
        path : path-like
            By convention ending in ``.safetensors``. Device arrays are written from the host; a `callback` is code
            and stays behind. Of what `partial_fit` keeps between its calls beside fitted attributes, a mixture's
            epoch is written too.

        Raises
        ------
        TypeError
            When a parameter is a function, such as a `learning_rate`, which is code too: set it to a value first.
        """
        parameters = {name: value for name, value in self.get_params(deep=False).items() if name != "callback"}
        if parameters.get("checkpoint") is not None:
            parameters["checkpoint"] = os.fspath(parameters["checkpoint"])
        fitted = {name: value for name, value in vars(self).items() if _is_fitted_attribute(name)}
        tree = {
            "class": type(self).__name__,
            "version": version.__version__,
            "parameters": parameters,
            "fitted": fitted,
            "between_calls": self._between_calls(),
        }
        save_tree(path, tree)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote.

        Returns
        -------
        estimator of this class, with NumPy arrays

        Raises
        ------
        ValueError
            When the file is damaged, of a newer format, or of another class.
        """
        tree = load_tree(path)
        if tree.get("class") != cls.__name__:
            raise ValueError(f"{os.fspath(path)!r} holds a {tree.get('class')}, not a {cls.__name__}")
        estimator = cls(**tree["parameters"])
        for name, value in tree["fitted"].items():
            if not _is_fitted_attribute(name):
                raise ValueError(f"{os.fspath(path)!r} holds {name!r}, which is no fitted attribute")
            setattr(estimator, name, value)
        if tree.get("between_calls") is not None:
            estimator._restore_between_calls(tree["between_calls"])
        return estimator

    def _between_calls(self) -> dict[str, Any] | None:
        """What a later `partial_fit` needs beside fitted attributes, as a tree."""
        return None

    def _restore_between_calls(self, tree: dict[str, Any]) -> None:
        """Take back what `_between_calls` gave."""


def _is_fitted_attribute(name: str) -> bool:
    return name.endswith("_") and not name.startswith("_")
