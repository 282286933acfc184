"""Fitted machines on disk and in pickles; long fits that go on after an interruption."""

import json
import pickle
import struct

import numpy as np
import pytest

from gibbsite import BernoulliRBM, GaussianRBM
from gibbsite.rbm import _checkpoint
from tests.rbm.machines import assert_same_fit, digits, fitted, one_thread  # noqa: F401 (a fixture)


@pytest.fixture(scope="module", name="X")
def binary_digits():
    return digits()[:120]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("estimator", [BernoulliRBM, GaussianRBM])
def test_save_and_load(X, tmp_path, estimator, dtype):
    model = estimator(5, random_state=0, n_iter=3, method="pt", validation_fraction=0.2).fit(X.astype(dtype))
    path = tmp_path / "machine.safetensors"
    model.save(path)
    for other in (estimator.load(path), pickle.loads(pickle.dumps(model))):
        assert_same_fit(model, other)
        assert other.history_ == model.history_
        assert other.get_params() == model.get_params()
        np.testing.assert_array_equal(other.transform(X), model.transform(X))
        np.testing.assert_array_equal(other.sample(5, 3), model.sample(5, 3))
        np.testing.assert_array_equal(other.get_feature_names_out(), model.get_feature_names_out())
    if estimator is BernoulliRBM:
        np.testing.assert_array_equal(estimator.load(path).score_samples(X), model.score_samples(X))


def test_parameters_of_every_kind_come_back(tmp_path):
    state = np.random.RandomState(5)
    model = BernoulliRBM(
        2,
        visible="categorical",
        groups=[3, 4],
        random_state=state,
        callback=print,
        checkpoint=tmp_path / "c",
        sparsity_target=0.1,
    )
    model.save(tmp_path / "m")
    loaded = BernoulliRBM.load(tmp_path / "m")
    assert loaded.groups == [3, 4]
    assert loaded.callback is None
    assert loaded.checkpoint == str(tmp_path / "c")
    assert loaded.random_state.uniform() == state.uniform()
    assert not hasattr(loaded, "components_")
    with pytest.raises(TypeError, match="cannot save parameters/learning_rate: a function is neither"):
        BernoulliRBM(2, learning_rate=lambda epoch: 0.1).save(tmp_path / "m")


def test_partly_fitted_machines_are_saved_and_pickled(X, tmp_path):
    model = BernoulliRBM(3, random_state=0, momentum=0.5).partial_fit(X).partial_fit(X)
    model.save(tmp_path / "m")
    assert_same_attributes(BernoulliRBM.load(tmp_path / "m"), model)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.partial_fit(X).components_, model.partial_fit(X).components_)


def assert_same_attributes(a, b):
    for name, value in fitted(a).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, getattr(b, name))


def test_files_of_another_class_or_with_other_names_are_refused(X, tmp_path):
    path = tmp_path / "m"
    BernoulliRBM(2, random_state=0, n_iter=1).fit(X).save(path)
    with pytest.raises(ValueError, match="holds a BernoulliRBM, not a GaussianRBM"):
        GaussianRBM.load(path)
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    document = json.loads(header["__metadata__"]["gibbsite"])
    document["tree"]["fitted"]["transform"] = 3
    header["__metadata__"]["gibbsite"] = json.dumps(document)
    changed = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(changed)) + changed + data[8 + size :])
    with pytest.raises(ValueError, match="holds 'transform', which is no fitted attribute"):
        BernoulliRBM.load(path)


class StopHereError(Exception):
    pass


# every piece of state that a step depends on occurs in one of these
SETTINGS = {
    "pcd": {},
    "momentum": {"momentum": 0.7, "centered": True},
    "tempered": {"method": "pt", "n_temperatures": 4, "k": 2},
    "cd": {"method": "cd", "schedule": "linear", "sparsity_target": 0.1},
    "shuffled": {"shuffle": True, "learning_rate": lambda epoch: 0.1 / (1 + epoch)},
    "one batch": {"batch_size": 200},
    "early stopping": {"validation_fraction": 0.3, "n_iter_no_change": 3, "tol": 0.0},
}


