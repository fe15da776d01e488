"""The pictures: every one of every example, the same bytes each time, and nothing of the user's settings or names."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from functools import cache

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import auditor
from auditor import demo
from auditor.errors import InputError
from auditor.report import charts
from auditor.report.charts_marks import log_ticks
from auditor.report.picture import TITLES, Picture
from auditor.report.pictured import MAKERS, left_out, pictures
from auditor.report.plots import Plots
from auditor.report.svg import alone, svg
from auditor.report.theme import DARK, EITHER, LIGHT

PAIRS = {pair.name: pair for pair in demo.pairs()}
HOSTILE = "<img src=x onerror=alert(1)>$\\frac{1}$\x1b[31m"


@cache
def example(name: str) -> auditor.Audit:
    """A bundled pair or desk, audited."""
    return demo.audit_pair(PAIRS[name], reps=999)


@pytest.fixture(scope="module")
def desk() -> auditor.Audit:
    return example("second_signal")


def test_every_picture_has_a_title_a_maker_and_a_method():
    assert set(TITLES) == set(MAKERS)
    methods = {name for name in dir(Plots) if not name.startswith("_")}
    assert methods == set(MAKERS)


def test_only_the_pictures_that_there_are_are_listed(desk):
    found = example("mkt_plus_hml_mom")
    for audit in (desk, found, replace(found, pictures=None)):
        listed = [name for name in dir(audit.plot) if not name.startswith("_")]
        assert sorted(listed) == sorted(one.name for one in pictures(audit))
    assert "lines" in dir(desk.plot)
    assert not {"lines", "new_map", "planted"} & set(dir(found.plot))


@pytest.mark.parametrize("name", PAIRS)
def test_every_picture_of_an_example_is_drawn_or_has_a_reason(name):
    audit = example(name)
    found = pictures(audit)
    for one in found:
        element = ElementTree.fromstring(svg(one, LIGHT))
        assert element.get("role") == "img"
        assert re.search(r"\d", element.get("aria-label"))
        assert one.says in element.get("aria-label")
        assert len(list(element.iter("path"))) > 3
        assert len(getattr(audit.plot, one.name)().axes) == 1
    assert {one.name for one in found} >= {"growth", "rolling", "split", "horizons", "coverage"}
    missing = [title.split(": ")[0] for title in left_out(audit)]
    assert len(found) + len(missing) == len(MAKERS)


def test_a_figure_shows_itself_without_pyplot_or_a_backend(desk):
    shown, size = desk.plot.split()._repr_png_()
    assert shown.startswith(b"\x89PNG")
    assert int.from_bytes(shown[16:20]) == pytest.approx(2 * size["width"], abs=2)


def test_a_picture_that_cannot_be_is_refused_with_its_reason():
    with pytest.raises(InputError, match=r"no picture 'new_map'.*neither trades nor positions"):
        example("mkt_plus_hml_mom").plot.new_map()
    with pytest.raises(InputError, match="every month needs 4"):
        example("mkt_plus_hml_mom").plot.depth_breadth()
    with pytest.raises(InputError, match="taken out of this audit"):
        replace(example("mkt_plus_hml_mom"), pictures=None).plot.growth()


def test_the_overview_shows_six_and_says_the_verdict(desk):
    figure = desk.plot()
    assert len(figure.axes) == 6
    said = [text.get_text() for text in figure.texts]
    assert said[0].startswith("REWEIGHTING: unproven")
    assert f"{desk.sharpe.out_of_sample.gain:+.2f}" in said[1]


def test_an_audit_without_series_still_has_the_pictures_of_its_numbers(audit):
    assert [one.name for one in pictures(audit)] == ["split", "horizons", "coverage", "depth_breadth"]
    assert len(audit.plot().axes) == 3


def test_what_says_the_split_has_the_numbers_of_the_test(new_edge):
    (found,) = (one for one in pictures(new_edge) if one.name == "split")
    assert "the gain of +0.40" in found.says
    assert "reweighting part +0.24" in found.says
    assert "edge part +0.16" in found.says


def test_the_same_audit_gives_the_same_bytes_whatever_the_user_has_set(desk):
    first = [svg(one, LIGHT) for one in pictures(desk)]
    with mpl.rc_context({"lines.linewidth": 9, "axes.facecolor": "pink", "text.usetex": True, "font.size": 30}):
        again = [svg(one, LIGHT) for one in pictures(desk)]
        assert mpl.rcParams["font.size"] == 30
    assert first == again


def test_names_and_ids_stand_once_on_a_page(desk):
    text = "".join(svg(one, LIGHT) for one in pictures(desk))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)
    assert "<style" not in text
    assert "<metadata" not in text
    assert "font-family" not in text
    assert "DejaVu" not in text


@pytest.mark.parametrize("colours", [LIGHT, DARK, EITHER], ids=["light", "dark", "either"])
def test_every_colour_is_of_the_theme(desk, colours):
    for one in pictures(desk):
        found = set(re.findall(r"#[0-9a-f]{6}", svg(one, colours)))
        assert found <= set(colours.values()), one.name


def test_letters_stay_letters(desk):
    (found,) = (one for one in pictures(desk) if one.name == "new_map")
    words = "".join(ElementTree.fromstring(svg(found, LIGHT)).itertext())
    assert "SPX" in words
    assert "IXIC" in words


def test_hostile_names_are_letters_and_no_markup_or_formula(desk):
    odd = replace(desk.pictures.new_map, instruments=(HOSTILE, "\u65e5\u672c"))
    audit = replace(desk, pictures=replace(desk.pictures, new_map=odd))
    (found,) = (one for one in pictures(audit) if one.name == "new_map")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = svg(found, LIGHT)
    assert "<img" not in text
    assert "\x1b" not in text
    tags = {element.tag for element in ElementTree.fromstring(text).iter()}
    assert tags <= {"svg", "g", "path", "text", "defs", "use", "clipPath", "rect"}
    assert "\u65e5\u672c" in text


def few_changes() -> tuple[np.ndarray, np.ndarray]:
    """An overlay that changes one return out of sample and two in sample."""
    rng = np.random.default_rng(1)
    base = rng.normal(0.0005, 0.01, 600)
    tuned = base.copy()
    tuned[[50, 80]] += 0.02
    tuned[400] -= 0.04
    return base, tuned


def few_traded() -> tuple[np.ndarray, np.ndarray]:
    """A policy that is out of the market but for twenty periods out of sample."""
    base = np.random.default_rng(1).normal(0.0004, 0.01, 2_016)
    tuned = base.copy()
    tuned[1_008:] = 0
    tuned[1_200:1_220] = base[1_200:1_220]
    return base, tuned


@pytest.mark.parametrize("overlay", [few_changes, few_traded])
def test_an_interval_without_ends_is_drawn_to_the_edges(overlay):
    base, tuned = overlay()
    dates = pd.bdate_range("2010-01-01", periods=base.size)
    audit = auditor.audit(pd.Series(base, dates), pd.Series(tuned, dates), oos_start=dates[base.size // 2], reps=999)
    assert np.isinf(audit.sharpe.out_of_sample.ci).all()
    assert "interval (unbounded)" in audit.to_html()
    assert audit.plot().axes
    wide = replace(audit.sharpe.out_of_sample, ci=(-7e6, 7e6))
    for one in (audit, replace(audit, sharpe=replace(audit.sharpe, out_of_sample=wide))):
        (axes,) = one.plot.bootstrap().axes
        assert charts_text(axes, "unbounded")
        assert list(axes.lines[-1].get_xdata()) == list(axes.get_xlim())
        assert np.ptp(axes.get_xlim()) < 10
        (axes,) = one.plot.split().axes
        assert list(axes.lines[0].get_xdata()) == list(axes.get_xlim())
        assert np.ptp(axes.get_xlim()) < 10


def test_depth_against_breadth_is_drawn_from_real_curves():
    curves = auditor.tries(reps=199).tries.curves
    k = np.arange(1, curves.base.size + 1)
    made = Picture(
        name="depth_breadth", title="Depth", says="1",
        draw=lambda axes: charts.depth_breadth(
            axes, k, curves.base, curves.tuned, curves.low, curves.high, curves.crossover
        ),
    )  # fmt: skip
    (axes,) = alone(made).axes
    lines = [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == k.size]
    np.testing.assert_array_equal(lines[0], curves.base)
    np.testing.assert_array_equal(lines[1], curves.tuned)
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx((curves.base + curves.low).min())
    assert band.max() == pytest.approx((curves.base + curves.high).max())
    crossed = charts_text(axes, "crossing at")
    assert bool(crossed) == (curves.crossover is not None)


def test_the_band_of_depth_against_breadth_says_of_what_it_is(audit):
    (found,) = (one for one in pictures(audit) if one.name == "depth_breadth")
    assert "Shaded: 95% band of tuned less base, over all k at once, laid on the base's curve; where" in found.says


def charts_text(axes, start: str) -> list[str]:
    """The words on some axes that begin so."""
    return [text.get_text() for text in axes.texts if text.get_text().startswith(start)]


def test_walk_forward_windows_are_all_shaded():
    pair = PAIRS["mkt_plus_hml_mom"]
    audit = auditor.audit_files(
        pair.path, pair.path, base_column="base", tuned_column="tuned", reps=199,
        oos=["1983-01-01:1990-12-31", "2000-01-01:2006-12-31"],
    )  # fmt: skip
    (axes,) = audit.plot.growth().axes
    assert len(axes.patches) == 2
    assert len(charts_text(axes, "out of sample")) == 1
    (found,) = (one for one in pictures(audit) if one.name == "growth")
    assert "2 windows" in found.says


def test_figures_need_no_global_state():
    code = (
        "import sys\nimport auditor\nfrom auditor import demo\nfrom matplotlib.figure import Figure\n"
        "made, first = [], Figure.__init__\n"
        "Figure.__init__ = lambda self, *given, **named: (made.append(1), first(self, *given, **named))[1]\n"
        "audit = demo.audit_pair(demo.pairs()[0], reps=199)\naudit.plot\nrepr(audit)\nstr(audit)\n"
        "assert not made, 'nothing is drawn before a call'\n"
        "audit.plot()\nassert len(made) == 1\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("right", [24, 190])
@pytest.mark.parametrize("length", [1e-4, 0.01, 0.1, 0.4, 1, 3, 10, 40, 100, 130, 300, 400, 900, 1_300, 4_000, 30_000])
def test_dates_are_few_and_apart_whatever_the_span(length, right):
    dates = np.datetime64("2013-02-26T09:30", "ns") + (np.linspace(0, length * 86_400e9, 50)).astype("timedelta64[ns]")
    made = Picture(
        name="x", title="", says="1", right=right,
        draw=lambda axes: charts.rolling(axes, dates, np.ones(50), np.zeros(50), 2 * np.ones(50), []),
    )  # fmt: skip
    figure = alone(made)
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    shown = [label for label in axes.get_xticklabels() if low <= label.get_position()[0] <= high]
    boxes = sorted((label.get_window_extent() for label in shown), key=lambda box: box.x0)
    assert 1 <= len(boxes) <= 8
    for one, other in itertools.pairwise(boxes):
        assert one.x1 + 8 < other.x0


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.78, 1.18, ["0.8", "0.9", "1", "1.1", "1.2"]),
        (0.72, 1.56, ["0.8", "1", "1.2", "1.4"]),
        (0.95, 1.02, ["0.96", "0.98", "1", "1.02"]),
        (0.5, 40.0, ["1", "3", "10", "30"]),
        (1e-4, 1.0, ["0.0001", "0.001", "0.01", "0.1", "1"]),
    ],
)
def test_ticks_of_a_log_scale_are_round_and_even(low, high, ticks):
    made = Picture(name="x", title="", says="1", draw=lambda axes: (axes.set_yscale("log"), log_ticks(axes, low, high)))
    (axes,) = alone(made).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ticks
