"""Show what is refused, each by its own code, and that nothing else changed it."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cli.demo.board import Board, StepFailed
from cli.demo.catalogue import SHOWN, Catalogue
from cli.demo.founding import Parties, is_accredited
from cli.demo.issuing import issue, offer, record_of, wait_until_anchored
from cli.demo.parties import CLOCK, Party, settled, wait_for
from cli.demo.presenting import ask, fresh_nonce, judged, require_verified, result_of
from cli.demo.votes import decide
from cli.demo.wallet import Copy, Phones
from cli.http import Problem
from cli.p256 import P256Key
from cli.wallet.errors import ServerRefused
from cli.wallet.presenting import send_token, token_for

_DAY_S = 86_400
_PILOT_S = 90 * _DAY_S
_PILOT_COPIES = 3


def refuse_unaccredited_node(board: Board, exchange: Party, proofing: str) -> None:
    """Have the exchange try to offer: its own node knows that the consortium never accredited it."""
    with board.step("An unaccredited issuer tries to issue") as step:
        try:
            offer(exchange, proofing)
        except Problem as problem:
            if problem.code != "not_accredited":
                raise
            step.note(f"refused by its own node: {problem.status} {problem.code}")
        else:
            raise StepFailed("the exchange offered without accreditation")


def refuse_over_asking(board: Board, exchange: Party) -> None:
    """Have the exchange ask for a claim that the consortium never permitted it."""
    with board.step("The exchange asks for more than it registered") as step:
        address = {"path": ["address"]}
        wanted = ask(exchange)["dcql_query"]
        for one in wanted["credentials"]:
            one["claims"].append(address)
            one.pop("claim_sets", None)
        try:
            ask(exchange, dcql_query=wanted)
        except Problem as problem:
            if problem.code != "query_not_permitted":
                raise
            step.note(f"refused by its own node: {problem.status} {problem.code}")
        else:
            raise StepFailed("the exchange may ask for an address")


def refuse_forged(board: Board, exchange: Party, copy: Copy) -> None:
    """Show a credential whose issuer signature somebody else made."""
    with board.step("A forged signature") as step:
        step.note(_refused("invalid_issuer_signature", judged(exchange, copy.forged(P256Key.generate()))))


def refuse_replayed(board: Board, exchange: Party, copy: Copy) -> None:
    """Show the very same presentation twice: as an app's, as a wallet's answer, and in answer to another request."""
    with board.step("A replayed nonce") as step:
        nonce = fresh_nonce(exchange)
        presentation = copy.present(SHOWN, audience=exchange.base_url, nonce=nonce, now=CLOCK.now())
        body = {"presentation": presentation, "nonce": nonce}
        first, second = (exchange.post("/v1/verifications", body) for _ in range(2))
        if first["result"] != "verified":
            raise StepFailed(f"the first showing was refused: {first['code']}")
        if second["result"] != "refused" or second["code"] != "nonce_replayed":
            raise StepFailed(f"expected a refusal with nonce_replayed, got {second['result']} {second['code'] or ''}")
        _refuse_recorded(exchange, copy)
        step.note("accepted once, then refused: nonce_replayed; a wallet's answer likewise, also at another request")


def _refuse_recorded(exchange: Party, copy: Copy) -> None:
    """Answer a request, send the same answer again, and send what was recorded of it to another request.

    Raises:
        StepFailed: one of the two was taken.
    """
    asked, other = ask(exchange), ask(exchange)
    phone, http = copy.phone(), copy.phones.world.http
    request, selection = phone.review(asked["openid4vp_link"])
    recorded = token_for(request, selection, now=CLOCK.now(), confirmed={})
    send_token(http, request, recorded)
    elsewhere, _ = phone.review(other["openid4vp_link"])
    for target in (request, elsewhere):
        try:
            send_token(http, target, recorded)
        except ServerRefused as refused:
            if refused.status != 400:
                raise
        else:
            raise StepFailed("a recorded answer was taken")
    if result_of(exchange, asked)["state"] != "verified" or result_of(exchange, other)["state"] != "refused":
        raise StepFailed("a recorded answer changed a result")


def refuse_unattested(board: Board, exchange: Party, copy: Copy) -> None:
    """Show a credential that verifies under the bank's key and that the bank never put on the ledger."""
    with board.step("An un-attested credential") as step:
        step.note("its signature is good; " + _refused("not_attested", _judged_in_the_end(exchange, copy.twin())))


def refuse_by_status(board: Board, bank: Party, exchange: Party, family: Sequence[Copy]) -> None:
    """Suspend, reinstate and revoke: each decision of the bank takes effect at the exchange."""
    first = family[0]
    record = record_of(bank, first)
    with board.step("Suspend one copy → refused") as step:
        bank.post(f"/v1/credentials/{record['credential_id']}/suspension")
        took_s = _until(exchange, first, "credential_suspended")
        require_verified(exchange, family[1])
        step.note(f"refused: credential_suspended, {took_s:.1f} s after the decision; its sister copy stays good")
    with board.step("Reinstate it → accepted") as step:
        bank.post(f"/v1/credentials/{record['credential_id']}/reinstatement")
        took_s = _until(exchange, first, None)
        step.note(f"accepted again, {took_s:.1f} s after the decision")
    with board.step("Revoke the family → every copy refused") as step:
        bank.post(f"/v1/families/{record['family_id']}/revocation")
        took_s = max(_until(exchange, copy, "credential_revoked") for copy in family)
        step.note(f"refused: credential_revoked, {len(family)} of {len(family)} copies, {took_s:.1f} s after")


