"""However many threads a BLAS may use, an audit gives the same digits, and the process keeps its own setting."""

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_info, threadpool_limits

from auditor import audit
from auditor.threads import one_thread


def counts():
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_an_audit_long_enough_for_threads_gives_the_same_digits_on_any_number_of_them():
    rng = np.random.default_rng(3)
    dates = pd.date_range("2015-01-02", periods=60_000, freq="1h")
    base = pd.Series(0.001 * rng.standard_t(5, 60_000) + 1e-5, dates)
    known = pd.DataFrame(0.001 * rng.standard_normal((60_000, 12)), dates, columns=list("abcdefghijkl"))
    tuned = 0.8 * base + 0.0005 * rng.standard_t(5, 60_000)
    found = set()
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            result = audit(base, tuned, oos_fraction=0.4, reps=99, level=0.1, known=known)
        found.add(hashlib.sha256(result.to_json().encode()).hexdigest())
    assert len(found) == 1


def test_a_process_keeps_its_own_setting_outside_of_audits():
    with one_thread():
        assert counts() <= {1}
    before = counts()
    with one_thread(), one_thread():
        pass
    assert counts() == before


def test_a_worker_holds_it_for_good():
    code = (
        "from auditor.threads import one_thread, one_thread_for_good\n"
        "from threadpoolctl import threadpool_info\n"
        "from threading import Thread\n"
        "one_thread_for_good()\n"
        "def other():\n    with one_thread():\n        pass\n"
        "thread = Thread(target=other)\nthread.start()\nthread.join()\nother()\n"
        "print({one['num_threads'] for one in threadpool_info() if one['user_api'] == 'blas'} <= {1})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
