"""The ledger's tables, as the code of this version reads and writes them; migrations make them."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text

ROWS, HEAD, VERSION = "auditor_ledger", "auditor_ledger_head", "auditor_ledger_version"
"""Names that do not clash in a database which a desk shares with other programs."""

REVISIONS = ("0001",)
"""Versions of the tables that this code can bring up to date, the present one last."""

METADATA = MetaData()

rows = Table(
    ROWS,
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("windows", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("refers", Integer),
    Column("body", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("signature", Text),
)

head = Table(
    HEAD,
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("signature", Text),
)

version = Table(VERSION, METADATA, Column("version_num", Text))
