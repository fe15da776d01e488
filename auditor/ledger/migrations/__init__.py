"""Steps from an older ledger to the present one; run by alembic inside the transaction that opens the ledger."""
