"""What was traded: the numbers of the JSON, 80 columns, strict JSON with reasons, and names that stay text."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from auditor.coverage.concentration import Concentration
from auditor.plural import several, verb
from auditor.report import pictured_traded, shown, traded, traded_rows, traded_values
from auditor.report.machine import as_dict, as_json, schema
from auditor.report.markdown import LIMIT, as_markdown
from auditor.report.markup import notebook_html
from auditor.report.text import plain_text
from auditor.result import Audit

NASTY = "a|b`c``<img src=x onerror=alert(1)>\n# head\n@someone #12 [x](http://evil.test) **b** \x1b[31m \u202e"
NUMBER = r"[+-][\d.,]+"


def block(audit: Audit) -> str:
    return plain_text(audit).split(f"\n{traded.TITLE}")[1].split("\n\n")[0]


def flat(audit: Audit) -> str:
    return " ".join(block(audit).split())


def valid(data: object) -> None:
    Draft202012Validator(schema()).validate(data)


def test_the_block_stands_between_gain_and_checks_and_is_short(by_trades):
    text = plain_text(by_trades)
    assert text.index("Sharpe, annualised") < text.index(f"\n{traded.TITLE}") < text.index("\nChecks")
    assert len(block(by_trades).splitlines()) <= 15
    assert max(map(len, text.splitlines())) <= 80
    assert text.isascii()


def test_without_trades_there_is_no_block(audit):
    assert f"\n{traded.TITLE}" not in plain_text(audit)
    assert f"### {traded.TITLE}" not in as_markdown(audit)
    with pytest.raises(ValueError, match="without trades"):
        traded.sentences(audit)


def test_counts_and_pnl_are_those_of_the_json(by_trades):
    told = as_dict(by_trades)["coverage"]["trades"]
    rows = {name.strip(): cells for name, *cells in traded_rows.count_rows(by_trades)}
    for shown_name, name in (("held by both", "kept"), ("dropped", "dropped"), ("added", "added")):
        one = told[name]
        if not (one["base_trades"] or one["tuned_trades"]):
            assert shown_name not in rows
            continue
        n_base, base, n_tuned, tuned = rows[shown_name]
        assert (n_base, n_tuned) == (f"{one['base_trades']:,}", f"{one['tuned_trades']:,}")
        for cell, value in ((base, one["base_pnl"]), (tuned, one["tuned_pnl"])):
            assert not cell or float(cell.rstrip("%")) == pytest.approx(100 * value, abs=0.05001)
        assert all(cell in block(by_trades) for cell in (n_base, base, n_tuned, tuned))
    assert rows[traded_rows.WHOLE][0::2] == [f"{told['n_base']:,}", f"{told['n_tuned']:,}"]


def test_lines_and_split_are_those_of_the_json_largest_first(by_trades):
    data, said = as_dict(by_trades), flat(by_trades)
    lines = data["attribution"]["trades"]["out_of_sample"]
    total, listed = re.search(rf"Tuned less base ({NUMBER})% out of sample(?:: (.*?))?\. [A-Z]", said).groups()
    assert float(total) == pytest.approx(100 * lines["total"], abs=0.05001)
    values = []
    names = {words: name for name, words in traded_values.WORDS.items()}
    for words, number in re.findall(rf"([a-z ]+?) ({NUMBER})%", listed or ""):
        assert float(number) == pytest.approx(100 * lines[names.pop(words.strip())], abs=0.05001)
        values.append(abs(float(number)))
    assert values == sorted(values, reverse=True)
    assert all(abs(lines[name]) < 0.0005001 for name in names.values())
    covered = re.search(rf"Out of sample tuned earned ({NUMBER})%", said)[1]
    assert float(covered) == pytest.approx(100 * data["coverage"]["trades"]["covered_pnl"], abs=0.05001)


def test_where_the_new_trades_are_is_the_largest_of_each_column(new_book):
    by, said = as_dict(new_book)["attribution"]["trades"]["by"], flat(new_book)
    for column, prefix in (("instrument", ""), ("side", ""), ("exit_year", ""), ("setup", "setup ")):
        best = max(by[column], key=lambda name: by[column][name]["new"])
        number = re.search(rf"{prefix}{best} ({NUMBER})%", said)[1]
        assert float(number) == pytest.approx(100 * by[column][best]["new"], abs=0.05001)


def test_every_amount_that_is_called_new_says_what_it_counts(new_book):
    told, whole = new_book.coverage.trades, new_book.attribution.trades.whole
    # The added trades' P&L is that of the new trades less their fees; the new part holds more than they.
    assert told.added.tuned_trades
    assert told.added.tuned_pnl == pytest.approx(whole.new, rel=0.2)
    pages = [flat(new_book), as_markdown(new_book), new_book.to_html().replace("&#39;", "'")]
    for said in pages:
        plain = said.replace("\u200b", "")
        assert "elsewhere: a new part, net of fees, of added trades and others while the base was out." in plain
        assert "New trades (the added, before fees), whole sample: " in plain
    picture = pictured_traded.new_map(new_book)
    assert picture.says.startswith("New part (added trades and others while the base was out), whole sample: ")
    turned = replace(whole, reversed=whole.new)
    lines = replace(new_book.attribution.trades, whole=turned)
    some = replace(new_book, attribution=replace(new_book.attribution, trades=lines))
    assert "New trades (the added but for reversed ones, before fees), whole sample: " in flat(some)
    none = replace(told, added=replace(told.added, tuned_trades=0))
    plain = replace(new_book, coverage=replace(new_book.coverage, trades=none))
    assert re.search(r"elsewhere\. ", flat(plain))


def test_the_gap_is_always_said_in_one_line(by_trades):
    (line,) = [line for line in block(by_trades).splitlines() if line.startswith("Gap to returns")]
    for one in by_trades.coverage.trades.reconciliation:
        assert f"{one.role} {one.gap:.1%}" in line
        assert f"{one.month_gap:.0%}" in line
    assert "month end" in line


def test_fills_give_turnover_and_a_cost_and_a_library_its_line(priced):
    said, data = flat(priced), as_dict(priced)
    found, match = data["coverage"]["trades"]["turnover"], data["attribution"]["library"]
    base, tuned, cost = re.search(
        r"Traded a year: base (\S+), tuned (\S+) times capital; .* at (\S+) bp", said
    ).groups()
    assert [float(base), float(tuned)] == pytest.approx([found["base"], found["tuned"]], abs=0.05001)
    assert float(cost.replace(",", "")) == pytest.approx(found["break_even_bp"], rel=0.01)
    share, name = re.search(r"New part, by variance: (\d+)% (.+?)[,;]", said).groups()
    assert name == match["ingredients"][0]["name"] == "the book"
    assert int(share) == round(100 * match["ingredients"][0]["share"])
    assert f"(p = {match['p_value']:.3f})" in said
    assert "within 1 period" in said
    assert "capital 1,000,000" in " ".join(plain_text(priced).split())
    assert re.search(r"^library +\S", plain_text(priced), re.MULTILINE)


def test_json_with_trades_and_a_library_is_valid_and_explains_its_nulls(by_trades, priced):
    for audit in (by_trades, priced):
        data = json.loads(as_json(audit))
        valid(data)
        assert set(data["attribution"]["trades"]["by"]) >= {"instrument", "side", "exit_year", "setup"}
        for part in (data["coverage"], data["coverage"]["trades"], data["attribution"], data["attribution"]["trades"]):
            for name, value in part.items():
                assert value is not None or name.endswith("reason") or part[f"{name}_reason"], name
    assert as_dict(priced)["attribution"]["library"]["n_streams"] == 2


@pytest.mark.parametrize(
    "place",
    [
        ("attribution", "trades"),
        ("attribution", "trades", "whole"),
        ("attribution", "trades", "by", "side", "long"),
        ("attribution", "trades", "by", "setup", "10"),
        ("attribution", "library"),
        ("attribution", "library", "ingredients", 0),
        ("coverage", "trades"),
        ("coverage", "trades", "kept"),
        ("coverage", "trades", "turnover"),
        ("coverage", "trades", "out_of_sample"),
        ("coverage", "trades", "reconciliation", 0),
        ("coverage", "trades", "reconciliation", 0, "months", 0),
    ],
)
def test_the_fields_of_trades_are_strict(priced, place):
    owner = data = as_dict(priced)
    for name in place:
        owner = owner[name]
    first = next(name for name in owner if not name.endswith("reason"))
    owner["extra"] = 1.0
    assert not Draft202012Validator(schema()).is_valid(data)
    del owner["extra"], owner[first]
    assert not Draft202012Validator(schema()).is_valid(data)


def test_a_library_without_a_new_part_says_so(by_trades, new_book):
    given = replace(new_book.inputs[0], role="library")
    for audit in (by_trades, new_book):
        found = replace(audit, inputs=(*audit.inputs, given))
        data = as_dict(found)
        valid(data)
        if audit.attribution.new_p is None:
            assert "no new part" in data["attribution"]["library_reason"]
            assert "Library: there is no new part" in flat(found)
    assert as_dict(new_book)["attribution"]["library_reason"] == "no library was given"


def test_a_library_without_trades_stands_beside_the_gain(audit, priced):
    found = replace(audit, attribution=replace(audit.attribution, library=priced.attribution.library))
    valid(as_dict(found))
    gain = " ".join(plain_text(found).split("\nChecks")[0].split())
    assert "New part, by variance: " in gain
    assert "New part, by variance" in as_markdown(found)
    nothing = replace(priced.attribution.library, ingredients=())
    assert "no stream of the library (2) explains 1% of it" in traded.library(
        replace(audit, attribution=replace(audit.attribution, library=nothing))
    )


def test_nulls_of_trades_have_words(new_book):
    told = new_book.coverage.trades
    empty = replace(told.out_of_sample, top_ten_share=None, reason="the trades made no money in all")
    odd = replace(
        told, covered_time=None, overlap=None, out_of_sample=empty,
        reconciliation=tuple(replace(one, gap=float("inf"), month_gap=float("nan")) for one in told.reconciliation),
    )  # fmt: skip
    found = replace(new_book, coverage=replace(new_book.coverage, trades=odd))
    valid(as_dict(found))
    said = flat(found)
    assert "base not known, tuned not known" in said
    assert "the trades made no money in all" in said
    assert "is not known" in said
    assert not re.search(r"\b(inf|nan|None)\b", said)


def test_pnl_in_currency_that_does_not_reconcile_is_a_plain_number(new_book):
    told, given = new_book.coverage.trades, new_book.attribution.trades
    off = tuple(replace(one, gap=1e7, pnl=1e6 * one.pnl) for one in told.reconciliation)
    lines = replace(given.out_of_sample, new=87_654.3, total=166_700.0)
    found = replace(
        new_book,
        settings={**new_book.settings, "reconcile": "off"},
        coverage=replace(new_book.coverage, trades=replace(told, reconciliation=off)),
        attribution=replace(new_book.attribution, trades=replace(given, unit="currency", out_of_sample=lines)),
    )
    said = flat(found)
    assert "Tuned less base +166,700 out of sample: new trades +87,654" in said
    assert "Gap to returns (unchecked): base over 1,000%" in said
    assert "reconciliation off" in plain_text(found)


@pytest.mark.parametrize("finding", ["new_edge", "efficiency"])
def test_the_headline_says_by_trades_where_trades_decide(finding, audit_of):
    assert shown.standing(audit_of(finding)) == "shown, by trades"


def test_words_never_ask_for_trades_that_were_given(by_trades):
    text = plain_text(by_trades)
    assert "Trades of both policies" not in text
    assert "no trades were given" not in text
    assert shown.standing(by_trades) in ("shown, by trades", "shown", "presumed, from trades")


def test_new_edge_by_trades_speaks_of_what_was_not_held(new_book):
    assert "opportunities that the base did not hold" in new_book.reason
    assert "did not hold" in shown.meaning(new_book)
    assert any("--opportunity" in item for item in new_book.would_change)


def test_the_direction_is_told_and_decides_nothing(by_trades):
    (row,) = [row for row in shown.check_rows(by_trades) if "simply a part" in row.question]
    assert (row.mark, row.needed) == ("--", "told only")
    assert row.question == "Is tuned not simply a part of base? Told only: trades decide it."


def test_markdown_tables_hold_the_lines_and_their_breakdowns(by_trades):
    text = as_markdown(by_trades)
    titles = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert (
        titles.index("Checks, out of sample unless said")
        < titles.index(traded.TITLE)
        < titles.index("How to reproduce")
    )
    # A column of one value breaks nothing down.
    by = by_trades.attribution.trades.by
    told = [("year" if name == "exit_year" else name) for name, values in by.items() if len(values) > 1]
    assert [title for title in titles if title.startswith("P&amp;L by")] == [
        f"P&amp;L by {name}, whole sample" for name in ("instrument", "side", "year", "setup") if name in told
    ]
    assert len(text.encode()) < LIMIT
    total = 100 * as_dict(by_trades)["attribution"]["trades"]["whole"]["total"]
    row = next(line for line in text.splitlines() if line.startswith("| tuned less base |"))
    assert float(row.split("|")[4].strip().rstrip("%")) == pytest.approx(total, abs=0.05001)


def test_long_breakdowns_keep_the_largest_and_say_how_many_are_left_out(new_book):
    given = new_book.attribution.trades
    one = given.whole
    many = {f"X{i:03d}": replace(one, total=float(i)) for i in range(75)}
    found = replace(
        new_book,
        attribution=replace(new_book.attribution, trades=replace(given, by={**given.by, "instrument": many})),
    )
    first = traded_rows.broken_down(found)[0]
    assert [row[0] for row in first.rows] == [f"X{i:03d}" for i in range(74, 54, -1)]
    assert first.left_out == 55
    assert "55 more, of smaller P&L, are in the JSON." in as_markdown(found).replace("&amp;", "&")


def test_hostile_names_of_instruments_and_tags_are_text(hostile_trades, priced):
    audit = hostile_trades(NASTY)
    text, markdown, page = plain_text(audit), as_markdown(audit), notebook_html(audit)
    assert max(map(len, text.splitlines())) <= 80
    for said in (text, markdown, page):
        assert not set(said) & {"\x1b", "\u202e"}
    assert "<img" not in markdown
    assert "<img" not in page
    assert "@someone" not in markdown
    assert "\n# head" not in markdown
    for table in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    assert len(markdown.encode()) < LIMIT
    data = json.loads(as_json(audit))
    valid(data)
    assert NASTY in data["attribution"]["trades"]["by"]
    assert not set(as_json(audit)) & {"\x1b", "\u202e"}


def test_very_long_names_do_not_outgrow_a_comment(hostile_trades):
    audit = hostile_trades("\u65e5|" * 3_000)
    assert len(as_markdown(audit).encode()) < LIMIT
    assert max(map(len, plain_text(audit).splitlines())) <= 80


def test_notebooks_show_the_sentences(by_trades):
    assert traded.held(by_trades) in notebook_html(by_trades)


@pytest.mark.parametrize(
    ("values", "unit", "words"),
    [
        ([0.1234, -0.00004], "return", ["+12.3%", "+0.0%"]),
        ([0.0123], "return", ["+1.23%"]),
        ([25.0], "return", ["+2,500%"]),
        ([1234567.8, -0.2], "currency", ["+1,234,568", "+0"]),
        ([2.5, -1.0], "currency", ["+2.50", "-1.00"]),
        ([0.0], "return", ["+0.000%"]),
    ],
)
def test_amounts_have_the_digits_of_the_largest(values, unit, words):
    assert traded_values.amounts(values, unit) == words


def test_one_trade_is_one_trade():
    found = Concentration(n_trades=1, effective_trades=1.0, effective_instruments=1.0, top_ten_share=1.0)
    assert traded.spread(found).startswith("Out of sample 1 trade weighs as 1.0 equal, ")
    assert traded.spread(replace(found, n_trades=2)).startswith("Out of sample 2 trades weigh as ")
    assert [several(count, "trade") for count in (0, 1, 1200)] == ["0 trades", "1 trade", "1,200 trades"]
    assert [verb(1, word) for word in ("are", "have", "exit")] == ["is", "has", "exits"]
    assert verb(2, "are") == "are"


@pytest.mark.parametrize(
    ("ci", "text"),
    [
        ((-1.65e6, 1.65e6), "(unbounded)"),
        ((-500.0, 500.0), "(unbounded)"),
        ((-499.0, 500.0), "[-499.00, +500.00]"),
        ((-math.inf, math.inf), "(unbounded)"),
        ((math.nan, math.nan), "(no interval)"),
    ],
)
def test_an_interval_that_excludes_nothing_has_no_numbers(ci, text):
    assert shown.interval(ci) == text
