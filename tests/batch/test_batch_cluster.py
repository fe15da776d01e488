"""A real Dask scheduler and two real workers on this machine: the same table as here, also when a worker is killed."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from auditor import AuditorError, ConfigError, audit_many, run_batch
from auditor.batch import cluster
from auditor.batch.jobs import Job

Client = pytest.importorskip("distributed").Client
pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("default")]
ROOT = Path(__file__).parents[2]
TABLES = ("results.csv", "results.parquet", "summary.html")


def program(*arguments, words, **environment):
    """Start one of Dask's programs, and wait until it has said the words: the process, and what matched."""
    with tempfile.NamedTemporaryFile("w", suffix=".log", delete=False) as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
            stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )  # fmt: skip
    try:
        for _ in range(1200):
            if found := re.search(words, Path(log.name).read_text()):
                return process, found
            assert process.poll() is None, Path(log.name).read_text()
            time.sleep(0.05)
        pytest.fail(f"no word of {words}")
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        os.unlink(log.name)


@contextlib.contextmanager
def running(*processes):
    try:
        yield processes
    finally:
        for one in processes:
            one.kill()
            one.wait()


@pytest.fixture
def scheduler():
    """Address of a scheduler without workers."""
    words = r"Scheduler at:\s*(tcp://\S+)"
    process, found = program("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", words=words)
    with running(process):
        yield found[1]


def worker(address, **environment):
    """A worker of one process and one thread, without a nanny that would start it again."""
    plain = ("--no-nanny", "--nthreads", "1", "--no-dashboard")
    process, _ = program("dask_worker", address, *plain, words="Registered to", **environment)
    return process


def tables(out):
    return {name: (out / name).read_bytes() for name in TABLES}


def test_the_table_is_that_of_this_machine_although_a_worker_is_killed(manifest, tmp_path, scheduler):
    (manifest.parent / "corrupt.csv").write_bytes(b"\x00")
    with manifest.open("a") as file:
        file.write("corrupt,base.csv,corrupt.csv\n")
    manifest.with_suffix(".toml").write_text("oos_fraction = 0.5\nreps = 20000\n")
    run_batch(manifest, tmp_path / "here", workers=1)
    out, killed = tmp_path / "there", []
    with running(worker(scheduler), worker(scheduler)) as workers:

        class Kill:
            """Kills a worker once a result is there and most are not."""

            def begin(self, what, total, already):
                self.what = what

            def step(self):
                if not killed and self.what == "audits":
                    workers[0].kill()
                    killed.append(workers[0].wait())

            def note(self, text):
                pass

        found = run_batch(manifest, out, scheduler=scheduler, watcher=Kill())
        assert killed == [-9]
        assert workers[1].poll() is None
    assert len(found.errors) == 1, [row["error"] for row in found.errors]
    assert tables(out) == tables(tmp_path / "here")


def test_a_result_that_is_lost_with_its_worker_before_it_is_fetched_is_made_again(scheduler):
    job = Job(row=1, name="a", base="b", tuned="t", refused="no such thing")
    with running(worker(scheduler)) as (first,), Client(scheduler, set_as_default=False) as client:
        future = client.submit(cluster.perform, "audit", job, pure=False)
        future.result(timeout=60)
        first.kill()
        first.wait()
        for _ in range(1200):
            if future.status != "finished":
                break
            time.sleep(0.05)
        assert future.status != "finished"
        with running(worker(scheduler)):
            found = cluster._what_came(client, future)
    assert (found.error, found.passing) == ("no such thing", False)


def test_audits_that_the_scheduler_cancels_are_told(scheduler):
    job = Job(row=1, name="a", base="b", tuned="t", refused="no such thing")
    with running(worker(scheduler)), Client(scheduler, set_as_default=False) as client:
        future = client.submit(cluster.perform, "audit", job, pure=False)
        future.cancel()
        with pytest.raises(AuditorError, match="the scheduler is gone, or it cancelled the audits"):
            cluster._what_came(client, future)


def test_a_cluster_whose_workers_are_all_gone_is_told_and_its_journal_goes_on(
    manifest, tmp_path, scheduler, monkeypatch
):
    monkeypatch.setattr(cluster, "WAIT", 3.0)
    out = tmp_path / "out"
    with pytest.raises(AuditorError, match="no workers for 3 seconds"):
        run_batch(manifest, out, scheduler=scheduler)
    with running(worker(scheduler)):
        assert run_batch(manifest, out, scheduler=scheduler, resume=True).resumed == 0
    assert run_batch(manifest, out, workers=1, resume=True).resumed == 8


def test_a_worker_with_other_versions_is_refused(manifest, scheduler, tmp_path):
    other = tmp_path / "site" / "sitecustomize.py"
    other.parent.mkdir()
    other.write_text(
        "from importlib import metadata\nreal = metadata.version\n"
        "metadata.version = lambda name: '1.0.other' if name == 'scipy' else real(name)\n"
    )
    path = os.pathsep.join([str(other.parent), str(ROOT)])
    with (
        running(worker(scheduler, PYTHONPATH=path)),
        pytest.raises(AuditorError, match=r"a worker of the cluster has scipy 1\.0\.other, and here it is"),
    ):
        list(audit_many(manifest, scheduler=scheduler))


def test_a_scheduler_that_is_not_there_is_told(manifest):
    start = time.monotonic()
    with pytest.raises(AuditorError, match=r"tcp://127\.0\.0\.1:9: cannot be reached"):
        list(audit_many(manifest, scheduler="tcp://127.0.0.1:9"))
    assert time.monotonic() - start < 60
    with pytest.raises(ConfigError, match="the cluster has the workers it has"):
        list(audit_many(manifest, scheduler="tcp://127.0.0.1:9", workers=2))


def test_a_cluster_made_for_the_run(manifest):
    here = {one.row: one.audit.to_json() for one in audit_many(manifest, workers=1)}
    there = {one.row: one.audit.to_json() for one in audit_many(manifest, workers=1, scheduler="local")}
    assert there == here
