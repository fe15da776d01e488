"""From the factor returns inside arch and linearmodels to the five audit pairs in data/pairs, without network.

python data/make_pairs.py           write the files
python data/make_pairs.py --check   exit with 1 if a committed file differs from its rebuild
"""

from __future__ import annotations

import argparse
import bz2
import csv
import gzip
import io
import sys
import tomllib
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path
from statistics import mean, stdev, variance

from numpy.random import PCG64, Generator

PAIRS = Path(__file__).resolve().parent / "pairs"

Series = dict[str, float]  # ISO month end -> return, a decimal


def _rows(package: str, file: str, unpack: Callable[[bytes], bytes], columns: set[str]) -> list[dict[str, str]]:
    """Rows of a csv file inside an installed package; exits with the fix where the package lacks it."""
    try:
        text = unpack(files(package).joinpath(file).read_bytes()).decode("utf-8-sig")
    except (ImportError, OSError) as error:
        sys.exit(f"{package} has no {file} ({error}): install the versions that data/README.md names")
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows or (missing := columns - rows[0].keys()):
        lacking = sorted(missing) if rows else "rows"
        sys.exit(f"{package}/{file} lacks {lacking}: install the versions that data/README.md names")
    return rows


def _month_end(year: str, month: str) -> str:
    """Last day of a month, ISO."""
    return date(int(year), int(month), monthrange(int(year), int(month))[1]).isoformat()


def arch_market() -> Series:
    """Market excess return from 1926-07; read from the file since arch 8.0's loader misreads its dates on pandas 3."""
    rows = _rows("arch.data.frenchdata", "frenchdata.csv.gz", gzip.decompress, {"Date", "Mkt-RF"})
    return {_month_end(row["Date"][:4], row["Date"][4:6]): float(row["Mkt-RF"] + "e-2") for row in rows}


def linearmodels_factor(name: str) -> Series:
    """One factor (MktRF, HML, Mom) from 1949-01."""
    rows = _rows("linearmodels.datasets.french", "french.csv.bz2", bz2.decompress, {"dates", name})
    return {_month_end(row["dates"][:4], row["dates"][5:7]): float(row[name]) for row in rows}


def _same_volatility(base: Series, raw: Series, oos_start: str) -> Series:
    """`raw` times the one constant that gives it the volatility of `base` over the months before `oos_start`."""
    months = [day for day in raw if day < oos_start]
    scale = stdev(base[day] for day in months) / stdev(raw[day] for day in months)
    return {day: scale * value for day, value in raw.items()}


def _over_trailing(base: Series, window: int, risk: Callable[[list[float]], float]) -> Series:
    """Divide `base` by the `risk` of the `window` months before."""
    days, values = list(base), list(base.values())
    return {days[t]: values[t] / risk(values[t - window : t]) for t in range(window, len(days))}


def leverage(oos_start: str) -> tuple[Series, Series]:
    """1.5 times the market excess return."""
    base = arch_market()
    return base, {day: 1.5 * value for day, value in base.items()}


def volatility_managed_market(oos_start: str) -> tuple[Series, Series]:
    """Market over its variance of the last 12 months: Moreira & Muir (2017), with monthly returns for daily ones."""
    base = arch_market()
    return base, _same_volatility(base, _over_trailing(base, 12, variance), oos_start)


def random_timing(oos_start: str) -> tuple[Series, Series]:
    """Market, timed by the best in sample of 200 random rules that hold it in four months of five."""
    base = {day: value for day, value in arch_market().items() if day >= "1949-01-31"}
    held = Generator(PCG64(7)).random((200, len(base))) < 0.8
    rules = [{day: value if on else 0.0 for on, (day, value) in zip(row, base.items(), strict=True)} for row in held]

    def sharpe(rule: Series) -> float:
        returns = [value for day, value in rule.items() if day < oos_start]
        return mean(returns) / stdev(returns)

    return base, _same_volatility(base, max(rules, key=sharpe), oos_start)


def risk_managed_momentum(oos_start: str) -> tuple[Series, Series]:
    """Momentum over its volatility of the last 6 months: Barroso & Santa-Clara (2015), with monthly returns."""
    base = linearmodels_factor("Mom")
    return base, _same_volatility(base, _over_trailing(base, 6, stdev), oos_start)


def market_value_momentum(oos_start: str) -> tuple[Series, Series]:
    """Market plus value plus momentum, one unit of each."""
    base, value, momentum = (linearmodels_factor(name) for name in ("MktRF", "HML", "Mom"))
    total = {day: base[day] + value[day] + momentum[day] for day in base}
    return base, _same_volatility(base, total, oos_start)


BUILDERS: dict[str, Callable[[str], tuple[Series, Series]]] = {
    "leverage_1p5_null": leverage,
    "overfit_random_timing_best200": random_timing,
    "mm_volmanaged_mkt_monthly12": volatility_managed_market,
    "riskmanaged_momentum": risk_managed_momentum,
    "mkt_plus_hml_mom": market_value_momentum,
}


def rebuild() -> dict[str, str]:
    """Text of each csv file by its name; out-of-sample starts come from index.toml."""
    texts = {}
    for pair in tomllib.loads((PAIRS / "index.toml").read_text(encoding="utf-8"))["pair"]:
        base, tuned = BUILDERS[pair["name"]](pair["oos_start"].isoformat())
        lines = [f"{day},{base[day]!r},{value!r}" for day, value in tuned.items()]
        texts[pair["file"]] = "\n".join(["date,base,tuned", *lines, ""])
    return texts


def main() -> None:
    """Write the pairs, or compare them with the committed files."""
    parser = argparse.ArgumentParser(description="Rebuild data/pairs from the data inside arch and linearmodels.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    check = parser.parse_args().check
    stale = []
    for file, text in rebuild().items():
        path = PAIRS / file
        if not check:
            path.write_bytes(text.encode())
        elif not path.is_file() or path.read_bytes() != text.encode():
            stale.append(file)
    if stale:
        sys.exit(f"{len(stale)} files differ from their rebuild: {', '.join(stale)}. Run python data/make_pairs.py")
    print("data/pairs: " + ("every file equals its rebuild" if check else "written"))


if __name__ == "__main__":
    main()
