"""
Philox4x32-10 draws.
"""

from __future__ import annotations
import numpy
import numpy.typing
import typing

__all__: list[str] = ["bernoulli", "categorical", "normal", "uniform"]

@typing.overload
def bernoulli(
    p: numpy.typing.NDArray[numpy.float32] | None,
    out: numpy.typing.NDArray[numpy.uint8] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def bernoulli(
    p: numpy.typing.NDArray[numpy.float64] | None,
    out: numpy.typing.NDArray[numpy.uint8] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def categorical(
    cumulative: numpy.typing.NDArray[numpy.float32] | None,
    out: numpy.typing.NDArray[numpy.int64] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def categorical(
    cumulative: numpy.typing.NDArray[numpy.float64] | None,
    out: numpy.typing.NDArray[numpy.int64] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def normal(
    out: numpy.typing.NDArray[numpy.float32] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def normal(
    out: numpy.typing.NDArray[numpy.float64] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def uniform(
    out: numpy.typing.NDArray[numpy.float32] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
@typing.overload
def uniform(
    out: numpy.typing.NDArray[numpy.float64] | None,
    seed: typing.SupportsInt | typing.SupportsIndex,
    stream: typing.SupportsInt | typing.SupportsIndex,
    draw: typing.SupportsInt | typing.SupportsIndex,
    offset: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
