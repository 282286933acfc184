"""Checks of arguments: what is refused, in what words, and what passes without a copy."""

import re

import numpy as np
import pytest
import scipy.sparse

from gibbsite._scalars import as_integer
from gibbsite.kernels import _validation as validation
from gibbsite.kernels import mixture as k

MODEL = (np.zeros(2), np.zeros((2, 3)), np.ones((2, 3)), "diag")


def test_what_is_right_is_not_copied(dtype):
    X = np.zeros((4, 3), dtype)
    assert validation.as_rows(X) is X
    X.flags.writeable = False
    assert validation.as_rows(X) is X


def test_a_memmap_is_not_copied(tmp_path):
    X = np.memmap(tmp_path / "x", np.float32, "w+", shape=(5, 2))
    rows = validation.as_rows(X)
    assert np.shares_memory(rows, X)
    assert type(rows) is np.ndarray


@pytest.mark.parametrize(
    "X",
    [
        np.arange(12).reshape(4, 3),
        np.arange(12, dtype=np.uint8).reshape(4, 3),
        np.arange(12.0).reshape(4, 3).astype(object),
        np.asfortranarray(np.arange(12.0).reshape(4, 3)),
        np.arange(24.0).reshape(4, 6)[:, ::2] / 2,
        np.arange(12.0).reshape(4, 3).astype(">f8"),
        np.arange(12.0).reshape(4, 3).tolist(),
    ],
    ids=["integers", "bytes", "objects", "Fortran", "strided", "big-endian", "list"],
)
def test_what_can_be_converted_is(host, X):
    expected = k.log_density(np.arange(12.0).reshape(4, 3), *MODEL)
    np.testing.assert_array_equal(k.log_density(X, *MODEL), expected)


def test_the_dtype_of_rows_decides(host):
    X = np.zeros((4, 3), np.float32)
    assert k.log_density(X, *MODEL).dtype == np.float32


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros(3), ValueError, "Expected 2D array, got 1D array instead"),
        (3.0, ValueError, "Expected 2D array, got scalar array instead"),
        (np.zeros((2, 3, 4)), ValueError, "Found array with dim 3"),
        (np.zeros((2, 0)), ValueError, r"0 feature\(s\) \(shape=\(2, 0\)\)"),
        (np.zeros((2, 3), complex), ValueError, "Complex data not supported"),
        (np.array([["a", "b", "c"]]), ValueError, "could not convert"),
        (scipy.sparse.csr_array(np.eye(3)), TypeError, "Sparse data was passed"),
        (np.zeros((2, 4)), ValueError, "means should have the shape"),
    ],
)
def test_what_is_refused(host, X, error, message):
    with pytest.raises(error, match=message):
        k.log_density(X, *MODEL)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"log_weights": np.zeros(3)}, r"log_weights should have the shape \(2,\), but got \(3,\)"),
        ({"precisions_cholesky": np.ones((3, 3))}, "precisions_cholesky should have the shape"),
        ({"covariance_type": "round"}, "covariance_type must be one of"),
        ({"sample_weight": np.ones(5)}, r"sample_weight should have the shape \(4,\)"),
        ({"means": np.zeros((0, 3))}, "at least one row"),
        ({"out": k.Statistics.zeros(2, 3, "full")}, "out should have n_components=2"),
    ],
)
def test_a_model_that_does_not_fit(host, changes, message):
    arguments = {"log_weights": None, "means": np.zeros((2, 3)), "precisions_cholesky": np.ones((2, 3))}
    with pytest.raises(ValueError, match=message):
        k.em_step(np.zeros((4, 3)), **{**arguments, "covariance_type": "diag", **changes})


def test_outputs_are_checked(host):
    X = np.zeros((4, 3))
    frozen = np.zeros(4)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        k.log_density(X, *MODEL, out=frozen)
    with pytest.raises(ValueError, match="out should have shape"):
        k.predict(X, *MODEL, out=np.zeros(4))


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (
            {(17, 2): np.inf, (18, 0): -np.inf, (30, 1): np.inf},
            "Input X contains infinity or a value too large for {}.\n"
            "X has 3 infinite values, the first at row 17, column 2.",
        ),
        ({(5, 1): np.nan}, "Input X contains NaN.\nX has 1 NaN value, at row 5, column 1."),
        (
            {(5, 1): np.nan, (2, 0): np.inf},
            "Input X contains NaN.\nX has 1 NaN value, at row 5, column 1; and 1 infinite value, at row 2, column 0.",
        ),
    ],
)
def test_check_finite_names_the_place(dtype, places, message):
    X = np.zeros((40, 3), dtype)
    for place, value in places.items():
        X[place] = value
    with pytest.raises(ValueError, match=f"^{re.escape(message.format(repr(X.dtype)))}$"):
        validation.check_finite(X)


def test_check_finite_of_one_dimension():
    with pytest.raises(ValueError, match=r"sample_weight has 1 NaN value, at row 1\."):
        validation.check_finite(np.array([1.0, np.nan]), "sample_weight")


