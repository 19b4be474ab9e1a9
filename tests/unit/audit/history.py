"""Write a consortium's history by hand, as the chain's events would tell it, with real hashes."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from audit.decoding import Event
from audit.state import State
from jeung.crypto.hashing import keccak256
from jeung.crypto.merkle import merkle_root, order_digests

BANK, EXCHANGE, REGULATOR = "http://bank.example", "http://exchange.example", "http://regulator.example"
ATTEST_ACCOUNT = "0x52908400098527886E0F7030069857D2E4169EE7"
CHAIN_ID = 31_337
METADATA = b'{"vct":"http://consortium.example/types/real-name"}'
CONSORTIUM = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
SCHEMA = "0x" + hashlib.sha256(METADATA).hexdigest()
GENESIS = 1_000_000
FOUNDED = 7
"""The number of the first block after `founded`."""


def member_id(url: str) -> str:
    """Give the id the contract would compute."""
    return "0x" + keccak256(url.encode()).hex()


def digest(number: int) -> bytes:
    """Give some credential digest."""
    return hashlib.sha256(b"credential %d" % number).digest()


def packed(*indexes: int) -> str:
    """Pack status indexes as the contract does."""
    return "0x" + b"".join(index.to_bytes(3) for index in indexes).hex()


@dataclass
class History:
    """Gather events; every `add` is a block of its own, ten seconds after the one before."""

    events: list[tuple[Event, int]] = field(default_factory=list)

    @property
    def now(self) -> int:
        """Give the time of the next block."""
        return GENESIS + 10 * len(self.events)

    def add(self, contract: str, name: str, /, **args: object) -> "History":
        """Append an event."""
        number = len(self.events)
        event = Event(contract, name, args, number, 0, f"0x{number:064x}", CONSORTIUM)
        self.events.append((event, self.now))
        return self

    def also(self, contract: str, name: str, /, **args: object) -> "History":
        """Append an event to the transaction before."""
        before, time = self.events[-1]
        event = Event(contract, name, args, before.block_number, before.log_index + 1, before.transaction, CONSORTIUM)
        self.events.append((event, time))
        return self

    def blank(self) -> State:
        """Give a state that takes all these events for the founding."""
        return State(genesis=len(self.events), chain_id=CHAIN_ID)

    def admit(self, url: str, roles: int) -> "History":
        """Admit a member."""
        return self.add(
            "Consortium",
            "MemberAdmitted",
            member=member_id(url),
            url=url,
            governance="0x" + member_id(url)[-40:],
            roles=roles,
        )

    def attest(self, *numbers: int, issuer: str = BANK, **changed: object) -> "History":
        """Attest some digests, with whatever field changed."""
        digests = order_digests([digest(number) for number in numbers])
        root = "0x" + merkle_root(digests).hex()
        owner = member_id(issuer)
        batch = keccak256(b"".join(bytes.fromhex(part[2:]) for part in (owner, SCHEMA, root)))
        args: dict[str, Any] = {
            "batch": "0x" + batch.hex(),
            "issuer": owner,
            "schema": SCHEMA,
            "operator": ATTEST_ACCOUNT,
            "root": root,
            "digests": b"".join(digests),
        }
        return self.add("AttestationRegistry", "CredentialsAttested", **(args | changed))

    def set_statuses(self, status: int, indexes: str, number: int = 0) -> "History":
        """Set statuses in a list of the bank."""
        return self.add(
            "StatusRegistry", "StatusesSet", issuer=member_id(BANK), list=number, status=status, indexes=indexes
        )


def founded() -> History:
    """Give the history of a bank that may attest from here on."""
    bank = member_id(BANK)
    history = History()
    share = {"quorumNumerator": 2, "quorumDenominator": 3}
    history.add("Consortium", "RulesChanged", **share, timelock=15, proposalLifetime=1_000)
    history.admit(BANK, 1).admit(EXCHANGE, 2).admit(REGULATOR, 4)
    history.add("Consortium", "OperatorAuthorized", member=bank, purpose=1, account=ATTEST_ACCOUNT)
    history.add("SchemaRegistry", "SchemaRegistered", schema=SCHEMA, vct="x", metadata="0x" + METADATA.hex())
    now = history.now
    history.add(
        "AccreditationRegistry",
        "AccreditationGranted",
        member=bank,
        schema=SCHEMA,
        grantIndex=0,
        validFrom=now,
        validUntil=now + 10_000,
    )
    return history
