"""docs/reference/database.md describes the database there is."""

import re
from pathlib import Path

from node.store.tables import metadata

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "database.md"


def test_every_table_is_described_and_none_that_does_not_exist() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Tables")[2].partition("### Works")[0]
    cells = re.findall(r"^\| (`.+?`) \|", section, flags=re.MULTILINE)
    described = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert described == {*metadata.tables, "alembic_version"}


def test_sealed_columns_are_named_so() -> None:
    described = {"sealed", "wrapped"}
    binary = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.split("_")[0] in described
    }
    assert binary == {
        "data_keys.wrapped",
        "proofings.sealed_person",
        "credentials.sealed",
        "credential_offers.sealed",
        "deferred_issuances.sealed",
        "encryption_keys.sealed",
        "evidence.sealed",
        "evidence_presentations.sealed",
        "evidence_proofs.sealed",
        "presentation_requests.sealed",
        "status_groups.wrapped_key",
    }
