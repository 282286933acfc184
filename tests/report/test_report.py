"""The report is one file with everything inside, whatever sections it has."""

import base64
import io
import re

import numpy as np
import pytest
from matplotlib.image import imread

from gibbsite import report
from gibbsite.report import Section, page, theme, timing
from tests.report.html_checks import check_self_contained


def small_section():
    figures = []
    for _ in range(2):
        with theme.figure(4, 3) as (figure, ax):
            ax.plot([1, 2], [3, 4], label="line")
            ax.scatter([1, 2], [3, 3], color=theme.SERIES[3], alpha=0.5)
            ax.set_xlim(1, 2)
            ax.legend()
            figures.append(page.caption(theme.to_svg(figure, "a line"), "A <b>line</b>."))
    images = page.tiles(np.random.default_rng(0).uniform(size=(3, 8, 8)), ["a", "b", "c"], alt="noise")
    return Section("Small", "A lead.", page.row(*figures) + images + page.table(["", "n"], [["one", "1"]]))


def test_report_holds_everything_it_shows(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "NOUNS", {"small": lambda: [small_section(), small_section()]})
    path = report.write_report(tmp_path / "out.html")
    text = path.read_text(encoding="utf-8")
    parsed = check_self_contained(text)
    assert {"part-1", "part-2"} <= set(parsed.ids)
    assert sum(source.startswith("data:image/png") for source in parsed.sources) == 6


def test_nouns_can_be_chosen(tmp_path, monkeypatch):
    never = pytest.fail
    monkeypatch.setattr(report, "NOUNS", {"a": lambda: [Section("Chosen", "", "")], "b": never})
    text = report.write_report(tmp_path / "out.html", ["a"]).read_text(encoding="utf-8")
    assert "Chosen" in text
    with pytest.raises(KeyError):
        report.write_report(tmp_path / "out.html", ["c"])


def test_figures_take_the_colours_of_the_page():
    with theme.figure(4, 3) as (figure, ax):
        ax.plot([1, 2], [3, 4])
        svg = theme.to_svg(figure, "a line")
    assert "var(--series-0)" in svg
    assert "var(--grid)" in svg
    assert not any(color in svg for color in (theme.INK, theme.MUTED, theme.GRID, theme.PAPER, *theme.SERIES))
    style = (page.files("gibbsite.report") / "page.css").read_text()
    for name in set(re.findall(r"var\((--[a-z0-9-]+)\)", svg + style)):
        assert style.count(f"{name}:") == 2, f"{name} needs a light and a dark value"


def test_figures_leave_settings_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with theme.figure() as (_, ax):
        assert ax.get_facecolor()[3] == 0.0
    assert dict(mpl.rcParams) == before


def test_signed_tiles_have_a_colour_for_each_sign():
    image = np.array([[-1.0, 0.0], [0.5, 2.0]])
    text = page.signed_tiles(image[np.newaxis], alt="weights")
    rgba = imread(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", text).group(1))), format="png")
    np.testing.assert_allclose(rgba[..., 3], [[1, 0], [0.5, 1]], atol=1 / 255)
    negative, positive = rgba[0, 0, :3], rgba[1, 1, :3]
    assert negative[2] > negative[0]  # blue
    assert positive[0] > positive[2]  # orange
    style = (page.files("gibbsite.report") / "page.css").read_text()
    for name, color in (("negative", negative), ("positive", positive)):
        drawn = re.search(rf"\.key\.{name} \{{ background: #(\w+)", style).group(1)
        np.testing.assert_allclose(color * 255, list(bytes.fromhex(drawn)), atol=2)


def test_bars_are_as_long_as_the_times():
    assert re.findall(r"width:([\d.]+)%", timing.bars(timing.Comparison(2.0, 0.5, 3))) == ["100.0", "25.0"]
    assert timing.cells(timing.Comparison(2.0, 0.5, 3)) == ["2 s", "500 ms", "<strong>4.0×</strong>"]


def test_times_are_taken_in_turns():
    calls = []
    result = timing.interleaved(lambda: calls.append("peer"), lambda: calls.append("ours"), repeats=3)
    assert calls == ["peer", "ours"] * 4
    assert result.repeats == 3
    assert result.ratio == result.peer / result.ours


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(12.34, "12.3 s"), (0.5, "500 ms"), (2.5e-5, "25 µs"), (3e-9, "3 ns"), (0.9996, "1 s"), (0.9994, "999 ms")],
)
def test_seconds_are_readable(seconds, text):
    assert timing.pretty_seconds(seconds) == text


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_whole_report(tmp_path):
    text = report.write_report(tmp_path / "report.html").read_text(encoding="utf-8")
    check_self_contained(text)
    mixtures = ("one dimension", "two dimensions", "sixteen dimensions", "Mixtures: time beside scikit-learn")
    machines = ("Restricted Boltzmann machines", "from both sides", "machines: time beside scikit-learn")
    for title in mixtures + machines:
        assert title in text
    assert "nan" not in re.sub(r"data:[^\"]*", "", text).lower()
