"""A long climb goes on after an interruption with the same bits."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from gibbsite._persistence import load_tree, save_tree
from gibbsite.em import Checkpoint, ExpectationMaximization


class StopHereError(Exception):
    pass


def climb(path, stop_at=None, accelerate=None, seconds=30.0, n_init=3, fingerprint=None):
    rates, target = np.array([0.97, 0.8, 0.9]), np.array([1.0, -2.0, 3.0])

    def callback(news):
        if (news.restart, news.iteration) == stop_at:
            raise StopHereError

    random_state = np.random.RandomState(0)
    em = ExpectationMaximization(
        lambda x: (x, float(-np.sum((x - target) ** 2))),
        lambda x: x + (1 - rates) * (target - x),
        tol=1e-6,
        max_iter=400,
        n_init=n_init,
        accelerate=accelerate,
        pack=np.copy,
        unpack=np.copy,
        callback=callback,
        checkpoint=Checkpoint(
            path,
            fingerprint or {"data": "a"},
            seconds=seconds,
            get_extra=lambda: random_state.get_state(legacy=False),
            set_extra=random_state.set_state,
        ),
    )
    return em.run(lambda restart: random_state.normal(scale=10.0, size=3))


@pytest.mark.parametrize("accelerate", [None, "squarem"])
@pytest.mark.parametrize("stop_at", [(0, 1), (0, 9), (1, 2), (2, 11)])
def test_resumes_bit_for_bit(tmp_path, stop_at, accelerate):
    path = tmp_path / "state"
    whole = climb(path, accelerate=accelerate)
    assert not path.exists()
    with pytest.raises(StopHereError):
        climb(path, stop_at=stop_at, accelerate=accelerate)
    assert path.exists()
    resumed = climb(path, accelerate=accelerate)
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)
    assert resumed.lower_bounds == whole.lower_bounds
    assert (resumed.restart, resumed.n_passes) == (whole.restart, whole.n_passes)
    assert not path.exists()


def test_writes_along_the_way(tmp_path):
    path = tmp_path / "state"

    written = []
    checkpoint = Checkpoint(path, {}, seconds=0.0)
    em = ExpectationMaximization(
        lambda x: (x, float(-(x**2))),
        lambda x: 0.5 * x,
        tol=0.0,
        max_iter=5,
        checkpoint=checkpoint,
        callback=lambda news: written.append(path.exists()),
    )
    em.run(1.0)
    assert all(written)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("missing/state", FileNotFoundError, "cannot be written: .*missing' is no folder"),
        (".", IsADirectoryError, "is a folder: pass the path of a file"),
    ],
)
def test_a_place_without_a_file_is_found_at_the_start(tmp_path, name, error, message):
    with pytest.raises(error, match=message):
        Checkpoint(tmp_path / name, {})


@pytest.mark.parametrize("garbage", [b"no checkpoint", None])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path, garbage):
    path = tmp_path / "state"
    save_tree(path, {"x": np.zeros(2)}) if garbage is None else path.write_bytes(garbage)
    with pytest.raises(ValueError, match=r"is no checkpoint to go on from \(.*\): delete or rename it"):
        climb(path)


def vanishing(path, stop):
    """A climb whose folder goes away in its second pass; `stop` is raised in the third."""

    def callback(news):
        if news.iteration == 2:
            os.rmdir(path.parent)
        if news.iteration == 3:
            raise stop

    em = ExpectationMaximization(
        lambda x: (x, float(-(x**2))),
        lambda x: 0.5 * x,
        tol=0.0,
        max_iter=5,
        checkpoint=Checkpoint(path, {}),
        callback=callback,
    )
    return em.run(1.0)


def test_a_failed_write_does_not_replace_the_exception(tmp_path):
    path = tmp_path / "folder" / "state"
    path.parent.mkdir()
    with pytest.warns(RuntimeWarning, match="could not be written: .* cannot be resumed"), pytest.raises(StopHereError):
        vanishing(path, StopHereError())
    path.parent.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KeyboardInterrupt):
            vanishing(path, KeyboardInterrupt())


def test_a_climb_is_worth_more_than_its_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "state"

    def fail(*names):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    em = ExpectationMaximization(
        lambda x: (x, float(-(x**2))),
        lambda x: 0.5 * x,
        tol=0.0,
        max_iter=3,
        checkpoint=Checkpoint(path, {}, seconds=0),
    )
    with pytest.warns(RuntimeWarning, match="could not be written: disk full. The climb goes on without"):
        assert em.run(1.0).n_iter == 3


def test_a_file_that_stays_does_not_cost_the_result(tmp_path, monkeypatch):
    def fail(path, missing_ok=False):
        raise PermissionError("not yours")

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.warns(RuntimeWarning, match="could not be removed: not yours. A later climb would go on from it"):
        assert climb(tmp_path / "state").converged


def test_another_fit_is_refused(tmp_path):
    path = tmp_path / "state"
    with pytest.raises(StopHereError):
        climb(path, stop_at=(0, 3))
    with pytest.raises(ValueError, match=r"belongs to another fit \(data differ\)"):
        climb(path, fingerprint={"data": "b"})


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    save_tree(path, {"x": np.arange(3.0)})

    def fail(*names):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_tree(path, {"x": np.zeros(1000)})
    monkeypatch.undo()
    np.testing.assert_array_equal(load_tree(path)["x"], [0.0, 1.0, 2.0])
    assert os.listdir(tmp_path) == ["file"]


def test_trees_come_back_as_they_were(tmp_path):
    path = tmp_path / "tree"
    random_state = np.random.RandomState(3)
    random_state.normal()
    tree = {
        "array": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "empty": np.zeros((0, 2)),
        "scalar": np.float32(0.1),
        "numbers": [1, 2.5, float("inf"), float("-inf"), True, None],
        "pair": (np.ones(2), "text"),
        "names": np.array(["a", "b"], dtype=object),
        "random": random_state,
    }
    save_tree(path, tree)
    back = load_tree(path)
    for name in ("array", "empty", "names"):
        np.testing.assert_array_equal(back[name], tree[name])
        assert back[name].dtype == tree[name].dtype
    assert back["numbers"] == tree["numbers"]
    assert isinstance(back["pair"], tuple)
    assert back["scalar"] == tree["scalar"]
    assert back["scalar"].dtype == np.float32
    assert back["random"].normal() == random_state.normal()


@pytest.mark.parametrize("value", [object(), np.array([object()]), {"deep": [lambda: 0]}])
def test_what_is_no_plain_value_is_refused_by_name(tmp_path, value):
    with pytest.raises(TypeError, match="cannot save bad"):
        save_tree(tmp_path / "x", {"bad": value})


def test_damaged_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "x"
    save_tree(path, {"x": np.arange(100.0)})
    data = path.read_bytes()
    path.write_bytes(data[:-50])
    with pytest.raises(ValueError, match="not a readable safetensors file"):
        load_tree(path)
    from safetensors.numpy import save_file

    save_file({"x": np.zeros(2)}, path)
    with pytest.raises(ValueError, match="was not written by gibbsite"):
        load_tree(path)
