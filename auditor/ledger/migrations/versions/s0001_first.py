"""The rows, the head, and triggers that refuse to change or remove a row."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROWS, HEAD = "auditor_ledger", "auditor_ledger_head"


def upgrade() -> None:
    """Make an empty ledger."""
    op.create_table(
        ROWS,
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("first", sa.Text, nullable=False),
        sa.Column("last", sa.Text, nullable=False),
        sa.Column("windows", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("refers", sa.BigInteger, nullable=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=True),
    )
    only_looks = sa.text("kind = 'look'")
    op.create_index(
        f"{ROWS}_look",
        ROWS,
        ["strategy", "subject"],
        unique=True,
        sqlite_where=only_looks,
        postgresql_where=only_looks,
    )
    op.create_index(f"{ROWS}_refers", ROWS, ["refers"])
    op.create_table(
        HEAD,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=True),
    )
    op.execute(f"INSERT INTO {HEAD} (id, seq, hash) VALUES (1, 0, '{'0' * 64}')")  # noqa: S608 - constants
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {ROWS}_no_{what.lower()} BEFORE {what} ON {ROWS} "
                "BEGIN SELECT RAISE(ABORT, 'rows of a ledger are never changed or removed'); END"
            )
    else:
        op.execute(
            f"CREATE FUNCTION {ROWS}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'rows of a ledger are never changed or removed'; END$$"
        )
        op.execute(
            f"CREATE TRIGGER {ROWS}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {ROWS} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {ROWS}_refuse()"
        )
