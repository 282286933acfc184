"""The functional floor: arrays in, arrays of the same kind out; one module a noun.

Each function checks its arguments once, chooses the back end by the kind of array, and calls it. Where an argument is
called `out`, passing it makes the call allocate nothing.
"""
