"""Give the metadata with every table of the database in it, wherever the table is stated."""

from node.store import (
    schema_dual_control,
    schema_erasure,
    schema_evidence,
    schema_governance,
    schema_history,
    schema_issuing,
    schema_keys,
    schema_log,
    schema_policy,
    schema_presentations,
    schema_staff,
    schema_wallets,
)
from node.store.schema import metadata

STATED_BY = (
    schema_dual_control,
    schema_erasure,
    schema_evidence,
    schema_governance,
    schema_history,
    schema_issuing,
    schema_keys,
    schema_policy,
    schema_log,
    schema_presentations,
    schema_staff,
    schema_wallets,
)
"""The modules that add tables to those of `node.store.schema`; importing one is what adds them."""

__all__ = ["STATED_BY", "metadata"]
