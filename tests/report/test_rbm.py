"""The report's part on Boltzmann machines says what the machines say."""

import numpy as np
import pytest

from gibbsite import BernoulliRBM
from gibbsite.report import rbm
from tests.report.html_checks import check_self_contained


@pytest.fixture(scope="module")
def data():
    return rbm.binary_digits()


def page_of(section):
    return f"<main>{section.title}{section.lead}{section.body}</main>"


def test_digits_are_black_and_white_and_split(data):
    train, test = data
    assert train.shape == (1500, 64)
    assert test.shape == (297, 64)
    assert train.dtype == test.dtype == np.bool_


def test_pictures_of_a_machine(data):
    model = BernoulliRBM(8, n_iter=3, **rbm.SETTINGS).fit(data[0])
    section = rbm.digits(model, *data)
    parsed = check_self_contained(page_of(section))
    images = [source for source in parsed.sources if source.startswith("data:image/png")]
    # data, draws, all eight filters, and five rows of the completion
    assert len(images) == 2 * 2 * rbm.N_TILES + 8 + 5 * rbm.N_TILES
    assert section.body.count("<svg") == 2


def test_the_exact_curve_ends_at_the_exact_likelihood(data, monkeypatch):
    monkeypatch.setattr(rbm, "N_EPOCHS", 8)
    curve = rbm._exact_curve(*data, {"centered": True})
    settings = {"learning_rate": 0.2, "n_iter": 8, "centered": True}
    model = BernoulliRBM(16, **settings, **rbm.SETTINGS).fit(data[0])
    assert list(curve[:, 0]) == [4, 8]
    assert curve[-1, 1] == pytest.approx(model.log_likelihood(data[1], "exact").value, rel=1e-10)


def test_a_row_of_times(data):
    calls = []
    cells = rbm._timed("Work", data[0].astype(np.float32), 4, calls.append)
    assert cells[0] == "Work<small>1\N{NARROW NO-BREAK SPACE}500 × 64, 4 hidden units</small>"
    assert cells[3].endswith("×</strong>")
    kinds = [type(machine).__module__.partition(".")[0] for machine in calls]
    assert kinds == ["sklearn", "gibbsite"] * 4  # warmed up once, then three turns


def test_ten_sweeps_are_ten_for_both(data):
    class Counter:
        sweeps = 0

        def gibbs(self, v):
            self.sweeps += 1
            return v

    peer = Counter()
    rbm._ten_sweeps(peer, data[0])
    assert peer.sweeps == 10
    model = BernoulliRBM(4, n_iter=1, random_state=0).fit(data[0])
    again = BernoulliRBM(4, n_iter=1, random_state=0).fit(data[0])
    np.testing.assert_array_equal(rbm._ten_sweeps(model, data[1]), again.gibbs(data[1], 10))
