"""A connection to a new or an older ledger goes in; the same with the present tables comes out."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

SCRIPTS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    """Give alembic's configuration; there is no file of it, since the ledger's URL is the user's."""
    found = Config()
    # The path may hold a percent sign, which a configuration file would read as a reference.
    found.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    found.set_main_option("path_separator", "os")
    return found


def upgrade(connection: Connection) -> None:
    """Run every step that is missing, in the transaction of the connection."""
    found = configuration()
    found.attributes["connection"] = connection
    command.upgrade(found, "head")
