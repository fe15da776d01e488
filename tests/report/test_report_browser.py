"""The page in a real browser: headless Chromium opens it from disk, wide and narrow, light, dark and on paper."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rates import OUTCOMES, calibration_of

import auditor
from auditor import demo
from auditor.calibrated import with_calibration
from auditor.report import calibrate_page
from auditor.report.pictured import pictures
from auditor.report.saved_rates import read_calibration
from auditor.report.theme import DARK, LIGHT

pytestmark = pytest.mark.browser

PAIRS = {pair.name: pair for pair in demo.pairs()}
WIDE, NARROW = 1280, 390
TITLES = ("NEW EDGE", "REWEIGHTING", "NO GAIN", "LEVEL HELD", "LEVEL NOT HELD", "NOT SETTLED")
NASTY = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


MADE_UP = ("losing", "booming", "short, in windows")
"""Worlds whose numbers are long, all below zero, or cut into many windows: labels must find room there too."""


RATED = ("second_signal", "riskmanaged_momentum")
"""Examples that have a calibration beside them; pages of calibrations themselves go by their outcomes."""


def made_up(name: str) -> auditor.Audit:
    """Audit one of them."""
    rng = np.random.default_rng(8)
    dates = pd.bdate_range("2013-01-01", periods=1_200)
    base = pd.Series(rng.standard_normal(1_200) * 0.01 - 0.002, dates)
    tuned = base + rng.standard_normal(1_200) * 0.004 - 0.001
    windows = [f"{year}-03-01:{year}-05-30" for year in (2014, 2015, 2016)]
    if name == "losing":
        return auditor.audit(base, tuned, oos_fraction=0.5, reps=199)
    if name == "booming":
        return auditor.audit(base + 0.03, tuned + 0.07, oos_fraction=0.5, reps=199)
    return auditor.audit(base, tuned + 0.002, oos=windows, reps=199)


@cache
def page(name: str) -> tuple[str, list[str]]:
    """The page of an example or of a calibration, and the names of its pictures."""
    if name in OUTCOMES:
        found = calibration_of(demo.audit_pair(PAIRS["riskmanaged_momentum"], reps=999), **OUTCOMES[name])
        return found.to_html(), [one.name for one in calibrate_page.pictures(found)]
    audit = made_up(name) if name in MADE_UP else demo.audit_pair(PAIRS[name], reps=999)
    if name in RATED:
        audit = with_calibration(audit, read_calibration(calibration_of(audit)))
    return audit.to_html(), [one.name for one in pictures(audit)]


class Browser:
    """A driven Chromium that is told what it looks like to."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, *, width: int, scheme: str = "light", media: str = "screen") -> None:
        """Open a file; the logs hold what came of it alone."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.tell(
            "Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        self.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 600
        )
        self.driver.get(path.as_uri())

    def tell(self, command: str, **what: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, what)

    def run(self, script: str, *given: Any) -> Any:
        return self.driver.execute_script(script, *given)

    def console(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Every address that was asked for."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium and its driver; without them these tests fail, since they are what the marker asks for."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert chromium, "no chromium: apt-get install chromium chromium-driver"
    assert driver, "no chromedriver: apt-get install chromium chromium-driver"
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    opened.set_page_load_timeout(60)
    opened.set_script_timeout(60)
    yield Browser(opened)
    opened.quit()


@pytest.fixture
def written(tmp_path: Path):
    """Write a page to a file."""

    def write(text: str) -> Path:
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", [*PAIRS, *OUTCOMES])
def test_it_opens_offline_without_an_error_or_a_request(browser, written, name):
    path = written(page(name)[0])
    browser.open(path, width=WIDE)
    asked = [url for url in browser.requests() if not url.startswith("data:")]
    assert asked == [path.as_uri()]
    assert browser.console() == []
    assert browser.driver.title.split(":")[0].split(" (")[0] in TITLES


SEEN = """
return [...document.querySelectorAll('figure svg')].map(svg => {
  const box = svg.getBoundingClientRect();
  const words = [...svg.querySelectorAll('text')].map(text => {
    const own = text.getBoundingClientRect();
    return {said: text.textContent, left: own.left - box.left, right: own.right - box.left, top: own.top - box.top,
            bottom: own.bottom - box.top, size: own.height};
  });
  const shown = svg.checkVisibility({opacityProperty: true, visibilityProperty: true});
  return {name: svg.closest('figure').id, left: box.left, right: box.right, width: box.width, height: box.height,
          words, shown, role: svg.getAttribute('role'), label: svg.getAttribute('aria-label')};
});
"""


@pytest.mark.parametrize("name", [*PAIRS, *MADE_UP, *OUTCOMES])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_picture_is_visible_without_sideways_scroll(browser, written, name, width):
    text, names = page(name)
    browser.open(written(text), width=width)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    found = browser.run(SEEN)
    assert [one["name"] for one in found] == names
    for one in found:
        assert one["shown"]
        assert one["role"] == "img"
        assert len(one["label"]) > 20
        assert one["left"] >= 0
        assert one["right"] <= width
        assert one["width"] > 0.85 * min(width, 520)
        assert one["height"] > 60


@pytest.mark.parametrize("name", [*PAIRS, *MADE_UP, *OUTCOMES])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_words_in_pictures_stay_inside_apart_and_can_be_read(browser, written, name, width):
    browser.open(written(page(name)[0]), width=width)
    for one in browser.run(SEEN):
        for word in one["words"]:
            assert word["left"] >= -1, (one["name"], word)
            assert word["right"] <= one["width"] + 1, (one["name"], word)
            assert word["size"] >= 9
        for word, other in itertools.combinations(one["words"], 2):
            across = min(word["right"], other["right"]) - max(word["left"], other["left"])
            down = min(word["bottom"], other["bottom"]) - max(word["top"], other["top"])
            # Boxes of letters have room above and below that may touch.
            assert across <= 1 or down <= 0.35 * word["size"], (one["name"], word["said"], other["said"])


COLOURS = """
const at = (element, what) => getComputedStyle(element)[what];
const svg = document.querySelector('figure svg');
return {paper: at(document.body, 'backgroundColor'), ink: at(document.body, 'color'),
        words: [...new Set([...document.querySelectorAll('figure svg text')].map(text => at(text, 'fill')))],
        lines: [...new Set([...svg.querySelectorAll('path')].map(path => at(path, 'stroke')))]};