@dataclass(frozen=True, slots=True)
class PilotVote:
    """Hold what the pilot begins with: a customer the exchange proofed, and the vote under way."""

    proofing: str
    accreditation: Future[None]


@dataclass(frozen=True, slots=True)
class Pilot:
    """Follow the exchange's short life as an issuer: what it issued, and the vote that ends it."""

    copies: Sequence[Copy]
    withdrawal: Future[None]


def accredit_pilot(parties: Parties, catalogue: Catalogue) -> None:
    """Accredit the exchange for a pilot, by a vote that runs beside the bank's issuing."""
    bank, exchange, supervisor = parties
    decide(bank, [supervisor], [catalogue.accredit(exchange, CLOCK.now() + _PILOT_S)])
    wait_for("the exchange sees it", lambda: is_accredited(exchange, catalogue) or None)


def begin_pilot(
    board: Board, pool: ThreadPoolExecutor, parties: Parties, stage: tuple[Catalogue, Phones], pilot: PilotVote
) -> Pilot:
    """Let the now accredited exchange issue, have the bank accept it, and begin the vote that withdraws it all."""
    bank, exchange, supervisor = parties
    catalogue, phones = stage
    with board.step("The exchange, accredited for a pilot, issues") as step:
        pilot.accreditation.result()
        copies = issue(phones, exchange, pilot.proofing, _PILOT_COPIES)
        wait_until_anchored(exchange, copies)
        _until(bank, copies[0], None)
        step.note(f"{len(copies)} credentials, accepted by the bank")
    grant = _grant(bank, exchange, catalogue)
    motion = catalogue.withdraw(exchange, grant["index"], grant["valid_from"])
    return Pilot(copies, pool.submit(decide, bank, [supervisor], [motion]))


def refuse_unaccredited(board: Board, bank: Party, pilot: Pilot) -> None:
    """Show what the exchange issued once its accreditation is withdrawn from its beginning."""
    with board.step("Its accreditation withdrawn by vote") as step:
        pilot.withdrawal.result()
        _until(bank, pilot.copies[0], "accreditation_withdrawn")
        unattested = judged(bank, pilot.copies[1].twin())
        step.note(
            "refused: accreditation_withdrawn; never attested: " + _refused("issuer_not_accredited", unattested)
        )


def refuse_compromised(board: Board, bank: Party, exchange: Party, pilot: Pilot) -> None:
    """Have the exchange declare its issuing key compromised since yesterday, before the key was even registered."""
    with board.step("A key compromised since yesterday") as step:
        key = signing_key(exchange)
        since = CLOCK.now() - _DAY_S
        settled(exchange, [exchange.post(f"/v1/keys/{key['thumbprint']}/compromise", {"since": since})])
        _until(bank, pilot.copies[2], "issuer_key_compromised")
        step.note("refused: issuer_key_compromised")


def signing_key(member: Party) -> dict[str, Any]:
    """Give the newest key a member registered for signing credentials."""
    keys = member.all("/v1/keys", {"member": member.member_id})
    return max((key for key in keys if key["purpose"] == "credential_signing"), key=lambda key: key["registered_at"])


def _grant(witness: Party, member: Party, catalogue: Catalogue) -> dict[str, Any]:
    query = {"member": member.member_id, "schema_id": "0x" + catalogue.schema.hex()}
    return next(grant for grant in witness.all("/v1/accreditations", query) if grant["withdrawn_at"] is None)


def _refused(code: str, answer: dict[str, Any]) -> str:
    if answer["state"] != "refused" or answer["code"] != code:
        raise StepFailed(f"expected a refusal with {code}, got {answer['state']} {answer['code'] or ''}")
    return f"refused: {code}"


def _until(verifier: Party, copy: Copy, code: str | None) -> float:
    """Present a copy until the verifier's node has heard of a decision; give how long that took, in seconds."""
    began = time.perf_counter()
    wait_for(
        f"{verifier.name}: {code or 'acceptance'}",
        lambda: True if _judged_in_the_end(verifier, copy)["code"] == code else None,
        timeout_s=15.0,
    )
    return time.perf_counter() - began


def _judged_in_the_end(verifier: Party, copy: Copy) -> dict[str, Any]:
    """Present a copy; while the verifier says that it cannot judge yet, ask again when it says."""

    def ask() -> dict[str, Any] | None:
        try:
            return judged(verifier, copy)
        except ServerRefused as refused:
            if refused.retry_after_s is None:
                raise
            return None

    return wait_for(f"{verifier.name}'s judgement", ask, poll_s=0.5)
