"""The table is safe in a spreadsheet; the page sorts and filters without script, network or trust in names."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest

from auditor.batch import page
from auditor.batch.page import as_page
from auditor.batch.progress import duration
from auditor.batch.record import columns
from auditor.batch.run import Batch
from auditor.batch.table import as_csv, as_parquet
from auditor.batch.words import summary_lines
from auditor.report.styled import joined

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}$x_1$\x1b[31m\u202e"


def row(number, **changed):
    found = dict.fromkeys(columns())
    found |= {
        "row": number, "name": f"v{number}", "base": "b.csv", "tuned": "t.csv", "finding": "unproven", "level": 0.05,
        "gain": 0.1 * number, "gain_low": -0.1, "gain_high": 0.5, "gain_p": 0.5 / number, "gain_q": 0.6, "new_p": None,
        "edge_part": 0.1, "in_sample_gain": 0.3, "label": "reweighting",
    }  # fmt: skip
    return found | changed


def error(number, text):
    return dict.fromkeys(columns()) | {"row": number, "name": text, "base": text, "tuned": text, "error": text}


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.values = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.values += [(tag, name, value) for name, value in attrs]


def shown(rows, linked=None, notes=(), title="shelf.csv"):
    return as_page(rows, linked or [None] * len(rows), notes, title)


def test_no_name_becomes_markup_and_nothing_is_fetched_or_run():
    rows = [row(1, name=HOSTILE, base=HOSTILE, tuned=HOSTILE), error(2, HOSTILE)]
    text = shown(rows, notes=(HOSTILE,), title=HOSTILE)
    tags = Tags(text)
    assert "script" not in tags.seen
    assert "img" not in tags.seen
    assert not [value for value in tags.values if value[1].startswith("on") and value[1] != "on"]
    fetched = [value for tag, name, value in tags.values if name in ("src", "href", "xlink:href") and tag != "use"]
    assert fetched == ["#errors"]
    assert "url(http" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "49" not in re.sub(r"<svg.*</svg>", "", text, flags=re.DOTALL).split("<body>")[1].split("alert")[1][:60]


def test_every_order_is_in_the_page():
    rows = [row(1, gain=0.3, name="b"), row(2, gain=None, name="a"), row(3, gain=0.9, name="c")]
    text = shown(rows)
    orders = [dict(re.findall(r"--(\w+):(\d+)", style)) for style in re.findall(r'style="(--row[^"]*)"', text)]
    assert [one["gain"] for one in orders] == ["1", "2", "0"]
    assert [one["name"] for one in orders] == ["1", "0", "2"]
    assert [one["gain_p"] for one in orders] == ["2", "1", "0"]
    for name in page.SORTS:
        assert f"#by-{name}:checked~.scroll tbody tr{{order:var(--{name})}}" in text
        assert f'id="by-{name}"' in text


def words_of(text):
    """What the picture says, and the places of its dots."""
    drawn = re.search(r"<svg.*</svg>", text, flags=re.DOTALL)[0]
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawn), re.findall(r'<use [^>]*x="([\d.]+)" y="([\d.]+)"', drawn)


def test_the_picture_names_its_level_and_has_plain_ticks():
    words, _ = words_of(shown([row(i, gain_p=p) for i, p in enumerate((0.0601, 0.055), start=1)]))
    assert "level 0.05" in words
    assert not [word for word in words if "times" in word or "×" in word]
    assert len([word for word in words if re.fullmatch(r"0\.0\d+", word)]) >= 3
    both, _ = words_of(shown([row(1, gain_p=0.2), row(2, gain_p=0.05, level=0.1)]))
    assert {"level 0.05", "level 0.1"} <= set(both)
    alone, _ = words_of(shown([row(1, gain_p=0.05)]))
    assert "level 0.05" in alone


def test_the_legend_stands_above_the_axes():
    text = shown([row(1, gain_p=0.0601), row(2, finding="new_edge")])
    (top,) = re.findall(r'id="patch_2">\s*<path d="M [\d.]+ [\d.]+ \s*L [\d.]+ [\d.]+ \s*L [\d.]+ ([\d.]+)', text)
    _, dots = words_of(text)
    assert len([y for _, y in dots if float(y) < float(top)]) == 2


def test_short_columns_do_not_break_inside_of_words():
    text = shown([error(7, "why")])
    assert ".errors th,.errors td:first-child{white-space:nowrap}" in text
    assert ".errors td:nth-child(2){min-width:7rem}" in text
    assert 'pass <span class="nb">--align</span> inner' in shown([error(7, "pass --align inner")])
    assert "–" in shown([row(1, gain_low=None, gain_high=None)])
    assert "– to –" not in shown([row(1, gain_low=None, gain_high=None)])


def test_a_long_shelf_shows_the_smallest_p_and_says_so(monkeypatch):
    monkeypatch.setattr(page, "MOST_ROWS", 3)
    monkeypatch.setattr(page, "MOST_ERRORS", 1)
    text = shown([row(i) for i in range(1, 9)] + [error(9, "first"), error(10, "second")])
    assert "The 3 of 8 with the smallest p." in text
    assert re.findall(r">(v\d)</td>", text) == ["v6", "v7", "v8"]
    assert "The first 1 of 2." in text


def test_pages_are_linked_and_an_empty_shelf_is_a_page():
    text = shown([row(1), row(2)], linked=["pages/abc.html", None])
    assert '<a href="pages/abc.html">v1</a>' in text
    assert ">v2</td>" in text
    alone = shown([error(1, "why")])
    assert "why" in alone
    assert "<svg" not in alone


def test_the_same_rows_give_the_same_page():
    rows = [row(i, finding="new_edge" if i > 3 else "no_gain") for i in range(1, 6)]
    assert shown(rows) == shown(rows)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", " =1", "|calc", "\uff1d1", "\uff0b1"])
def test_no_text_of_the_csv_is_a_formula(text):
    kinds = columns()
    (_, found) = csv.reader(io.StringIO(as_csv([row(1, name=text, gain=-0.5)], kinds)))
    by_name = dict(zip(kinds, found, strict=True))
    assert by_name["name"][0] == "'"
    assert by_name["gain"] == "-0.5"


def test_a_csv_row_stays_one_row_and_numbers_are_whole():
    kinds = columns()
    text = as_csv([row(1, name='a\nb,"c"', gain=1 / 3, stepm_better=True, n_oos=7)], kinds)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 1
    assert rows[0]["name"] == 'a\\x0ab,"c"'
    assert float(rows[0]["gain"]) == 1 / 3
    assert (rows[0]["stepm_better"], rows[0]["n_oos"], rows[0]["new_p"]) == ("true", "7", "")


def test_parquet_takes_any_text():
    assert as_parquet([row(1, name="\ud800 odd")], columns())


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.4, "3 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_one_gain_and_one_variant_are_one():
    rows = [row(1, gain_q=0.01, stepm_better=True), row(2, stepm_better=False)]
    told = "".join(joined(line) + " " for line in summary_lines(batch_of(rows), quiet=False))
    text = " ".join(shown(rows).split())
    for said in (told, text):
        assert "1 gain is called once all are counted" in said
    assert "1 of 2 variants is better than its base once" in told
    assert "1 variant is better than its base once" in text
    more = [row(1, gain_q=0.01, stepm_better=True), row(2, gain_q=0.01, stepm_better=True)]
    assert "2 variants are better than their base once" in " ".join(shown(more).split())
    assert "2 of 2 variants are better than their base once" in "".join(
        joined(line) + " " for line in summary_lines(batch_of(more), quiet=False)
    )


def batch_of(rows):
    return Batch(rows=tuple(rows), notes=(), resumed=0, files=())