"""


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


@pytest.mark.parametrize(
    ("scheme", "media", "colours"),
    [("light", "screen", LIGHT), ("dark", "screen", DARK), ("light", "print", LIGHT), ("dark", "print", LIGHT)],
)
def test_pictures_follow_the_page_into_the_dark_and_onto_paper(browser, written, scheme, media, colours):
    browser.open(written(page("second_signal")[0]), width=WIDE, scheme=scheme, media=media)
    found = browser.run(COLOURS)
    assert found["paper"] == rgb(colours["paper"])
    assert found["ink"] == rgb(colours["ink"])
    known = {rgb(colour) for colour in colours.values()}
    assert set(found["words"]) <= known
    assert rgb(colours["muted"]) in found["words"]
    assert set(found["lines"]) <= known | {"none"}
    assert rgb(colours["tuned"]) in found["lines"]


@pytest.mark.parametrize(("name", "most"), [("second_signal", 12), ("not held", 5)])
def test_it_prints_on_a4_with_every_picture_and_table(browser, written, name, most):
    browser.open(written(page(name)[0]), width=WIDE, scheme="dark")
    browser.tell("Emulation.setEmulatedMedia", media="")
    printed = browser.tell("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF")
    pages = pdf.count(b"/Type /Page\n") or pdf.count(b"/Type /Page ")
    assert 2 <= pages <= most
    assert b"/MediaBox [0 0 594.95" in pdf or b"/MediaBox [0 0 595" in pdf
    browser.tell("Emulation.setEmulatedMedia", media="print")
    # What is folded on a screen is open on paper.
    browser.tell("Emulation.setDeviceMetricsOverride", width=703, height=1_000, deviceScaleFactor=1, mobile=False)
    assert browser.run("return document.documentElement.scrollWidth") <= 703
    heights = browser.run(
        "return [...document.querySelectorAll('details')].map(one => one.getBoundingClientRect().height)"
    )
    assert min(heights) > 60


def test_hostile_names_are_words(browser, written, hostile, hostile_trades, priced):
    for audit in (hostile(NASTY), hostile_trades(NASTY)):
        path = written(audit.to_html())
        browser.open(path, width=NARROW)
        assert browser.driver.title != "broken"
        assert browser.run("return document.images.length + document.scripts.length") == 0
        assert NASTY in browser.run("return document.body.textContent")
        assert [url for url in browser.requests() if not url.startswith("data:")] == [path.as_uri()]
        assert browser.console() == []
        assert browser.run("return document.documentElement.scrollWidth") <= NARROW


def test_long_names_never_scroll_the_page(browser, written, hostile, hostile_trades, priced):
    for audit in (hostile("x" * 3_000), hostile_trades("\u65e5" * 3_000)):
        for width in (WIDE, NARROW):
            browser.open(written(audit.to_html()), width=width)
            assert browser.run("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["second_signal", "not held"])
def test_keys_reach_what_scrolls_and_folds(browser, written, name):
    browser.open(written(page(name)[0]), width=NARROW)
    reached = "one => one.tabIndex === 0 && one.getAttribute('aria-label')"
    assert browser.run(f"return [...document.querySelectorAll('.wide')].every({reached})")
    assert browser.run("return document.querySelectorAll('h1').length") == 1
    assert browser.run("return document.documentElement.lang") == "en"
    assert browser.run("return [...document.querySelectorAll('table')].every(one => one.querySelector('th[scope]'))")
