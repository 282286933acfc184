"""Densities written in Python and compiled by Numba, which the kernels call without the interpreter."""

from __future__ import annotations

import inspect
import linecache
import os
import re
from collections.abc import Callable, Iterator
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gibbsite.targets._base import Names
from gibbsite.targets._cfunc import CFunctionTarget, signature

# Numba makes smaller arrays part of the code and leaves larger ones where they are.
_EMBEDDED_BYTES = 10**6


class DensityTypeError(TypeError):
    """A density that Numba cannot compile; the message names the line, the cause is Numba's own error."""


class CompiledDensity(CFunctionTarget):
    """A compiled density; see `density`. It can still be called: ``logp(q, grad)``."""

    def __init__(self, function: Callable[..., Any], dim: int, names: Names | None, fastmath: bool) -> None:
        self._compiled = _compile(function, fastmath)
        self._wrapper = _c_wrapper(self._compiled)
        super().__init__(int(self._wrapper.address), dim, names=names)
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", "density")
        self.__doc__ = function.__doc__

    def __call__(self, q: Any, grad: NDArray[np.float64]) -> float:
        """Log density at one point; `grad` is written."""
        return float(self._compiled(_read_only_view(q), grad))

    def explain(self, q: NDArray[Any]) -> BaseException | None:
        """Return the exception that the density raises at a point."""
        try:
            self(np.asarray(q, dtype=np.float64), np.empty(self.dim))
        except Exception as error:
            return error
        return None

    def __repr__(self) -> str:
        return f"<density {self.__name__!r}, dim={self.dim}>"


def density(
    dim: int, *, names: Names | None = None, fastmath: bool = False
) -> Callable[[Callable[..., Any]], CompiledDensity]:
    """Compile a log density written in Python.

    The function takes a point and an array for the gradient, writes the gradient and returns the log density, up to a
    constant. It runs in the kernels' threads, without the GIL. What it may use is what Numba compiles: NumPy, loops,
    other compiled functions, `gibbsite.transforms`. Arrays that it captures become its data: they are copied when it
    is compiled, and later changes to them do not reach it.

    Parameters
    ----------
    dim : int
        Number of coordinates.
    names : mapping or sequence, optional
        See `Target`.
    fastmath : bool, default=False
        Let the compiler reorder sums, which vectorises loops over data; infinities and NaN keep their meaning.

    Returns
    -------
    decorator
        Makes a `CompiledDensity` of a function, which is compiled at once.

    Raises
    ------
    DensityTypeError
        If Numba cannot compile it: which line, and why.

    Notes
    -----
    Divisions by zero and logarithms of negative numbers give infinities and NaN, as in NumPy; a log density of NaN or
    infinity counts as minus infinity. An exception that the function raises stops the run.

    Examples
    --------
    >>> from gibbsite import targets
    >>> @targets.density(dim=2)
    ... def logp(q, grad):
    ...     grad[:] = -q
    ...     return -0.5 * (q @ q)
    >>> logp.log_density([[1.0, 2.0]])
    array([-2.5])
    """
    if callable(dim):
        raise TypeError("density needs the number of coordinates: @density(dim=...).")

    def decorate(function: Callable[..., Any]) -> CompiledDensity:
        return CompiledDensity(function, dim, names, fastmath)

    return decorate


def _compile(function: Callable[..., Any], fastmath: bool) -> Any:
    """Compile for a read-only point and an array to write the gradient to."""
    import numba
    from numba import types

    compiled: Any = function
    if not hasattr(function, "py_func"):
        if not inspect.isfunction(function):
            raise TypeError(f"density decorates a function, got {type(function).__name__}.")
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
        if fastmath:
            options["fastmath"] = {"contract", "reassoc", "nsz", "arcp", "afn"}
        compiled = numba.njit(_own_large_arrays(function), **options)
    plain: Any = compiled.py_func
    parameters = [p for p in inspect.signature(plain).parameters.values() if p.default is p.empty]
    if len(parameters) != 2:
        raise TypeError(
            f"{plain.__name__} should take two arguments, the point and an array for the gradient, "
            f"but takes {len(parameters)}: {', '.join(p.name for p in parameters) or 'none'}."
        )
    vector = types.Array(types.float64, 1, "C")
    arguments = (vector.copy(readonly=True), vector)
    try:
        compiled.compile(arguments)
    except Exception as error:  # most are NumbaError, but not all
        raise DensityTypeError(_in_terms_of(plain, error)) from error
    result = compiled.overloads[arguments].signature.return_type
    if not isinstance(result, (types.Float, types.Integer, types.Boolean)):
        what = "nothing" if result in (types.none, types.void) else f"a {result}"
        raise DensityTypeError(f"{plain.__name__} should return the log density, a float, but returns {what}.")
    return compiled


def _c_wrapper(compiled: Any) -> Any:
    """The C function around a compiled density; what is raised inside becomes a negative status."""
    import numba
    from numba.extending import intrinsic

    @intrinsic  # type: ignore[untyped-decorator, unused-ignore]
    def read_only(typing_context: Any, array: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return arguments[0]

        return array.copy(readonly=True)(array), generate

    def wrapper(dim: Any, q: Any, grad: Any, logp: Any, data: Any) -> Any:
        try:
            logp[0] = compiled(read_only(numba.carray(q, (dim,))), numba.carray(grad, (dim,)))
        except Exception:
            return -1
        return 0

    return numba.cfunc(signature())(wrapper)


def _read_only_view(q: Any) -> NDArray[np.float64]:
    view = np.ascontiguousarray(q, dtype=np.float64).view()
    view.flags.writeable = False
    return view


def _own_large_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function over copies of the large arrays that it captures, which Numba would not copy."""
    assert isinstance(function, FunctionType)
    own = dict(function.__globals__)
    for name in _names_of(function.__code__):
        if name in own:
            own[name] = _own(own[name])
    cells = None
    if function.__closure__ is not None:
        cells = tuple(CellType(_own(cell.cell_contents)) for cell in function.__closure__)
    copy = FunctionType(function.__code__, own, function.__name__, function.__defaults__, cells)
    copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
    return copy


def _names_of(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_of(constant)


def _own(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.nbytes >= _EMBEDDED_BYTES:
        return value.copy(order="K")
    return value


def _in_terms_of(function: Callable[..., Any], error: Any) -> str:
    """What Numba says, beginning with the user's line."""
    code = function.__code__
    location = getattr(error, "loc", None)
    line = getattr(location, "line", None)
    own_lines = {number for *_, number in code.co_lines() if number is not None}
    where = f"{os.path.basename(code.co_filename)}, "
    if line in own_lines:
        source = linecache.getline(code.co_filename, line).strip()
        where += f"line {line}:\n\n    {source}\n" if source else f"line {line}:\n"
    else:
        where += f"the function that begins at line {code.co_firstlineno}:\n"
    return f"Numba cannot compile {function.__name__!r}. {where}\n{_reason(str(error))}"


def _reason(text: str) -> str:
    """The one sentence that matters in a message of Numba's."""
    specific = re.findall(r"^\s*(?:\w+Error): (.+)$", text, flags=re.MULTILINE)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("Failed in nopython mode", "During:", "File "))]
    first = lines[0] if lines else text
    if first.startswith("No implementation of function"):
        if specific:
            return str(specific[-1])
        called = next((line[3:].strip() for line in lines if line.startswith(">>>")), "")
        return f"There is no compiled version of this call for these types: {called}"
    return first
