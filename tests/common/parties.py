"""A bank that issues and an exchange that verifies, both over one played chain, all in memory."""

from typing import Any

from jeung.domain.access import RequestKey
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.members import OperatorPurpose, Role
from jeung.domain.proofing import AssuranceLevel, ProofingMethod, ProofingPolicy
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import IssuedNonce
from jeung.services.issuance import IssuanceRules, IssuanceService, IssuedFamily
from jeung.services.nonces import NonceRules, NonceService
from jeung.services.proofing import CheckReport, ProofingService
from jeung.services.verification import EvidenceService, VerificationRules, VerificationService
from tests.common.consortium import Consortium, member_id
from tests.common.memory.chain import MemoryIndex, MemoryLease, MemoryLedger
from tests.common.memory.custody import MemorySigner, MemoryVault
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.store import MemoryStore
from tests.common.memory.world import SetClock, SystemEntropy
from tests.common.wallet import Wallet

BANK = "http://localhost:8101"
EXCHANGE = "http://localhost:8102"
VCT = "https://consortium.example/types/real-name-1"
PROFILE = "account-opening"
CLIENT = "back-office"

PERSON: dict[str, Any] = {
    "family_name": "Kim",
    "given_name": "Minseo",
    "name_ko": "김민서",
    "birthdate": "1990-05-17",
    "sex": "female",
    "nationality": "KR",
    "phone_number": "+821012345678",
    "address": "서울특별시 중구 세종대로 1",
    "account": {"bank": "088", "number": "110123456789", "verified_at": 1_799_000_000},
}
POLICY = ProofingPolicy(
    version="test-1",
    required=frozenset({ProofingMethod.MOBILE_PHONE, ProofingMethod.ID_DOCUMENT, ProofingMethod.ACCOUNT_OWNERSHIP}),
    strengthening=frozenset({ProofingMethod.VIDEO_CALL}),
    max_check_age_s=86_400,
)
SHOWN = (
    ("family_name",),
    ("given_name",),
    ("name_ko",),
    ("birthdate",),
    ("phone_number",),
    ("nationality",),
    ("age_equal_or_over", "19"),
    ("proofing", "assurance_level"),
)
PERMITTED = (
    "family_name",
    "given_name",
    "name_ko",
    "birthdate",
    "phone_number",
    "nationality",
    "age_equal_or_over.19",
    "proofing",
)


def unnamed(body: bytes, names: dict[str, str]) -> bytes:
    """Turn the log's names for ids back into the ids, as only who has the table of names can."""
    for identifier, name in names.items():
        body = body.replace(name.encode(), identifier.encode())
    return body


class Node:
    """One member's node: its own database and keys, the chain's events applied by `consortium`."""

    def __init__(self, url: str, clock: SetClock, *purposes: KeyPurpose) -> None:
        self.url = url
        self.member = member_id(url)
        self.clock = clock
        self.entropy = SystemEntropy()
        self.vault = MemoryVault()
        self.signer = MemorySigner(*purposes)
        self.database = MemoryDatabase()
        self.store = MemoryStore(self.database, self.member)
        self.index = MemoryIndex(self.database, self.member)
        self.ledger = MemoryLedger(self.database)
        self.fence = MemoryLease(self.database).acquire("worker", now=clock.now(), ttl_s=1 << 30) or 0

    def events(self) -> list[tuple[str, bytes]]:
        """Give the event log's kinds and bodies, the log's names in them turned back into ids."""
        tables = self.database.read()
        return [(entry.kind, unnamed(entry.body, tables.log_names)) for entry in tables.events]