@pytest.mark.parametrize("stop_at", [1, 2, 7])
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("estimator", [BernoulliRBM, GaussianRBM])
def test_a_fit_resumes_bit_for_bit(X, tmp_path, estimator, settings, stop_at):
    path = tmp_path / "state"
    options = {"n_components": 4, "n_iter": 12, "random_state": 1, **SETTINGS[settings]}

    def stop(epoch):
        if epoch.epoch == stop_at:
            raise StopHereError

    whole = estimator(**options).fit(X)
    interrupted = estimator(callback=stop, checkpoint=path, **options)
    with pytest.raises(StopHereError):
        interrupted.fit(X)
    assert path.exists()
    assert not fitted(interrupted)
    resumed = estimator(checkpoint=path, **options).fit(X)
    assert_same_fit(whole, resumed)
    assert not path.exists()


def test_a_fit_without_a_seed_resumes(X, tmp_path):
    """The file knows the seed: the fit goes on as it would have."""
    path, kept = tmp_path / "state", []

    def stop(epoch):
        kept.append(epoch.components.copy())
        if epoch.epoch == 3:
            raise StopHereError

    options = {"n_components": 4, "n_iter": 6, "validation_fraction": 0.3, "n_iter_no_change": 100, "checkpoint": path}
    with pytest.raises(StopHereError):
        BernoulliRBM(callback=stop, **options).fit(X)
    seen = []
    model = BernoulliRBM(callback=lambda e: seen.append(e.epoch), **options).fit(X)
    assert seen == [4, 5, 6]
    assert model.n_iter_ == 6
    again = BernoulliRBM(callback=stop, **options)
    with pytest.raises(StopHereError):
        again.fit(X)
    assert (kept[0] != kept[3]).any()  # another seed this time


def test_ctrl_c_writes_the_checkpoint_too(X, tmp_path):
    path = tmp_path / "state"
    options = {"n_components": 4, "n_iter": 6, "random_state": 0, "checkpoint": path}

    def interrupt(epoch):
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    model = BernoulliRBM(callback=interrupt, **options)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert model.n_iter_ == 2
    resumed = BernoulliRBM(**options).fit(X)
    assert_same_fit(resumed, BernoulliRBM(**{**options, "checkpoint": None}).fit(X))


def test_checkpoints_are_written_in_time_and_atomically(X, tmp_path, monkeypatch):
    path, written = tmp_path / "state", []
    original = _checkpoint.save_tree
    monkeypatch.setattr(_checkpoint, "save_tree", lambda *args: (written.append(1), original(*args)))
    now = [0.0]
    monkeypatch.setattr(_checkpoint, "monotonic", lambda: now[0])

    def clock(epoch):
        now[0] += 20.0
        assert path.exists() == (epoch.epoch >= 3)

    BernoulliRBM(3, random_state=0, n_iter=6, checkpoint=path, callback=clock).fit(X)
    assert len(written) == 2  # after 40 and 80 seconds
    assert list(tmp_path.iterdir()) == []


def test_checkpoint_of_other_data_or_settings_is_refused(X, tmp_path):
    path = tmp_path / "state"

    def stop(epoch):
        raise StopHereError

    with pytest.raises(StopHereError):
        BernoulliRBM(3, random_state=0, callback=stop, checkpoint=path).fit(X)
    with pytest.raises(ValueError, match=r"belongs to another fit \(data differ\)"):
        BernoulliRBM(3, random_state=0, checkpoint=path).fit(1 - X)
    with pytest.raises(ValueError, match=r"belongs to another fit \(data differ\)"):
        BernoulliRBM(3, random_state=0, checkpoint=path).fit(X[::-1])
    with pytest.raises(ValueError, match=r"\(n_components differ\)"):
        BernoulliRBM(2, random_state=0, checkpoint=path).fit(X)
    with pytest.raises(ValueError, match=r"\(precision differ\)"):
        BernoulliRBM(3, random_state=0, checkpoint=path).fit(X.astype(np.float32))
    BernoulliRBM(3, random_state=0, threads=1, checkpoint=path).fit(X)


