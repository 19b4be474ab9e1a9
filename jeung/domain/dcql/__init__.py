"""Speak DCQL, the query language of OpenID4VP 1.0 (section 6), for both sides.

`query` reads and writes queries, `paths` follows claims path pointers, `matching` judges what a wallet holds or
returned, `profile` derives a query from a registered request profile and holds a narrower one against it.
"""

from jeung.domain.dcql.matching import Holding, candidates, chosen_claims, covers_answer, is_asked_for, satisfies
from jeung.domain.dcql.profile import derive_query, require_within_profile
from jeung.domain.dcql.query import (
    AuthoritiesQuery,
    ClaimsQuery,
    CredentialQuery,
    CredentialSetQuery,
    DcqlQuery,
    parse_query,
)

__all__ = [
    "AuthoritiesQuery",
    "ClaimsQuery",
    "CredentialQuery",
    "CredentialSetQuery",
    "DcqlQuery",
    "Holding",
    "candidates",
    "chosen_claims",
    "covers_answer",
    "derive_query",
    "is_asked_for",
    "parse_query",
    "require_within_profile",
    "satisfies",
]
