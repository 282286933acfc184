"""exp, log and sine-cosine of a turn as short polynomials, written so that a loop over them becomes vector code.

The coefficients and range reductions are those of csrc/core/vecmath.hpp, which names their sources. A library call
would keep LLVM from vectorising the loop around it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gibbsite._backends._numba.bits import from_bits, to_bits
from gibbsite._backends._numba.jit import by_precision

_MAGIC64 = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to an integer
_MAGIC32 = np.float32(12582912.0)  # 1.5 * 2^23
_LOG2E32 = np.float32(1.44269504088896340736)
_EXP64 = (
    *(2.09146793765839351e-9, 2.510520637395701112e-8, 2.755727366134863622e-7, 2.755725542574643428e-6),
    *(0.00002480158732553336382, 0.0001984126987480049198, 0.001388888888888375242, 0.008333333333326140884),
    *(0.04166666666666666975, 0.1666666666666667099, 0.5),
)
_EXP32 = tuple(
    np.float32(c)
    for c in (0.001392617611993557888, 0.008363173074513710903, 0.04166655466205053398, 0.1666657702559798819, 0.5)
)
_LOG64 = (
    *(0.1308662614784010214, 0.1326877313865688518, 0.1538623970281465819, 0.1818179564013290628),
    *(0.2222222239171391744, 0.2857142857080361181, 0.4000000000000087698, 0.6666666666666666646),
)
_LOG32 = tuple(
    np.float32(c) for c in (0.233304672163038363, 0.285508208159606633, 0.4000012183980612671, 0.6666666655449709155)
)
_SIN64 = (
    *(-0.7116358090781665996, 3.819788120163211423, -15.09464040389154565, 42.05869392898878344),
    *(-76.70585975299812673, 81.60524927607493067, -41.34170224039976014, 6.283185307179586477),
)
_COS64 = (
    *(0.2797407860657504051, -1.714333269420992081, 7.903535612338960179, -26.42625677781740025, 60.24464137185456332),
    *(-85.45681720669368458, 64.93939402266829146, -19.73920880217871724),
)
_SIN32 = tuple(
    np.float32(c)
    for c in (
        *(41.47283323950919249, -76.69786635020280583, 81.60520471104575469, -41.3417021533949024),
        6.283185307152399614,
    )
)
_COS32 = tuple(
    np.float32(c) for c in (59.42410598175647391, -85.4488200896510713, 64.9393690514197757, -19.73920878998750972)
)


def _exp64(x: Any) -> Any:
    shifted = x * 1.44269504088896340736 + _MAGIC64
    n = shifted - _MAGIC64
    r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10
    q = 0.0
    for c in _EXP64:
        q = q * r + c
    y = r * r * q + r + 1.0
    power = (to_bits(shifted) << 52) + np.int64(0x3FF0000000000000)
    y = y * from_bits(power)
    return 0.0 if x < -708.3964185322641 else y


def _exp32(x: Any) -> Any:
    shifted = np.float32(x * _LOG2E32 + _MAGIC32)
    n = np.float32(shifted - _MAGIC32)
    r = np.float32((x - n * np.float32(0.693145751953125)) - n * np.float32(1.428606765330187e-6))
    q = np.float32(0.0)
    for c in _EXP32:
        q = np.float32(q * r + c)
    y = np.float32(r * r * q + r + np.float32(1.0))
    power = np.int32(np.int32(to_bits(shifted) << np.int32(23)) + np.int32(0x3F800000))
    y = np.float32(y * from_bits(power))
    return np.float32(0.0) if x < np.float32(-87.33654) else y


def exp_nonpositive(x: Any) -> Any:
    """e^x for x <= 0, flushed to zero where it would be subnormal; NaN stays NaN."""
    raise NotImplementedError


by_precision(exp_nonpositive, _exp64, _exp32)


def _log64(x: Any) -> Any:
    bits = to_bits(x)
    exponent = (bits - np.int64(0x3FE6A09E667F3BCD)) >> 52
    f = from_bits(bits - (exponent << 52)) - 1.0
    # A small integer becomes a float through the mantissa of the rounding constant.
    e = from_bits(exponent + np.int64(0x4338000000000000)) - _MAGIC64
    s = f / (f + 2.0)
    z = s * s
    p = 0.0
    for c in _LOG64:
        p = p * z + c
    half_square = 0.5 * f * f
    tail = s * (half_square + z * p) - half_square
    return e * 0.693147180369123816490 + (f + (tail + e * 1.90821492927058770002e-10))


def _log32(x: Any) -> Any:
    bits = to_bits(x)
    exponent = np.int32(np.int32(bits - np.int32(0x3F3504F3)) >> np.int32(23))
    f = np.float32(from_bits(np.int32(bits - np.int32(exponent << np.int32(23)))) - np.float32(1.0))
    e = np.float32(from_bits(np.int32(exponent + np.int32(0x4B400000))) - _MAGIC32)
    s = np.float32(f / np.float32(f + np.float32(2.0)))
    z = np.float32(s * s)
    p = np.float32(0.0)
    for c in _LOG32:
        p = np.float32(p * z + c)
    half_square = np.float32(np.float32(0.5) * f * f)
    tail = np.float32(s * (half_square + z * p) - half_square)
    return np.float32(e * np.float32(0.693145751953125) + (f + (tail + e * np.float32(1.428606765330187e-6))))


def log_positive(x: Any) -> Any:
    """Logarithm of a positive, normal, finite number."""
    raise NotImplementedError


by_precision(log_positive, _log64, _log32)


def _sincos64(u: Any) -> Any:
    shifted = u * 4.0 + _MAGIC64
    quarter = to_bits(shifted)
    t = u - (shifted - _MAGIC64) * 0.25
    z = t * t
    s = 0.0
    for a in _SIN64:
        s = s * z + a
    c = 0.0
    for b in _COS64:
        c = c * z + b
    s = t * s
    c = z * c + 1.0
    odd = (quarter & 1) != 0
    sine = s if not odd else c
    cosine = c if not odd else s
    # Quarter turns 2 and 3 negate the sine, 1 and 2 the cosine.
    sine_bits = to_bits(sine) ^ ((quarter & 2) << 62)
    cosine_bits = to_bits(cosine) ^ (((quarter + 1) & 2) << 62)
    return from_bits(sine_bits), from_bits(cosine_bits)


def _sincos32(u: Any) -> Any:
    shifted = np.float32(u * np.float32(4.0) + _MAGIC32)
    quarter = to_bits(shifted)
    t = np.float32(u - np.float32(shifted - _MAGIC32) * np.float32(0.25))
    z = np.float32(t * t)
    s = np.float32(0.0)
    for a in _SIN32:
        s = np.float32(s * z + a)
    c = np.float32(0.0)
    for b in _COS32:
        c = np.float32(c * z + b)
    s = np.float32(t * s)
    c = np.float32(z * c + np.float32(1.0))
    odd = np.int32(quarter & np.int32(1)) != np.int32(0)
    sine = s if not odd else c
    cosine = c if not odd else s
    two, one, shift = np.int32(2), np.int32(1), np.int32(30)
    sine_bits = np.int32(to_bits(sine) ^ np.int32(np.int32(quarter & two) << shift))
    cosine_bits = np.int32(to_bits(cosine) ^ np.int32(np.int32(np.int32(quarter + one) & two) << shift))
    return from_bits(sine_bits), from_bits(cosine_bits)


def sincos_turn(u: Any) -> Any:
    """sin(2 pi u) and cos(2 pi u) for u in [0, 1)."""
    raise NotImplementedError


by_precision(sincos_turn, _sincos64, _sincos32)
