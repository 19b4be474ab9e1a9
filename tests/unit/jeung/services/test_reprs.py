"""What ends in logs and tracebacks by accident tells nothing about a person and gives nobody an authority."""

from tests.common.parties import Parties
from tests.unit.jeung.services.presenting import bound, crafted

PERSONAL = ("Kim", "Minseo")


def test_repr_of_what_is_issued_shows_no_credential(parties: Parties) -> None:
    family = parties.issue(2)
    for copy in family.copies:
        assert copy.sd_jwt.split(".")[1] not in repr(family)
        assert copy.sd_jwt.split("~")[1] not in repr(family)


def test_repr_of_a_judgement_shows_neither_claims_nor_presentation_nor_nonce(parties: Parties) -> None:
    nonce = parties.nonce()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce)
    verification = parties.verification.verify(presentation)
    opened = parties.evidence.get(verification.evidence_id, reader="auditor")
    assert set(verification.claims) >= {"family_name", "given_name"}
    shown = repr((nonce, verification, opened))
    for hidden in (*PERSONAL, nonce.nonce, presentation.split("~")[1]):
        assert hidden not in shown
