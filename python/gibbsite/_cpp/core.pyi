"""
Reductions, and what the compiled module knows about this machine.
"""

from __future__ import annotations
import numpy
import numpy.typing
import typing

__all__: list[str] = ["available_isas", "get_threads", "isa", "logsumexp", "set_isa", "set_threads", "vector_math"]

def available_isas() -> list[str]: ...
def get_threads() -> int: ...
def isa() -> str: ...
@typing.overload
def logsumexp(
    x: numpy.typing.NDArray[numpy.float32] | None,
    weights: numpy.typing.NDArray[numpy.float32] | None,
    axis: typing.SupportsInt | typing.SupportsIndex,
    out: numpy.typing.NDArray[numpy.float32] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def logsumexp(
    x: numpy.typing.NDArray[numpy.float64] | None,
    weights: numpy.typing.NDArray[numpy.float64] | None,
    axis: typing.SupportsInt | typing.SupportsIndex,
    out: numpy.typing.NDArray[numpy.float64] | None,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
def set_isa(name: str) -> None: ...
def set_threads(count: typing.SupportsInt | typing.SupportsIndex) -> None: ...
@typing.overload
def vector_math(
    function: str, x: numpy.typing.NDArray[numpy.float32] | None, out: numpy.typing.NDArray[numpy.float32] | None
) -> None: ...
@typing.overload
def vector_math(
    function: str, x: numpy.typing.NDArray[numpy.float64] | None, out: numpy.typing.NDArray[numpy.float64] | None
) -> None: ...
