"""Tell the story of a credential from the founding of the consortium to its audit, over HTTP alone.

The demo plays outsiders: three back offices, each of which acts through its own member's node and no other's, and the
customers' phones, which are standards wallets (OpenID4VCI, OpenID4VP) and speak nothing of ours. It opens no database
of a running node, holds no member's key and makes no privileged call of the chain. How each refusal is genuine:

- *unaccredited issuer*: the exchange is a member and may become an issuer, but nobody accredited it. Its own node
  refuses to issue (`not_accredited`). A credential its key did sign, shown after its accreditation was withdrawn and
  never attested, is refused by everybody else (`issuer_not_accredited`).
- *forged signature*: a bank's credential signed again by somebody else's key.
- *replayed nonce*: a presentation whose nonce answered once already, an answer sent twice, and one recorded and sent
  to another request.
- *over-asking*: a request for a claim that is not registered; the exchange's own node does not sign it.
- *un-attested credential*: the bank's credential under the bank's other signature (see `wallet.Copy.twin`): valid for
  every verifier of signatures, and not what the bank put on the ledger.
- *compromised key*: the exchange declares its issuing key compromised since yesterday; what it signed today falls.
- *suspended, revoked*: the bank's decisions, effective for every copy within a block.
"""

import secrets
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from cli.console import CommandFailed
from cli.demo.board import Board, StepFailed
from cli.demo.catalogue import Catalogue
from cli.demo.founding import accredit, admit_supervisor, enrol_founders
from cli.demo.issuing import Proofings, issue, offer, proof, wait_until_anchored
from cli.demo.parties import CLOCK, Party
from cli.demo.people import invent_customers
from cli.demo.presenting import require_verified
from cli.demo.proofs import count_batches
from cli.demo.provider import installed, provider_of
from cli.demo.reckoning import audit_clean, audit_tampered, begin_audits
from cli.demo.refusals import (
    PilotVote,
    accredit_pilot,
    begin_pilot,
    refuse_by_status,
    refuse_compromised,
    refuse_forged,
    refuse_over_asking,
    refuse_replayed,
    refuse_unaccredited,
    refuse_unaccredited_node,
    refuse_unattested,
)
from cli.demo.replacement import begin_replacement, needs_new_key, replace_key
from cli.demo.wallet import Copy, Phones
from cli.sandbox.layout import MEMBERS, Sandbox
from cli.wallet.attestation import Instance

CUSTOMERS = 200
PRESENTATIONS = 60
FAMILY_COPIES = 3

_THREADS = 6


def play(sandbox: Sandbox, console: Console, *, customers: int = CUSTOMERS) -> bool:
    """Play the whole story; tell whether every step went as it must."""
    began = time.perf_counter()
    bank, exchange, supervisor = (Party(sandbox, member) for member in MEMBERS)
    catalogue = Catalogue(bank.base_url)
    with Board(console) as board, ThreadPoolExecutor(_THREADS) as pool:
        try:
            _tell(board, pool, sandbox, (bank, exchange, supervisor), catalogue, customers)
        except (StepFailed, CommandFailed) as failure:
            board.fail(str(failure))
            pool.shutdown(cancel_futures=True)
    took_s = time.perf_counter() - began
    verdict = "Every step went as it must" if board.all_went_well else "A step did not go as it must"
    console.print(f"{verdict} ({took_s:.1f} s). The customers are invented; nobody's data was used.")
    return board.all_went_well


