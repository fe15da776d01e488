"""Rollouts of two policies through the whole audit: what they solve, what of it is luck, and the label over seeds."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import sys
from datetime import date
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from auditor import audit
from auditor.breadth_rollouts import implied_positions
from auditor.cli import main
from auditor.errors import InputError
from auditor.report.machine import as_dict, schema
from auditor.seeds import over_seeds

FAST = {"oos_fraction": 0.4, "reps": 499}


@pytest.fixture(scope="module")
def weeks() -> pd.Series:
    """Weekly returns of the S&P 500 from the file that the package arch carries."""
    packed = files("arch").joinpath("data/sp500/sp500.csv.gz").read_bytes()
    close: dict[pd.Timestamp, float] = {}
    for row in csv.DictReader(io.StringIO(gzip.decompress(packed).decode())):
        month, day, year = (int(part) for part in row["Date"].split("/"))
        monday = date.fromisocalendar(*date(year, month, day).isocalendar()[:2], 1)
        close[pd.Timestamp(monday)] = float(row["Adj Close"])
    return pd.Series(close).pct_change().dropna().rename("SPX")


def planted(weeks: pd.Series, share: float, rate: float, *, seed: int, rollouts: int = 64) -> pd.DataFrame:
    """Rollouts that are long or short each week, right with a chance of `rate` on a share of weeks, else 1/2."""
    order = np.random.default_rng(99).permutation(len(weeks))
    rng = np.random.default_rng(seed)
    chance = np.full((len(weeks), 1), 0.5)
    chance[order[: round(share * len(weeks))]] = rate
    right = np.where(weeks >= 0, 1.0, -1.0)[:, None]
    held = np.where(rng.random((len(weeks), rollouts)) < chance, right, -right)
    return pd.DataFrame(held * weeks.to_numpy()[:, None], weeks.index, [f"s{at}" for at in range(rollouts)])


def long_only(weeks: pd.Series, seed: int = 5) -> pd.DataFrame:
    """Rollouts that are long in 80 % of weeks, without skill."""
    held = np.where(np.random.default_rng(seed).random((len(weeks), 64)) < 0.8, 1.0, -1.0)
    return pd.DataFrame(held * weeks.to_numpy()[:, None], weeks.index, [f"s{at}" for at in range(64)])


def as_long(wide: pd.DataFrame, **columns: pd.DataFrame) -> pd.DataFrame:
    """The same rollouts as rows of date, rollout, return and further columns."""
    tables = {"return": wide, **columns}
    stacked = {name: table.rename_axis("date").stack() for name, table in tables.items()}
    found = pd.DataFrame(stacked).rename_axis(["date", "rollout"]).reset_index()
    return found.sort_values(["date", "rollout"], ignore_index=True)


CASES = {
    "coin": (0.0, 0.0, 0.5),
    "same": (0.3, 0.3, 0.75),
    "sharper": (0.3, 0.3, 0.9),
    "fewer": (0.2, 0.2, 0.9),
    "twice": (0.6, 0.6, 0.75),
}


@pytest.mark.parametrize("name", [*CASES, "long"])
def test_planted_shares_come_back_and_only_more_weeks_are_wider(weeks, name):
    truth, share, rate = CASES.get(name, (0.0, 0.0, 0.5))
    tuned = long_only(weeks) if name == "long" else planted(weeks, share, rate, seed=2)
    found = audit(
        base_rollouts=planted(weeks, 0.3, 0.75, seed=1), tuned_rollouts=tuned, instrument_returns=weeks, window="week",
        **FAST,
    ).coverage.tries  # fmt: skip
    for span in (found.in_sample, found.out_of_sample):
        assert span.beyond.placebo == "positions"
        assert abs(span.beyond.base.share - 0.3) < 3 * span.beyond.base.se
        assert abs(span.beyond.tuned.share - truth) < 3 * span.beyond.tuned.se
        assert (span.verdict.finding == "wider") == (name == "twice")
    n = [len(span.problems) for span in (found.in_sample, found.out_of_sample)]
    assert sum(n) == len(weeks)
    assert not found.descriptive


def test_without_positions_the_placebo_is_the_weaker_one_and_says_so(weeks):
    options = {"base_rollouts": planted(weeks, 0.3, 0.75, seed=1), "tuned_rollouts": long_only(weeks), "window": "week"}
    weak, strong = audit(**options, **FAST), audit(**options, **FAST, instrument_returns=weeks)
    assert weak.coverage.tries.out_of_sample.beyond.placebo == "returns"
    assert "cannot tell exposure from skill" in " ".join(str(weak).split())
    assert "cannot tell exposure from skill" not in " ".join(str(strong).split())
    # Always long is credited with the weeks that rose, unless its own positions are the placebo.
    assert weak.coverage.tries.out_of_sample.beyond.tuned.found.mean() > 0.4
    assert strong.coverage.tries.out_of_sample.beyond.tuned.found.mean() < 0.02


def test_wide_and_long_files_and_given_positions_say_the_same(weeks, tmp_path):
    base, tuned = (planted(weeks, 0.3, rate, seed=at, rollouts=6) for at, rate in enumerate((0.6, 0.8)))
    held = [np.sign(one.div(weeks, axis=0)) for one in (base, tuned)]
    wide = audit(base_rollouts=base, tuned_rollouts=tuned, instrument_returns=weeks, **FAST)
    paths = []
    for role, one, position in (("base", base, held[0]), ("tuned", tuned, held[1])):
        paths.append(tmp_path / f"{role}.csv")
        as_long(one, position=position).to_csv(paths[-1], index=False)
    given = audit(base_rollouts=paths[0], tuned_rollouts=paths[1], instrument_returns=weeks, **FAST)
    assert given.sharpe.out_of_sample.gain == pytest.approx(wide.sharpe.out_of_sample.gain, abs=1e-9)
    for one, other in zip(
        wide.coverage.tries.out_of_sample.problems, given.coverage.tries.out_of_sample.problems, strict=True
    ):
        assert one.base_rate == other.base_rate
        assert one.base_placebo == pytest.approx(other.base_placebo, abs=0.05)


def test_implied_positions_are_those_held_but_where_the_instrument_stands_still():
    rng = np.random.default_rng(0)
    moved = rng.normal(0, 0.01, 500)
    moved[::50] = 0.0
    held = rng.normal(size=(500, 3))
    found = implied_positions(held * moved[:, None], moved)
    told = np.abs(moved) > 0.1 * moved.std()
    np.testing.assert_allclose(found[told], held[told])
    assert np.isfinite(found).all()
    assert 0.03 < 1 - told.mean() < 0.15


def test_different_numbers_of_rollouts_are_compared_at_equal_coverage(weeks):
    base, tuned = (planted(weeks, 0.3, 0.9, seed=at, rollouts=n) for at, n in ((0, 12), (1, 30)))
    found = audit(base_rollouts=base, tuned_rollouts=tuned, window="month", hurdle="1sd", **FAST).coverage.tries
    outside = found.out_of_sample
    assert (outside.base_tries, outside.tuned_tries) == ((12, 12), (30, 30))
    assert outside.tries.curves.k[-1] == 12
    assert outside.tries.equal_coverage.base_tries <= 12
    assert found.hurdle > 0.01
    assert any("favours the policy with more" in note for note in outside.tries.notes)


def by_instrument(weeks: pd.Series, seed: int, n: int = 5) -> pd.DataFrame:
    """Long rollouts in two instruments, of which only the first has skill."""
    parts = []
    for name, share in (("A", 0.5), ("B", 0.0)):
        one = as_long(planted(weeks, share, 0.95, seed=seed, rollouts=n) / 2)
        parts.append(one.assign(instrument=name))
    return pd.concat(parts).sort_values(["date", "rollout", "instrument"], ignore_index=True)


def test_problems_by_instrument_are_windows_times_instruments(weeks):
    base, tuned = by_instrument(weeks, 1), by_instrument(weeks, 2)
    market = pd.DataFrame({"B": weeks, "A": weeks})
    found = audit(base_rollouts=base, tuned_rollouts=tuned, instrument_returns=market, **FAST).coverage.tries
    outside = found.out_of_sample
    assert outside.tries.curves.n_problems % 2 == 0
    assert outside.tries.curves.block % 2 == 0
    assert [one.problem[-1] for one in outside.problems[:4]] == ["A", "B", "A", "B"]
    skilled = [one for one in outside.problems if one.problem.endswith("A")]
    other = [one for one in outside.problems if one.problem.endswith("B")]
    excess = [np.mean([one.tuned_rate - one.tuned_placebo for one in group]) for group in (skilled, other)]
    assert excess[0] > 0.2 > abs(excess[1]) + 0.1


def test_a_window_over_the_edge_of_a_span_belongs_to_none(weeks):
    base, tuned = (planted(weeks, 0.3, 0.9, seed=at, rollouts=4) for at in (0, 1))
    start = next(day for day in weeks.index[500:] if day.day > 14)
    found = audit(base_rollouts=base, tuned_rollouts=tuned, oos_start=start, reps=499).coverage.tries
    assert any("1 window(s) reach over the edge" in note for note in found.notes)
    assert found.in_sample.last < start.strftime("%Y-%m") < found.out_of_sample.first


def test_each_pair_of_seeds_is_audited_and_the_label_hangs_on_the_seed_or_not(weeks):
    base = planted(weeks, 0.0, 0.5, seed=3, rollouts=5)
    good = planted(weeks, 0.8, 0.8, seed=4, rollouts=5)
    mixed = good.copy()
    mixed[["s0", "s1"]] = planted(weeks, 0.0, 0.5, seed=5, rollouts=2).to_numpy()
    steady = audit(base_rollouts=base, tuned_rollouts=good, rollout_as="each", **FAST)
    hanging = audit(base_rollouts=base, tuned_rollouts=mixed, rollout_as="each", **FAST)
    assert steady.seeds.agree == 1.0
    assert not steady.seeds.hangs
    assert hanging.seeds.hangs
    assert hanging.standing == "presumed"
    assert sum(hanging.seeds.findings.values()) == 5
    assert "hangs on the seed" in hanging.reason
    assert "does not hang on the seed" in steady.reason
    assert hanging.seeds.shown[1] not in ("s0", "s1")
    alone = audit(base[hanging.seeds.shown[0]], mixed[hanging.seeds.shown[1]], **FAST)
    assert alone.sharpe.out_of_sample == hanging.sharpe.out_of_sample
    assert alone.finding == hanging.finding
    # Pairs go by name, whatever the order of the columns.
    turned = audit(base_rollouts=base, tuned_rollouts=mixed[mixed.columns[::-1]], rollout_as="each", **FAST)
    assert {(one.base, one.tuned, one.gain) for one in turned.seeds.audits} == {
        (one.base, one.tuned, one.gain) for one in hanging.seeds.audits
    }


def test_a_seed_that_went_flat_is_named_and_its_pair_alone_is_not_audited(weeks):
    base, tuned = (planted(weeks, 0.3, rate, seed=at, rollouts=4) for at, rate in ((0, 0.6), (1, 0.8)))
    whole = audit(base_rollouts=base, tuned_rollouts=tuned, rollout_as="each", **FAST)
    flat, start = base.copy(), whole.sample.out_of_sample[0][0]
    flat.loc[start:, "s2"] = 0.0
    found = audit(base_rollouts=flat, tuned_rollouts=tuned, rollout_as="each", **FAST)
    assert [one for one in whole.seeds.audits if one.base != "s2"] == list(found.seeds.audits)
    (why,) = found.seeds.not_audited
    assert why.startswith("Rollouts 's2' and 's2': base: the out-of-sample returns (")
    assert "are all zero: the policy never traded" in why
    assert why in found.not_assessed
    assert found.reason.startswith("Of 4 pairs of rollouts ")
    assert ", 1 not audited: " in found.reason
    assert why in " ".join(str(found).split())
    data = as_dict(found)
    Draft202012Validator(schema()).validate(data)
    assert data["seeds"]["not_audited"] == [why]
    assert found.seeds.agree == sum(found.seeds.findings.values()) / 3 == 1.0 or found.seeds.hangs
    # the mean is of all four, flat or not
    mean = audit(base_rollouts=flat, tuned_rollouts=tuned, **FAST)
    assert not [text for text in mean.not_assessed if "s2" in text]


def test_a_flat_seed_that_comes_round_again_leaves_out_each_of_its_pairs(weeks):
    base, tuned = (planted(weeks, 0.3, rate, seed=at, rollouts=n) for at, rate, n in ((0, 0.6, 2), (1, 0.8, 5)))
    found = audit(base_rollouts=base.assign(s1=0.0), tuned_rollouts=tuned, rollout_as="each", **FAST)
    assert [one.tuned for one in found.seeds.audits] == ["s0", "s2", "s4"]
    assert [text.split(":")[0] for text in found.seeds.not_audited] == [
        "Rollouts 's1' and 's1'", "Rollouts 's1' and 's3'",
    ]  # fmt: skip


def test_where_no_pair_of_seeds_can_be_audited_it_is_refused(weeks):
    base, tuned = (planted(weeks, 0.3, rate, seed=at, rollouts=2) for at, rate in ((0, 0.6), (1, 0.8)))
    with pytest.raises(InputError, match=r"none of 2 pairs of rollouts can be audited\. Rollouts 's0' and 's0': base"):
        audit(base_rollouts=base.assign(s0=0.0), tuned_rollouts=tuned.assign(s1=0.0), rollout_as="each", **FAST)
    with pytest.raises(InputError, match="--oos-start"):
        audit(base_rollouts=base, tuned_rollouts=tuned, rollout_as="each", oos_start="1900-01-01")


def test_a_tie_between_findings_goes_to_the_more_cautious(weeks):
    base = planted(weeks, 0.0, 0.5, seed=3, rollouts=2)
    good, bad = planted(weeks, 0.6, 0.8, seed=4, rollouts=1)["s0"], planted(weeks, 0.0, 0.5, seed=9, rollouts=1)["s0"]
    audits = [audit(base["s0"], one, **FAST) for one in (good, bad - 0.002)]
    assert audits[0].finding != "no_gain"
    assert audits[1].finding == "no_gain"
    assert over_seeds(audits).finding == "no_gain"
    assert over_seeds(audits[::-1]).finding == "no_gain"


def test_the_label_is_of_the_mean_and_a_policy_beside_it_is_held_against_it(weeks):
    base, tuned = (planted(weeks, 0.3, rate, seed=at, rollouts=4) for at, rate in ((0, 0.6), (1, 0.8)))
    rollouts = {"base_rollouts": base, "tuned_rollouts": tuned}
    found, plain = audit(**rollouts, **FAST), audit(base.mean(axis=1), tuned.mean(axis=1), **FAST)
    assert found.sharpe.out_of_sample.gain == pytest.approx(plain.sharpe.out_of_sample.gain, abs=1e-9)
    assert found.label == plain.label
    low, middle, high = found.coverage.tries.tuned_sharpes
    inside = tuned.iloc[-found.sharpe.out_of_sample.n_obs :]
    ratios = sorted(inside.mean() / inside.std(ddof=0) * math.sqrt(found.sample.periods_per_year))
    assert (low, high) == pytest.approx((ratios[0], ratios[-1]), rel=1e-2)
    assert low < middle < high
    beside = audit(base.mean(axis=1), tuned["s0"], **rollouts, **FAST)
    assert (
        [text for text in beside.warnings if "is not the mean of the" in text]
        == [text for text in beside.warnings if text.startswith("tuned is not the mean of the tuned rollouts")]
        != []
    )
    assert beside.sharpe.out_of_sample == found.sharpe.out_of_sample


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tuned_rollouts": None}, "--tuned-rollouts"),
        ({"base_rollouts": None, "tuned_rollouts": None}, "BASE and TUNED"),
        ({"window": "year"}, "month, week"),
        ({"hurdle": "2 percent"}, "0.5sd"),
        ({"rollout_as": "median"}, "mean or each"),
        ({"instrument_returns": "short"}, "dates of the rollouts are not in it"),
        ({"instrument_returns": "two"}, "holds 2 instruments"),
        ({"rollout_as": "each", "base_trades": "x.csv", "tuned_trades": "y.csv"}, "of one policy"),
    ],
)
def test_what_cannot_be_compared_is_refused(weeks, change, says):
    base, tuned = (planted(weeks, 0.3, 0.8, seed=at, rollouts=3) for at in (0, 1))
    market = {"short": weeks.iloc[5:], "two": pd.DataFrame({"A": weeks, "B": weeks})}
    change = {name: market.get(value, value) if isinstance(value, str) else value for name, value in change.items()}
    with pytest.raises(InputError, match=says):
        audit(**({"base_rollouts": base, "tuned_rollouts": tuned} | FAST | change))


def test_options_of_rollouts_without_any_are_refused(weeks):
    policies = planted(weeks, 0.3, 0.8, seed=0, rollouts=2)
    for option in ({"window": "week"}, {"hurdle": 0.01}, {"rollout_as": "each"}):
        with pytest.raises(InputError, match="none were given"):
            audit(policies["s0"], policies["s1"], **option, **FAST)


def test_json_of_rollouts_is_valid_and_every_report_says_the_same(weeks):
    base, tuned = (planted(weeks, 0.3, rate, seed=at, rollouts=6) for at, rate in ((0, 0.7), (1, 0.9)))
    found = audit(base_rollouts=base, tuned_rollouts=tuned, rollout_as="each", window="week", **FAST)
    data = as_dict(found)
    Draft202012Validator(schema()).validate(data)
    assert json.loads(found.to_json()) == data
    outside = found.coverage.tries.out_of_sample
    assert data["coverage"]["tries"]["out_of_sample"]["beyond"]["tuned"]["share"] == outside.beyond.tuned.share
    text, page = " ".join(str(found).split()), found.to_markdown()
    for shown in (f"{outside.tries.curves.base[-1]:.3f}", f"{found.seeds.audits[0].gain:+.2f}", "Pairs of rollouts"):
        assert shown in text
        assert shown in page
    assert "audit(base_rollouts=base_rollouts, tuned_rollouts=tuned_rollouts, " in page
    assert "rollout_as='each'" in page
    roles = [one.role for one in found.inputs]
    assert roles[:2] == ["base", "tuned"]
    assert roles[-2:] == ["base rollouts", "tuned rollouts"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("where", "choice", "seen"), [
    (Terminal, "each", True), (Terminal, "mean", False), (io.StringIO, "each", False),
])  # fmt: skip
def test_each_pair_of_rollouts_shows_a_bar_on_a_terminal(weeks, tmp_path, monkeypatch, capsys, where, choice, seen):
    for role, rate in (("base", 0.7), ("tuned", 0.9)):
        planted(weeks, 0.3, rate, seed=len(role), rollouts=3).rename_axis("date").to_csv(tmp_path / f"{role}.csv")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", err := where())
    rollouts = ["--base-rollouts", str(tmp_path / "base.csv"), "--tuned-rollouts", str(tmp_path / "tuned.csv")]
    main(["audit", *rollouts, "--oos-fraction", "0.4", "--reps", "199", "--rollout-as", choice, "-q"],
         standalone_mode=False)  # fmt: skip
    assert ("pairs" in err.getvalue() and "3/3" in err.getvalue()) == seen
    assert bool(err.getvalue()) == seen
    assert "pairs" not in capsys.readouterr().out


def test_on_the_command_line_base_and_tuned_may_be_left_out(weeks, tmp_path):
    for role, rate in (("base", 0.7), ("tuned", 0.9)):
        planted(weeks, 0.3, rate, seed=len(role), rollouts=3).rename_axis("date").to_csv(tmp_path / f"{role}.csv")
    rollouts = ["--base-rollouts", str(tmp_path / "base.csv"), "--tuned-rollouts", str(tmp_path / "tuned.csv")]
    run = CliRunner().invoke(main, ["audit", *rollouts, "--oos-fraction", "0.4", "--reps", "499", "--hurdle", "0.5sd"])
    assert run.exit_code == 0, run.output
    # what moves the label stands before what does not
    assert run.stdout.index("\nChecks, ") < run.stdout.index("\nDepth and breadth, out of sample")
    pages = CliRunner().invoke(
        main, ["audit", *rollouts, "--oos-fraction", "0.4", "--reps", "499", "--report", f"md:{tmp_path / 'a.md'}"]
    )
    assert pages.exit_code == 0, pages.output
    assert "auditor audit --base-rollouts base.csv --tuned-rollouts tuned.csv --reps 499" in (
        tmp_path / "a.md"
    ).read_text(encoding="utf-8")
    alone = CliRunner().invoke(main, ["audit", str(tmp_path / "base.csv"), "--oos-fraction", "0.4"])
    assert alone.exit_code == 2
    assert "BASE and TUNED" in alone.stderr


def test_what_rollouts_alone_do_not_read_is_refused(weeks):
    runs = {"base_rollouts": planted(weeks, 0.3, 0.75, seed=1), "tuned_rollouts": planted(weeks, 0.3, 0.8, seed=2)}
    for options, words in (
        ({"base_column": "foo"}, "--base-column picks a column of BASE, and rollouts were given in its place"),
        ({"tuned_column": "foo"}, "--tuned-column picks a column of TUNED"),
        ({"kind": "prices"}, "--kind prices: rollouts are returns per period"),
        ({"reconcile": "off"}, "--reconcile says how trades are read, and none were given"),
        ({"position_lag": 7}, "--position-lag says how positions are read, and none were given"),
    ):
        for rollout_as in ("mean", "each"):
            with pytest.raises(InputError, match=words):
                audit(**runs, **FAST, rollout_as=rollout_as, **options)


def test_the_column_of_dates_is_that_of_rollouts_too(weeks, tmp_path):
    runs = {}
    for role, seed in (("base", 1), ("tuned", 2)):
        table = as_long(planted(weeks, 0.3, 0.75, seed=seed, rollouts=3))
        later = table.assign(when=table["date"], date=table["date"] + pd.Timedelta(days=1))
        later.to_csv(tmp_path / f"{role}.csv", index=False)
        runs[f"{role}_rollouts"] = tmp_path / f"{role}.csv"
    found = audit(**runs, **FAST, date_column="when")
    assert found.sample.first == str(weeks.index[0].date())
    with pytest.raises(InputError, match="foo"):
        audit(**runs, **FAST, date_column="foo")
