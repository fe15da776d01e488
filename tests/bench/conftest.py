"""Benchmarks run by `make bench` alone; its table puts every contestant on the same number of replicates."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config, items):
    if config.getoption("benchmark_only", False):
        return
    skip = pytest.mark.skip(reason="a benchmark: run `make bench`")
    for item in items:
        if HERE in item.path.parents and "benchmark" in item.fixturenames:
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    done = [one for one in session.benchmarks if one.stats.data] if session else []
    rows = [
        (one.group, one.extra_info["who"], one.stats.min, one.extra_info) for one in done if "who" in one.extra_info
    ]
    if rows:
        terminalreporter.section("10,000 replicates, least seconds of all rounds")
        terminalreporter.write_line(f"{'':22}{'':46}{'replicates run':>15}{'seconds':>10}{'times ours':>12}")
    ours = {group: least for group, who, least, _ in rows if who.startswith("ours: test")}
    for group, who, least, info in sorted(rows, key=lambda row: (row[3]["n_obs"], row[2] / row[3]["reps"])):
        seconds = least * 10_000 / info["reps"]
        times = f"{seconds / ours[group]:12.2f}" if group in ours else ""
        scaled = "" if info["reps"] == 10_000 else "  (scaled)"
        terminalreporter.write_line(f"{group:22}{who:46}{info['reps']:15,}{seconds:10.4f}{times}{scaled}")
    for one in done:
        if "found" in one.extra_info:
            terminalreporter.write_line(f"{one.group}: {one.extra_info['found']}")
