"""Constrained parameters from free ones: what a density needs so that a sampler can move in all of R^n.

Each transform is a module with the same four functions of x, the free vector, and y, the constrained one:

- ``value(x)``: y;
- ``log_jacobian(x)``: ``log |det dy/dx|``, to be added to the log density of y;
- ``gradient(x, g)``: gradient of f(value(x)) + log_jacobian(x) with respect to x, from g = df/dy;
- ``inverse(y)``: x.

They may be called from compiled functions (`gibbsite.targets.density`), where vectors have one dimension, and on NumPy
arrays, where `positive` and `interval` work on each element and the others along the last axis (the last two of a
matrix): constrained values of a whole trace are one call.

=============  ==================================================  ====================  ==================
module         y                                                   x                     method
=============  ==================================================  ====================  ==================
`positive`     y > 0                                               number                exponential
`interval`     low < y < high                                      number                logistic
`ordered`      y_1 < y_2 < ... < y_n                               n numbers             sums of exponentials
`simplex`      n positive numbers whose sum is 1                   n - 1 numbers         softmax in an isometric basis
`cholesky`     lower Cholesky factor of a (n, n) correlation       n (n - 1) / 2         hyperbolic tangents
=============  ==================================================  ====================  ==================
"""

from gibbsite.transforms import cholesky, interval, ordered, positive, simplex

__all__ = ["cholesky", "interval", "ordered", "positive", "simplex"]