def test_check_finite_of_a_part_counts_rows_from_the_first_of_all():
    with pytest.raises(ValueError, match=r"X has 2 NaN values, the first at row 3001, column 0\."):
        validation.check_finite(np.array([[1.0], [np.nan], [np.nan]]), first_row=3000)


def test_check_finite_lets_large_numbers_pass(dtype):
    largest = np.full((300, 3), np.finfo(dtype).max, dtype)
    validation.check_finite(largest)
    largest[::2] *= -1  # inf - inf on the way to the sum
    validation.check_finite(largest)
    validation.check_finite(np.zeros((0, 3), dtype))


X43 = np.arange(12.0).reshape(4, 3)


def steps_with(**changes):
    arguments = {"log_weights": None, "means": np.zeros((2, 3)), "precisions_cholesky": np.ones((2, 3))}
    return k.em_step(X43, **{**arguments, "covariance_type": "diag", **changes})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: steps_with(log_weights=np.zeros(2), means=np.zeros(3)),
            ValueError,
            r"means should have the shape \(any",
        ),
        (lambda: steps_with(means=3.0), ValueError, r"means should have the shape \(any, 3\), .* but got \(\)"),
        (lambda: steps_with(threads=1.5), TypeError, "threads must be an instance of int, not float"),
        (lambda: steps_with(out=3), TypeError, "out must be an instance of Statistics, not int"),
        (lambda: k.kmeans_step(X43, np.zeros(3)), ValueError, r"centers should have the shape \(any, 3\)"),
        (lambda: k.candidate_distances(X43, np.zeros(3)), ValueError, r"candidates should have the shape \(any, 3\)"),
        (lambda: k.kmeans(X43, 0, random_state=0), ValueError, "n_clusters == 0, must be >= 1"),
        (lambda: k.kmeans(X43, 1.5, random_state=0), TypeError, "n_clusters must be an instance of int, not float"),
        (lambda: k.kmeans_plusplus(X43, 2, random_state="a"), ValueError, "cannot be used to seed"),
        (lambda: k.kmeans(X43, 2, random_state=0, max_iter=2.5), TypeError, "max_iter must be an instance of int"),
        (
            lambda: k.statistics(X43, labels=[0.7, 0, 1, 1], n_components=2),
            TypeError,
            "labels must be integers, got float",
        ),
        (lambda: k.statistics(X43, labels=[0, 0, 0, 0], n_components=0), ValueError, "n_components == 0, must be >= 1"),
        (lambda: k.statistics(X43, labels=[0, 0, 0, 0], n_components=1.0), TypeError, "n_components must be an inst"),
        (
            lambda: k.statistics(X43, responsibilities=[1.0, 1, 1, 1]),
            ValueError,
            r"responsibilities should have the shape \(4, 1\), but got \(4,\)",
        ),
        (
            lambda: k.statistics(X43, responsibilities=np.ones((4, 2)), n_components=3),
            ValueError,
            r"responsibilities should have the shape \(4, 3\), but got \(4, 2\)",
        ),
        (lambda: k.m_step(3), TypeError, "statistics must be an instance of Statistics, not int"),
        (lambda: k.m_step(steps_with(), reg_covar=-1), ValueError, "reg_covar == -1, must be >= 0"),
        (lambda: k.m_step(steps_with(), out=3), TypeError, "out must be an instance of Parameters, not int"),
        (lambda: k.merge(steps_with(), 3), TypeError, "b must be an instance of Statistics, not int"),
        (lambda: k.sample(3, [1.0], X43[:1], np.eye(3)[None], seed=None), TypeError, "seed must be .* not NoneType"),
        (lambda: k.sample(2.5, [1.0], X43[:1], np.eye(3)[None], seed=0), TypeError, "n_samples must be .* not float"),
        (lambda: k.sample(-1, [1.0], X43[:1], np.eye(3)[None], seed=0), ValueError, "n_samples == -1, must be >= 0"),
    ],
)
def test_arguments_that_say_what_would_be_right(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_lists_are_arrays_too():
    given = k.statistics(X43, responsibilities=[[1, 0], [1, 0], [0, 1], [0, 1]])
    labelled = k.statistics(X43, labels=[0, 0, 1, 1], n_components=2)
    np.testing.assert_array_equal(given.data, labelled.data)


def test_a_seed_stands_for_its_random_state():
    seeded, drawn = (k.kmeans(X43, 2, random_state=state) for state in (5, np.random.RandomState(5)))
    np.testing.assert_array_equal(seeded[1], drawn[1])


def test_integers_of_any_kind_are_integers():
    for value in (3, np.int8(3), np.uint64(3), np.array(3)):
        assert type(as_integer(value, "n")) is int
    for value in (3.0, "3", None, True, np.True_, np.array([3])):
        with pytest.raises(TypeError, match=re.escape(f"n must be an instance of int, not {type(value).__name__}")):
            as_integer(value, "n")