class Parties:
    """Set the stage: both members admitted, the type registered, the bank accredited, its key registered.

    One index serves both nodes' ledgers, because both follow the same chain.
    """

    def __init__(self, *, key_purpose: KeyPurpose = KeyPurpose.CREDENTIAL_SIGNING) -> None:
        self.clock = SetClock()
        self.bank = Node(BANK, self.clock, KeyPurpose.CREDENTIAL_SIGNING, KeyPurpose.STATUS_SIGNING)
        self.exchange = Node(EXCHANGE, self.clock, KeyPurpose.TOKEN_SIGNING)
        self.chain = Consortium(self.bank.index, self.clock, fence=self.bank.fence)
        self.ledger = self.bank.ledger
        self.chain.admit(BANK, Role.ISSUER)
        self.chain.admit(EXCHANGE, Role.RELYING_PARTY)
        self.schema = self.chain.register_schema(VCT)
        self.chain.accredit(self.bank.member, self.schema)
        self.chain.register_key(self.bank.member, self.issuer_key, key_purpose)
        self.chain.register_profile(
            self.exchange.member,
            PROFILE,
            schemas=[self.schema],
            claims=PERMITTED,
            required=["family_name", "age_equal_or_over.19"],
            assurance_level=AssuranceLevel.SUBSTANTIAL,
        )
        self.wallet = Wallet()
        self.proofing = ProofingService(
            store=self.bank.store,
            vault=self.bank.vault,
            clock=self.clock,
            entropy=self.bank.entropy,
            policy=POLICY,
        )
        self.issuance = IssuanceService(
            store=self.bank.store,
            ledger=self.ledger,
            signer=self.bank.signer,
            vault=self.bank.vault,
            clock=self.clock,
            entropy=self.bank.entropy,
            rules=IssuanceRules(url=BANK, time_rounding_s=1),
        )
        self.nonces = NonceService(
            store=self.exchange.store,
            ledger=self.ledger,
            clock=self.clock,
            entropy=self.exchange.entropy,
            rules=NonceRules(url=EXCHANGE),
        )
        self.verification = VerificationService(
            store=self.exchange.store,
            ledger=self.ledger,
            vault=self.exchange.vault,
            clock=self.clock,
            entropy=self.exchange.entropy,
            rules=VerificationRules(url=EXCHANGE),
        )
        self.evidence = EvidenceService(store=self.exchange.store, vault=self.exchange.vault, clock=self.clock)

    @property
    def issuer_key(self) -> KeyThumbprint:
        """Give the thumbprint of the bank's credential-signing key."""
        return KeyThumbprint(self.bank.signer.keys[KeyPurpose.CREDENTIAL_SIGNING].key.thumbprint)

    def operator(self, purpose: OperatorPurpose = OperatorPurpose.ATTEST) -> Any:  # noqa: ANN401 - an Address
        """Give the bank's operator account for a purpose."""
        with self.ledger.view() as view:
            accounts = view.registry.members[self.bank.member].operators
        return next(account.account for account in accounts if account.purpose is purpose)

    def proofed(self, person: dict[str, Any] | None = None) -> str:
        """Complete a proofing; give its id."""
        proofing = self.proofing.open(PERSON if person is None else person)
        for method in sorted(POLICY.required):
            report = CheckReport(method, self.clock.now(), method.encode().ljust(32, b"-"), True)
            self.proofing.record_check(proofing.proofing_id, report)
        return self.proofing.complete(proofing.proofing_id).proofing_id

    def issue(self, copies: int = 1, *, request: RequestKey | None = None) -> IssuedFamily:
        """Issue a family to the wallet; nothing is attested yet."""
        return self.issuance.issue(self.proofed(), VCT, self.wallet.new_keys(copies), request=request)

    def attest(self, family: IssuedFamily) -> None:
        """Attest a family's digests as the bank's anchorer would."""
        digests = [copy.record.digest for copy in family.copies]
        self.chain.attest(self.bank.member, self.schema, digests, self.operator())

    def attested(self, copies: int = 1) -> IssuedFamily:
        """Issue and attest a family."""
        family = self.issue(copies)
        self.attest(family)
        return family

    def nonce(self) -> IssuedNonce:
        """Let the exchange give out a nonce to its back office."""
        return self.nonces.issue(PROFILE, client_id=CLIENT)
