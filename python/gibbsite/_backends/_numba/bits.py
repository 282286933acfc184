"""A float's bits as an integer of the same size, and back."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core.typing.templates import Signature
from numba.extending import intrinsic

_PAIRS: dict[Any, Any] = {types.float32: types.int32, types.float64: types.int64}
_PAIRS_BACK: dict[Any, Any] = {integer: float_type for float_type, integer in _PAIRS.items()}


def _bitcast(source: types.Type, target: types.Type) -> tuple[Signature, Any]:
    def codegen(context: Any, builder: Any, _: Signature, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(target))

    return target(source), codegen


def _to_bits(typing_context: Any, x: Any) -> Any:
    """float32 -> int32, float64 -> int64."""
    return _bitcast(x, _PAIRS[x])


def _from_bits(typing_context: Any, x: Any) -> Any:
    """int32 -> float32, int64 -> float64."""
    return _bitcast(x, _PAIRS_BACK[x])


to_bits: Any = intrinsic(_to_bits)
from_bits: Any = intrinsic(_from_bits)
