"""Print the coefficients that vecmath.hpp holds: interpolation at Chebyshev nodes with 60 digits (needs mpmath).

Chebyshev interpolation is within a factor of about two of the minimax error, far below half an ulp at the degrees
chosen here; the tests measure the error of the finished functions in ulp.
"""

from collections.abc import Callable

import mpmath as mp

mp.mp.dps = 60


def fit(function: Callable[[mp.mpf], mp.mpf], low: mp.mpf, high: mp.mpf, degree: int) -> list[mp.mpf]:
    """Coefficients, lowest power first, of the polynomial that equals `function` at the Chebyshev nodes."""
    count = degree + 1
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    vandermonde = mp.matrix(count, count)
    for i, node in enumerate(nodes):
        for j in range(count):
            vandermonde[i, j] = node**j
    return list(mp.lu_solve(vandermonde, mp.matrix([function(node) for node in nodes])))


def series(function: Callable[[mp.mpf], mp.mpf], at_zero: mp.mpf) -> Callable[[mp.mpf], mp.mpf]:
    """`function` with its removable singularity at zero filled in."""
    return lambda x: at_zero if abs(x) < mp.mpf("1e-50") else function(x)


HALF_LN2 = mp.log(2) / 2
S2 = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2  # largest s^2, s = f / (2 + f), of the logarithm
T2 = mp.mpf(1) / 64  # largest t^2, t in turns, of sine and cosine
TANH2 = mp.mpf("0.625") ** 2

FITS = {
    # exp(r) = 1 + r + r^2 q(r)
    "exp": (series(lambda r: (mp.exp(r) - 1 - r) / r**2, mp.mpf(1) / 2), -HALF_LN2, HALF_LN2, (4, 10)),
    # log(1 + f) = 2 s + s z p(z), s = f / (2 + f), z = s^2
    "log": (
        series(lambda z: (mp.log((1 + mp.sqrt(z)) / (1 - mp.sqrt(z))) / mp.sqrt(z) - 2) / z, mp.mpf(2) / 3),
        mp.mpf(0),
        S2,
        (3, 7),
    ),
    # sin(2 pi t) = t p(t^2), cos(2 pi t) = 1 + t^2 p(t^2)
    "sin": (
        series(lambda z: mp.sin(2 * mp.pi * mp.sqrt(z)) / mp.sqrt(z), 2 * mp.pi),
        mp.mpf(0),
        T2,
        (4, 7),
    ),
    "cos": (
        series(lambda z: (mp.cos(2 * mp.pi * mp.sqrt(z)) - 1) / z, -2 * mp.pi**2),
        mp.mpf(0),
        T2,
        (3, 7),
    ),
    # tanh(x) = x + x^3 p(x^2), |x| < 0.625
    "tanh": (
        series(lambda z: (mp.tanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, -mp.mpf(1) / 3),
        mp.mpf(0),
        TANH2,
        (5, 13),
    ),
}


def main() -> None:
    """Print every table, float32 then float64."""
    for name, (function, low, high, degrees) in FITS.items():
        for precision, degree in zip(("float", "double"), degrees, strict=True):
            coefficients = fit(function, low, high, degree)
            print(f"{name} {precision}: " + ", ".join(mp.nstr(c, 19) for c in coefficients))


if __name__ == "__main__":
    main()
