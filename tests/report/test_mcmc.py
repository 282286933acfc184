"""The report's part on sampling says what the samplers say."""

import numpy as np
import pytest

from gibbsite.report import mcmc
from tests.report.html_checks import check_self_contained


def page_of(section):
    return f"<main>{section.title}{section.lead}{section.body}</main>"


def test_the_data_begin_with_a_column_of_ones():
    X, y, names = mcmc.cancer()
    assert X.shape == (569, 31)
    assert (X[:, 0] == 1).all()
    np.testing.assert_allclose(X[:, 1:].std(axis=0), 1)
    assert names[:2] == ["intercept", "mean radius"]
    assert set(y) == {0, 1}


@pytest.mark.parametrize("make", [mcmc.regression, mcmc.funnel])
def test_pictures(make):
    section = make()
    check_self_contained(page_of(section))
    assert section.body.count("<svg") == 2


def test_the_funnel_is_found_out():
    section = mcmc.funnel()
    assert "trajectories diverged" in section.body
    assert "scale taken out. Divergences: 0." in section.body


def test_times(monkeypatch):
    monkeypatch.setattr(mcmc, "N_STEPS", 10)
    section = mcmc.timings()
    assert section.body.count("<tr>") == 4
    assert "a second" in section.body
