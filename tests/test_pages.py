"""The HTML pages in a real browser: they sort, ask no other host, and no text of theirs runs out of a narrow screen."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from harness.measures.names import parse
from harness.report.board import board
from harness.report.canvas import svg
from harness.report.comparison.page import page as comparison_page
from harness.report.comparison.plots import draw as comparison_draw
from harness.report.failures.build import failures
from harness.report.failures.page import page as failures_page
from harness.report.page import page
from harness.report.plots.draw import draw
from test_compare import compared, data
from test_compare import run as ranked
from test_report import no_scores, record

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium on the path")


def opened(html: str, folder: Path, script: str = "", *, width: int = 1280) -> tuple[str, list[str]]:
    """The page after a script, as the browser holds it, and the addresses that the page itself asked for."""
    file, log = folder / "page.html", folder / "net.json"
    file.write_text(html.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", f"--window-size={width},900",
            f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", "--dump-dom", file.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "</html>" in done.stdout, done.stderr
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    told = [one["params"] for one in events if "url" in one.get("params", {})]
    return done.stdout, [
        one["url"] for one in told if one.get("initiator") in ("null", "file://")
    ]  # not the browser's own


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """A board and a comparison, with their plots, and a system's failures."""
    records = [record("a", "t", 0.5), record("b", "t", 0.7), record("c", "t", 0, status="failed", reason="x")]
    made, two = board(records, no_scores), compared(np.r_[np.ones(30), np.zeros(30)], np.zeros(60))
    return {
        "board": page(made, lambda: {name: svg(one) for name, one in draw(made).items()}),
        "failures": failures_page(
            failures(
                "a", "toy", data(60), {"a": ranked(np.zeros(60)), "b": ranked(np.zeros(60))}, parse("recall@1"), shown=3
            )
        ),
        "comparison": comparison_page(two, {name: svg(one) for name, one in comparison_draw(two).items()}),
    }


CLICKS = {
    "board": (2, r'<td class="name" data-key="(\w)">', ["a", "b", "c"]),  # the failed row stays last
    "failures": (
        0,
        r'<td class="what" data-key="([^"]+)">',
        [
            "all",
            "channel = mail",
            "channel = phone",
            "question of 3 words",
            "question of at most 2 words",
            "question of more than 3 words",
        ],
    ),
    "comparison": (1, r'<td data-key="(\d+)">\d+</td>', ["20", "20", "20", "20", "40"]),
}
"""Which heading of the first table that sorts is clicked twice, and what then stands in ascending order."""


@pytest.mark.parametrize("name", CLICKS)
def test_a_click_on_a_heading_sorts_and_nothing_is_asked_of_another_host(pages, name, tmp_path):
    """Twice: ascending."""
    place, pattern, order = CLICKS[name]
    click = f"for (let i = 0; i < 2; i++) document.querySelectorAll('table.sorts th')[{place}].click();"
    dom, asked = opened(pages[name], tmp_path, click)
    assert re.findall(pattern, dom) == order
    assert asked == []


@pytest.mark.parametrize("name", CLICKS)
@pytest.mark.parametrize("width", [500, 1280])
def test_only_tables_and_plots_scroll_sideways(pages, name, width, tmp_path):
    """On a narrow screen the page itself is no wider than the screen."""
    measure = (
        "document.body.dataset.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;"
    )
    dom, _ = opened(pages[name], tmp_path, measure, width=width)
    assert re.search(r'data-wide="(-?\d+)"', dom)[1] == "0"


def test_a_number_opens_its_card_and_the_filter_hides_rows(tmp_path):
    """A click on a cell shows what stands behind it; part of a name leaves the rows that hold it."""
    made = board([record(name, "t", mean) for name, mean in zip("abcd", (0.5, 0.7, 0.6, 0.4), strict=True)], no_scores)
    script = (
        "document.querySelector('td.cell').click();"
        "const field = document.querySelector('[data-filter=name]'); field.value = 'B';"
        "field.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    dom, _ = opened(page(made, dict), tmp_path, script)
    card = re.search(r"<dialog.*?</dialog>", dom, re.DOTALL)[0]
    assert "<h2>b on t</h2>" in card and "harness model=b task=t" in card and "0.680 to 0.720" in card
    assert re.findall(r'<tr data-name="(\w)"[^>]*hidden', dom) == ["c", "a", "d"] and "1 of 4 systems" in dom


def test_the_browser_would_be_caught_asking(pages, tmp_path):
    """A picture from elsewhere, and no policy against it: the test above can fail."""
    loose = re.sub(r"<meta http-equiv[^>]*>", "", pages["board"])
    _, asked = opened(loose.replace("</body>", '<img src="http://other.example/x.png"></body>'), tmp_path)
    assert asked == ["http://other.example/x.png"]
    _, asked = opened(pages["board"].replace("</body>", '<img src="http://other.example/x.png"></body>'), tmp_path)
    assert asked == []  # the page's own policy forbids it