def _tell(
    board: Board,
    pool: ThreadPoolExecutor,
    sandbox: Sandbox,
    parties: tuple[Party, Party, Party],
    catalogue: Catalogue,
    customers: int,
) -> None:
    bank, exchange, _ = parties
    phones, provider = Phones(bank.base_url), provider_of(sandbox)
    people = list(invent_customers(customers, run=secrets.token_hex(3), now=CLOCK.now()))
    # Proofing needs no vote: the back offices begin at once, and are done about when the bank may issue.
    pilot_proofing = pool.submit(proof, exchange, people[0])
    proofings = Proofings(pool, bank, people)
    enrol_founders(board, bank, exchange)
    if needs_new_key(exchange):
        replace_key(board, exchange, begin_replacement(pool, sandbox, exchange))
    admit_supervisor(board, sandbox, parties)
    accredit(board, parties, catalogue, provider)
    refuse_unaccredited_node(board, exchange, pilot_proofing.result())
    vote = PilotVote(pilot_proofing.result(), pool.submit(accredit_pilot, parties, catalogue))
    families = _issue_all(board, pool, bank, (phones, installed(provider)), proofings)
    _anchor(board, pool, bank, catalogue, families)
    pilot = begin_pilot(board, pool, parties, (catalogue, phones), vote)
    _verify_some(board, pool, exchange, families)
    refuse_over_asking(board, exchange)
    refuse_forged(board, exchange, families[2][0])
    refuse_replayed(board, exchange, families[3][0])
    refuse_by_status(board, bank, exchange, families[0])
    refuse_unaccredited(board, bank, pilot)
    refuse_compromised(board, bank, exchange, pilot)
    # These take processes of their own a while to load, and nothing else of the story changes what they look at.
    audits = begin_audits(pool, sandbox)
    rotated = begin_replacement(pool, sandbox, exchange)
    refuse_unattested(board, exchange, families[4][0])
    replace_key(board, exchange, rotated)
    audit_clean(board, audits)
    audit_tampered(board, audits)


def _issue_all(
    board: Board,
    pool: ThreadPoolExecutor,
    bank: Party,
    wallets: tuple[Phones, Instance],
    proofings: Proofings,
) -> list[list[Copy]]:
    """Offer every customer a credential, which his phone takes, some in several copies; give the families."""
    phones, instance = wallets
    with board.step(f"{len(proofings.each)} customers proofed by three checks each") as step:
        *done, last = [future.result() for future in proofings.each]
        # They began with the story: what the step itself took is only the rest of the wait.
        step.note(f"complete after {proofings.took_s():.1f} s beside the founding (synthetic people, Faker ko_KR)")
    with board.step("Their phones take the bank's offers (OpenID4VCI)") as step:
        wanted = [FAMILY_COPIES if number < 2 else 1 for number in range(len(done))]
        families = list(pool.map(lambda proofing, count: issue(phones, bank, proofing, count), done, wanted))
        step.note(f"{sum(map(len, families))} credentials in {len(families)} families")
    with board.step("One comes by the bank's consent page") as step:
        made = offer(bank, last)
        families.append(phones.receive_by_consent(made["deep_link"], made["transaction_code"], instance))
        step.note("PAR, PKCE and DPoP, by a wallet whose maker the consortium trusts")
    return families


def _anchor(
    board: Board, pool: ThreadPoolExecutor, bank: Party, catalogue: Catalogue, families: Sequence[Sequence[Copy]]
) -> None:
    copies = [copy for family in families for copy in family]
    with board.step("Their digests are anchored in batches") as step:
        wait_until_anchored(bank, copies)
        batches = count_batches(pool, bank, catalogue, copies)
        step.note(f"{len(copies)} attestations in {batches} transactions, each proved by its Merkle path")


def _verify_some(board: Board, pool: ThreadPoolExecutor, exchange: Party, families: Sequence[Sequence[Copy]]) -> None:
    with board.step("Phones answer the exchange's requests (OpenID4VP)") as step:

        def verify(copy: Copy) -> float:
            began = time.perf_counter()
            claims = require_verified(exchange, copy)
            if "birthdate" in claims or "address" in claims:
                raise StepFailed("the exchange saw a claim that nobody showed")
            return time.perf_counter() - began

        some = [family[0] for family in families[:PRESENTATIONS]]
        durations = list(pool.map(verify, some))
        median_ms = statistics.median(durations) * 1000
        step.note(
            f"{len(some)} accepted: name, adulthood, assurance; median {median_ms:.0f} ms from asking to the result"
        )
