"""Checks of single numbers, in scikit-learn's words (`sklearn.utils.check_scalar`); every floor uses them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np


def as_integer(value: Any, name: str, least: int | None = None) -> int:
    """Return `value` as an int. No float is rounded, and a truth value is no number.

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is below `least`.
    """
    if type(value) is not int:
        value = _index(value, name)
    if least is not None and value < least:
        raise ValueError(f"{name} == {value}, must be >= {least}.")
    return int(value)


def _index(value: Any, name: str) -> int:
    if not isinstance(value, (bool, np.bool_)):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise TypeError(f"{name} must be an instance of int, not {type(value).__qualname__}: got {value!r}.")
