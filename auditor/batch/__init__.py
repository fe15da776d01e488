"""Many audits: rows of a manifest go in; results as they finish, one table and one page come out.

manifest.py --rows--> jobs.py, carried out by pool.py (processes of this machine) or cluster.py (Dask)
            --> journal.py (each result on disk at once) --> together.py (q, StepM) --> table.py, page.py
"""

from auditor.batch.many import audit_many
from auditor.batch.run import Batch, run_batch

__all__ = ["Batch", "audit_many", "run_batch"]
