"""Fitted models on disk and in pickles; long fits that go on after an interruption."""

import json
import pickle
import struct

import numpy as np
import pytest

from gibbsite import BayesianGaussianMixture, GaussianMixture

COVARIANCE_TYPES = ["full", "tied", "diag", "spherical"]
ESTIMATORS = [GaussianMixture, BayesianGaussianMixture]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module", name="X")
def overlapping_clusters():
    rng = np.random.default_rng(4)
    X = np.concatenate([rng.normal(m, s, (300, 3)) for m, s in ((-1.5, 1), (0, 0.7), (1.5, 1.3))])
    return X[rng.permutation(len(X))]


def fitted(model):
    return {name: value for name, value in vars(model).items() if name.endswith("_")}


def assert_same(a, b):
    assert fitted(a).keys() == fitted(b).keys()
    for name, value in fitted(a).items():
        other = getattr(b, name)
        assert type(value) is type(other), name
        if isinstance(value, (tuple, np.ndarray)):
            np.testing.assert_array_equal(np.array(value), np.array(other), err_msg=name)
            assert np.array(value).dtype == np.array(other).dtype
        elif name != "history_":
            assert value == other or value != value, name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_save_and_load(X, tmp_path, estimator, covariance_type, dtype):
    model = estimator(n_components=3, covariance_type=covariance_type, random_state=0, max_iter=5).fit(X.astype(dtype))
    path = tmp_path / "model.safetensors"
    model.save(path)
    loaded = estimator.load(path)
    assert_same(model, loaded)
    assert loaded.get_params() == model.get_params()
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(loaded.precisions_, model.precisions_)
    np.testing.assert_array_equal(loaded.sample(5)[0], model.sample(5)[0])
    assert loaded.history_ == model.history_
    pickled = pickle.loads(pickle.dumps(model))
    assert_same(model, pickled)


def test_parameters_of_every_kind_come_back(X, tmp_path):
    state = np.random.RandomState(5)
    model = GaussianMixture(
        2, means_init=X[:2], weights_init=[0.5, 0.5], random_state=state, callback=print, checkpoint=tmp_path / "c"
    )
    model.save(tmp_path / "m")
    loaded = GaussianMixture.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.means_init, X[:2])
    assert loaded.weights_init == [0.5, 0.5]
    assert loaded.callback is None
    assert loaded.checkpoint == str(tmp_path / "c")
    assert loaded.random_state.uniform() == state.uniform()
    assert not hasattr(loaded, "weights_")


def test_names_come_back(X, tmp_path):
    model = GaussianMixture(2, random_state=0).fit(X)
    model.feature_names_in_ = np.array(["a", "b", "c"], dtype=object)
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(GaussianMixture.load(tmp_path / "m").feature_names_in_, ["a", "b", "c"])


def test_files_of_another_class_or_with_other_names_are_refused(X, tmp_path):
    path = tmp_path / "m"
    GaussianMixture(2, random_state=0).fit(X).save(path)
    with pytest.raises(ValueError, match="holds a GaussianMixture, not a BayesianGaussianMixture"):
        BayesianGaussianMixture.load(path)
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    document = json.loads(header["__metadata__"]["gibbsite"])
    document["tree"]["fitted"]["predict"] = 3
    header["__metadata__"]["gibbsite"] = json.dumps(document)
    changed = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(changed)) + changed + data[8 + size :])
    with pytest.raises(ValueError, match="holds 'predict', which is no fitted attribute"):
        GaussianMixture.load(path)


class StopHereError(Exception):
    pass


@pytest.mark.parametrize("accelerate", [None, "squarem"])
@pytest.mark.parametrize("stop_at", [(0, 1), (0, 8), (1, 3), (2, 14)])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_fit_resumes_bit_for_bit(X, tmp_path, estimator, stop_at, accelerate):
    path = tmp_path / "state"

    def callback(news):
        if (news.restart, news.iteration) >= stop_at:
            raise StopHereError

    def model(callback=None, checkpoint=path):
        return estimator(
            n_components=4,
            init_params="random",
            n_init=3,
            tol=0,
            max_iter=15,
            random_state=1,
            accelerate=accelerate,
            callback=callback,
            checkpoint=checkpoint,
        )

    whole = model(checkpoint=None).fit(X)
    interrupted = model(callback)
    with pytest.raises(StopHereError):
        interrupted.fit(X)
    assert path.exists()
    assert not fitted(interrupted)
    resumed = model().fit(X)
    assert_same(whole, resumed)
    assert not path.exists()


def test_checkpoint_of_other_data_or_settings_is_refused(X, tmp_path):
    path = tmp_path / "state"

    def stop(news):
        raise StopHereError

    with pytest.raises(StopHereError):
        GaussianMixture(3, random_state=0, callback=stop, checkpoint=path).fit(X)
    with pytest.raises(ValueError, match=r"belongs to another fit \(data differ\)"):
        GaussianMixture(3, random_state=0, checkpoint=path).fit(X + 1)
    with pytest.raises(ValueError, match=r"\(n_components differ\)"):
        GaussianMixture(2, random_state=0, checkpoint=path).fit(X)
    GaussianMixture(3, random_state=0, threads=1, checkpoint=path).fit(X)


@pytest.mark.parametrize("decay", [None, 0.7])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_file_keeps_the_epoch_as_a_pickle_does(X, tmp_path, estimator, decay):
    model = estimator(n_components=3, random_state=0, decay=decay)
    for chunk in (X[:300], X[300:500]):
        model.partial_fit(chunk)
    model.save(tmp_path / "m")
    copies = [estimator.load(tmp_path / "m"), pickle.loads(pickle.dumps(model))]
    model.partial_fit(X[500:])
    for copy in copies:
        copy.partial_fit(X[500:])
        for name in ("weights_", "means_", "covariances_", "lower_bound_"):
            np.testing.assert_array_equal(getattr(copy, name), getattr(model, name))
    if decay is None:
        model.end_epoch().save(tmp_path / "m")
        between = estimator.load(tmp_path / "m").partial_fit(X)
        np.testing.assert_array_equal(between.means_, model.partial_fit(X).means_)


def test_a_checkpoint_without_a_place_is_found_before_the_data_are_read(X, tmp_path):
    def never():
        raise AssertionError

    with pytest.raises(FileNotFoundError, match=r"'.*missing' is no folder"):
        GaussianMixture(3, checkpoint=tmp_path / "missing" / "state").fit(never)
    with pytest.raises(IsADirectoryError, match="is a folder: pass the path of a file"):
        GaussianMixture(3, checkpoint=tmp_path).fit(never)


def test_ctrl_c_is_not_replaced_by_a_write_that_fails(X, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()

    def interrupt(news):
        if news.iteration == 2:
            folder.rmdir()
            raise KeyboardInterrupt

    model = GaussianMixture(3, random_state=0, tol=0, checkpoint=folder / "state", callback=interrupt)
    with pytest.warns(RuntimeWarning, match="could not be written"), pytest.raises(KeyboardInterrupt):
        model.fit(X)
