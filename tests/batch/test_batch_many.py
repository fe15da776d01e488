"""audit_many: the numbers of each audit alone, in any number of processes; a bad row ends no other."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import types
from importlib import import_module

import numpy as np
import pandas as pd
import psutil
import pytest

from auditor import ConfigError, InputError, audit, audit_many, run_batch
from auditor.batch import jobs as jobs_module
from auditor.batch import pool
from auditor.batch.jobs import perform
from auditor.batch.pool import kept_workers, run_here
from auditor.demo import pairs

QUICK = {"oos_fraction": 0.5, "reps": 199}
DAYS = pd.bdate_range("2018-01-02", periods=300)


def series(seed):
    rng = np.random.default_rng(seed)
    return pd.Series(0.01 * rng.standard_t(5, 300), DAYS)


def rows(count):
    base = series(0)
    return [{"name": f"v{i}", "base": base, "tuned": 0.7 * base + 0.5 * series(i)} for i in range(1, count + 1)]


def children():
    return [one for one in psutil.Process().children() if "auditor.batch.worker" in " ".join(one.cmdline())]


@pytest.mark.parametrize("workers", [1, 2])
def test_each_result_is_that_of_the_audit_alone(workers):
    given = rows(5)
    alone = [audit(row["base"], row["tuned"], **QUICK).to_json() for row in given]
    found = list(audit_many(given, workers=workers, **QUICK))
    assert sorted(one.row for one in found) == [1, 2, 3, 4, 5]
    for one in found:
        assert (one.name, one.error) == (f"v{one.row}", None)
        assert one.audit.to_json() == alone[one.row - 1]
    assert not children()


def test_a_manifest_and_files_will_do(manifest):
    found = {one.row: one for one in audit_many(manifest, workers=2, seed=3)}
    assert len(found) == 8
    alone = audit(manifest.with_name("base.csv"), manifest.with_name("v04.csv"), seed=3, **QUICK)
    assert found[5].audit.to_json() == alone.to_json()


def test_bad_rows_are_errors_of_their_own():
    good = rows(1)[0]
    given = [
        good,
        good | {"repz": 3},
        {"tuned": good["tuned"]},
        good | {"tuned": 0 * good["tuned"]},
        good | {"base": "none.csv"},
        good | {"known": lambda: None},
        "text",
    ]
    found = {one.row: one for one in audit_many(given, workers=1, **QUICK)}
    assert found[1].audit is not None
    for row, words in {
        2: "did you mean 'reps'?",
        3: "has no 'base'",
        4: "all zero",
        5: "none.csv: no such file",
        6: "cannot be sent to a worker",
        7: "must be a mapping",
    }.items():
        assert found[row].audit is None
        assert words in found[row].error


def test_an_unknown_option_of_all_rows_is_refused_at_once():
    with pytest.raises(ConfigError, match="did you mean 'reps'"):
        audit_many(rows(1), rep=3)
    with pytest.raises(ConfigError, match="--workers"):
        list(audit_many(rows(1), workers=0, **QUICK))
    with pytest.raises(InputError, match="no such file"):
        audit_many("none.csv")


def test_rows_are_taken_as_workers_get_free_and_workers_end_with_the_iterator():
    taken = []

    def endless():
        for row in iter(lambda: rows(1)[0], None):
            taken.append(1)
            yield row

    results = audit_many(endless(), workers=2, **QUICK)
    for _ in range(3):
        assert next(results).audit is not None
    assert len(taken) < 15
    assert 1 <= len(children()) <= 2
    results.close()
    assert not children()


def test_an_error_in_the_rows_reaches_the_caller():
    def broken():
        yield rows(1)[0]
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        list(audit_many(broken(), workers=2, **QUICK))
    assert not children()


def test_a_job_that_ends_its_worker_twice_is_an_error_and_the_rest_are_made():
    """The job is a real one whose frame ends the process that unpickles it."""
    given = rows(3)
    given.insert(1, {"name": "deadly", "base": Deadly(), "tuned": given[0]["tuned"]})
    found = {one.name: one for one in audit_many(given, workers=2, **QUICK)}
    assert "was ended 2 times while it ran (signal 9)" in found["deadly"].error
    assert all(found[f"v{i}"].audit is not None for i in (1, 2, 3))


class Deadly:
    """Kills whoever unpickles it, as the system does with a process that takes too much memory."""

    def __reduce__(self):
        return eval, ("__import__('os').kill(__import__('os').getpid(), 9)",)


def test_a_killed_worker_costs_no_result():
    results = audit_many(rows(12), workers=2, **QUICK)
    found = [next(results)]
    os.kill(children()[0].pid, signal.SIGKILL)
    found += list(results)
    assert sorted(one.row for one in found) == list(range(1, 13))
    assert all(one.audit is not None for one in found)


def test_workers_are_kept_for_the_next_run_and_may_die_before_it():
    jobs = [jobs_module.Job(row=i, name="", base=one["base"], tuned=one["tuned"], options=QUICK)
            for i, one in enumerate(rows(4))]  # fmt: skip
    with kept_workers() as idle:
        once = list(run_here("record", jobs, 2, idle))
        first = {one.pid for one in children()}
        again = list(run_here("record", jobs, 2, idle))
        assert {one.pid for one in children()} == first
        assert len(first) == 2
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        after = list(run_here("record", jobs, 2, idle))
        assert not first & {one.pid for one in children()}
    assert not children()
    made = [sorted((job.row, done.value[0]["gain"]) for job, done in run) for run in (once, again, after)]
    assert made[0] == made[1] == made[2]
    assert len(made[0]) == 4


def test_a_batch_starts_each_worker_once_for_audits_and_shelf(manifest, tmp_path, monkeypatch):
    started = []
    begin = pool.Worker.__init__
    monkeypatch.setattr(pool.Worker, "__init__", lambda self: (started.append(self), begin(self))[1])
    run_batch(manifest, tmp_path / "out", workers=1)
    assert len(started) == 1
    assert not children()


def test_a_worker_that_holds_much_memory_is_replaced(monkeypatch):
    monkeypatch.setattr(pool, "RETIRE", 1)
    seen = set()
    for one in audit_many(rows(3), workers=1, **QUICK):
        assert one.audit is not None
        seen.update(child.pid for child in children())
    assert jobs_module.memory_held() > 10_000_000
    assert not children()


def test_workers_end_when_the_program_that_started_them_is_killed(tmp_path):
    code = """
    import sys, time
    sys.path.insert(0, sys.argv[1])
    from test_batch_many import rows, QUICK
    from auditor import audit_many
    results = audit_many(rows(400), workers=2, **QUICK)
    next(results)
    print("going", flush=True)
    time.sleep(60)
    """
    here = os.path.dirname(__file__)
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), here], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.path.dirname(os.path.dirname(here))},
    )  # fmt: skip
    assert parent.stdout.readline() == "going\n"
    workers = psutil.Process(parent.pid).children()
    assert len(workers) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive


def test_what_libraries_print_does_not_mix_with_the_answers():
    given = [{"name": "noisy", "base": Noisy(), "tuned": series(1)}, *rows(1)]
    found = {one.name: one for one in audit_many(given, workers=1, **QUICK)}
    assert "base" in found["noisy"].error
    assert found["v1"].audit is not None


class Noisy:
    """Prints when unpickled."""

    def __reduce__(self):
        return print, ("noise " * 1000,)


def test_a_frame_that_a_worker_cannot_read_is_an_error_of_its_row(monkeypatch):
    """Its class is of a module that is only in this process."""
    module = types.ModuleType("only_here")
    module.Foreign = type("Foreign", (), {"__module__": "only_here"})
    monkeypatch.setitem(sys.modules, "only_here", module)
    given = [{"name": "foreign", "base": module.Foreign(), "tuned": series(1)}, *rows(1)]
    found = {one.name: one for one in audit_many(given, workers=1, **QUICK)}
    assert "cannot be read by a worker" in found["foreign"].error
    assert found["v1"].audit is not None


def test_a_defect_is_an_error_of_its_job(monkeypatch):
    def broken(_):
        raise ZeroDivisionError("defect")

    monkeypatch.setitem(jobs_module._TASKS, "audit", broken)
    done = perform("audit", None)
    assert (done.error, done.passing) == ("internal error: ZeroDivisionError: defect", True)


def test_a_row_of_the_table_draws_nothing_and_is_that_of_the_page(monkeypatch):
    flow, drawn = import_module("auditor.audit"), []
    for name in ("make_pictures", "breadth_of_trades", "breadth_of_sessions"):
        made = getattr(flow, name)
        monkeypatch.setattr(flow, name, lambda *a, _name=name, _made=made, **k: drawn.append(_name) or _made(*a, **k))
    (desk,) = (one for one in pairs() if one.name == "filter")
    options = {"oos_start": desk.oos_start, "capital": desk.capital, "base_trades": str(desk.base_trades),
               "tuned_trades": str(desk.tuned_trades), "reps": 199}  # fmt: skip
    job = jobs_module.Job(row=1, name="filter", base=str(desk.path), tuned=str(desk.tuned), options=options)
    row = perform("record", job)
    assert (row.error, drawn) == (None, [])
    page = perform("page", job)
    assert sorted(drawn) == ["breadth_of_trades", "make_pictures"]
    assert row.value[0] == page.value[0]
    assert perform("audit", job).value.pictures is not None


def test_closing_at_once_starts_and_leaves_nothing():
    run_here("audit", iter([]), 2).close()
    start = time.monotonic()
    assert list(run_here("audit", iter([]), 2)) == []
    assert time.monotonic() - start < 20
    assert not children()