def test_checkpoint_of_another_schedule_is_refused(X, tmp_path):
    """Functions are told apart by what they return, not by their name."""
    path = tmp_path / "state"

    def stop(epoch):
        raise StopHereError

    options = {"n_components": 3, "random_state": 0, "checkpoint": path, "n_iter": 6}
    with pytest.raises(StopHereError):
        BernoulliRBM(learning_rate=lambda epoch: 0.1, callback=stop, **options).fit(X)
    for other in (lambda epoch: 0.01, lambda epoch: 0.1 if epoch < 4 else 0.01, 0.1):
        with pytest.raises(ValueError, match=r"belongs to another fit \(learning_rate differ\)"):
            BernoulliRBM(learning_rate=other, **options).fit(X)

    def named(epoch):
        return 0.1

    assert BernoulliRBM(learning_rate=named, **options).fit(X).n_iter_ == 6


def test_places_where_no_checkpoint_can_be(X, tmp_path):
    """What is wrong is said before the first epoch."""

    def never(epoch):
        raise AssertionError("the fit began")

    (tmp_path / "file").write_text("no folder")
    for path, error, message in [
        (tmp_path / "none" / "state", FileNotFoundError, r"none/state' cannot be written: '.*none' is no folder"),
        (tmp_path / "file" / "state", FileNotFoundError, r"cannot be written: '.*file' is no folder"),
        (tmp_path, IsADirectoryError, "is a folder: pass the path of a file"),
    ]:
        with pytest.raises(error, match=message):
            BernoulliRBM(3, checkpoint=path, callback=never).fit(X)


def test_a_folder_that_cannot_be_written_to(X, tmp_path, monkeypatch):
    monkeypatch.setattr(_checkpoint.os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="cannot be written: its folder is read-only"):
        BernoulliRBM(3, checkpoint=tmp_path / "state").fit(X)


def test_files_that_are_no_checkpoints(X, tmp_path):
    path = tmp_path / "state"
    path.write_bytes(b"garbage, and more of it")
    BernoulliRBM(2, n_iter=1).fit(X).save(tmp_path / "machine")
    for file, reason in ((path, "not a readable safetensors file"), (tmp_path / "machine", "it holds something else")):
        before = file.read_bytes()
        with pytest.raises(ValueError, match=rf"no checkpoint to go on from \(.*{reason}.*delete or rename it"):
            BernoulliRBM(3, checkpoint=file).fit(X)
        assert file.read_bytes() == before


def test_a_checkpoint_that_fails_costs_no_epoch(X, tmp_path, monkeypatch):
    """The folder goes away, or the disk is full: the fit goes on, and Ctrl-C is still Ctrl-C."""

    def refuse(*args):
        raise OSError(28, "No space left on device")

    options = {"n_components": 4, "n_iter": 6, "random_state": 0}
    whole = BernoulliRBM(**options).fit(X)
    monkeypatch.setattr(_checkpoint, "save_tree", refuse)
    monkeypatch.setattr(_checkpoint.Checkpoint, "is_due", True)
    with pytest.warns(RuntimeWarning, match="could not be written, the fit goes on without: .*No space left"):
        model = BernoulliRBM(**options, checkpoint=tmp_path / "state").fit(X)
    assert_same_fit(whole, model)

    def interrupt(epoch):
        if epoch.epoch == 3:
            raise KeyboardInterrupt

    model = BernoulliRBM(**options, checkpoint=tmp_path / "state", callback=interrupt)
    with pytest.warns(RuntimeWarning, match="could not be written"), pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert model.n_iter_ == 3
    np.testing.assert_array_equal(model.components_, BernoulliRBM(**{**options, "n_iter": 3}).fit(X).components_)


def test_a_checkpoint_that_stays_costs_no_fit(X, tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise PermissionError("read-only")

    monkeypatch.setattr(_checkpoint.Path, "unlink", refuse)
    with pytest.warns(RuntimeWarning, match="could not be removed"):
        model = BernoulliRBM(3, n_iter=2, checkpoint=tmp_path / "state").fit(X)
    assert model.n_iter_ == 2
