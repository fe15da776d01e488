"""Draw the pictures of the README from a bundled pair: what the terminal shows, and what the page looks like.

Needs Debian's chromium and chromium-driver: `make pictures`.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from auditor import demo
from auditor.report.styled import print_lines, wrapped
from auditor.report.text import lines
from auditor.result import Audit

HERE = Path(__file__).parent
PAIR = "mkt_plus_hml_mom"
WIDTH, HEIGHT = 1_180, 1_880
MOST_BYTES = 200_000


def terminal(audit: Audit) -> str:
    """The report down to its warnings, in the colours of a terminal, as SVG without a font from the network."""
    console = Console(record=True, force_terminal=True, color_system="truecolor", width=80, file=io.StringIO())
    shown = lines(audit)
    titles = ["".join(piece.text for piece in line) for line in shown]
    end = titles.index("What shapes the gain, out of sample")
    print_lines([*shown[: end - 1], (), *wrapped("...", style="quiet")], console, verdict=audit.finding)
    svg = console.export_svg(title="auditor audit base.csv tuned.csv --oos-start 1983-01-31", theme=MONOKAI,
                             unique_id="auditor")  # fmt: skip
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    return re.sub(r"<!--.*?-->\s*", "", svg, flags=re.S).replace("Fira Code", "ui-monospace, Menlo, Consolas")


def page(audit: Audit) -> bytes:
    """The head of the page, as Chromium shows it."""
    from PIL import Image
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or "chromedriver"))
    try:
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "audit.html"
            audit.to_html(path)
            driver.get(path.as_uri())
            shot = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    finally:
        driver.quit()
    out = io.BytesIO()
    # Means of what is near: cuts at medians would mix rare colours, such as the red of what does not hold, with others.
    shot.quantize(256, kmeans=4, dither=Image.Dither.NONE).save(out, format="PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    """Write both."""
    audit = demo.audit_pair(next(pair for pair in demo.pairs() if pair.name == PAIR))
    for name, content in (("terminal.svg", terminal(audit).encode()), ("page.png", page(audit))):
        if len(content) > MOST_BYTES:
            raise SystemExit(f"{name} has {len(content):,} bytes; a README's picture should have {MOST_BYTES:,}")
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()
