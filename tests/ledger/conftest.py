"""Ledgers to test on: a new one in SQLite, and one in a real PostgreSQL server that is started for the run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from auditor.ledger.budget import Subject

WINDOW = (("2020-01-01", "2021-12-31"),)
SCRIPTS = Path(__file__).parent


class Server:
    """A PostgreSQL server of our own on a free port, run by a user without rights, as it insists on."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
        if found is None:
            pytest.fail("PostgreSQL's server is not installed: apt-get install postgresql")
        self.bin = Path(found).resolve().parent
        self.data = folder / "data"
        self.log = folder / "log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.user: str | None = None
        if os.geteuid() == 0:
            names = [one.pw_name for one in pwd.getpwall()]
            self.user = "postgres" if "postgres" in names else "nobody"
            folder.chmod(0o755)
            shutil.chown(folder, self.user)
        self.run("initdb", "-D", self.data, "-U", "desk", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [self.bin / program, *map(str, arguments)], user=self.user, cwd="/", text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout

    def start(self) -> None:
        options = f"-p {self.port} -k {self.data.parent} -c listen_addresses=127.0.0.1 -c max_connections=100"
        self.run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "60", "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://desk@127.0.0.1:{self.port}/{database}"

    def new(self) -> str:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            number = connection.execute("SELECT count(*) FROM pg_database").fetchone()[0]
            connection.execute(f"CREATE DATABASE looks_{number}")
        return self.url(f"looks_{number}")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    # Not under pytest's own folder, which no other user may enter.
    folder = Path(tempfile.mkdtemp(prefix="auditor-postgres-"))
    running = Server(folder)
    yield running
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a ledger that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'looks.db'}"
    return request.getfixturevalue("server").new()


def a_subject(tuned: object, windows=WINDOW, level: float = 0.05, **settings: object) -> Subject:
    """A subject whose tuned policy is whatever is given."""
    return Subject(
        windows=windows,
        inputs={"base": "b" * 64, "tuned": str(tuned)},
        oos={"base": "0" * 64, "tuned": str(tuned)},
        settings={"level": level, "gain_level": 4 * level, "seed": 0} | settings,
    )


@pytest.fixture
def subject() -> Callable[..., Subject]:
    return a_subject


@pytest.fixture
def script() -> Callable[..., subprocess.Popen[str]]:
    """Start a script of this folder as a process of its own."""

    def start(name: str, *arguments: object) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(SCRIPTS.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
        return subprocess.Popen(
            [sys.executable, SCRIPTS / name, *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path},
        )  # fmt: skip

    return start
