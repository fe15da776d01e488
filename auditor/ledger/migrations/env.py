"""Alembic runs this file: the connection is the caller's, already in its transaction, and so is the commit."""

from alembic import context

from auditor.ledger.tables import VERSION

context.configure(connection=context.config.attributes["connection"], version_table=VERSION)
context.run_migrations()
