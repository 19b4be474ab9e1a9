"""What is read from proofs of the contracts' storage is what their events say, on a real chain."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jeung.crypto.hashing import keccak256, sha256
from jeung.crypto.merkle import MerkleTree
from jeung.crypto.trie import TrieNodes, parse_header
from jeung.domain import contract_storage as at
from jeung.domain.chain import ChainAccount
from jeung.domain.identifiers import CredentialDigest, KeyThumbprint, to_hex
from jeung.domain.ledger import CredentialStatus, Freshness
from jeung.domain.registrations import KeyPurpose
from jeung.services.evidence.asked import Asked
from jeung.services.evidence.proven import Beside
from jeung.services.evidence.reading import read_state, wanted_slots
from node.chain.hexes import address_bytes, bytes_of, hex_of
from node.chain.proofs import RpcProofs
from tests.common.chain import BANK_URL, SCHEMA, VCT, Chain, Member, Prepared, agree, deploy_contract

pytestmark = pytest.mark.chain
MemberOf = Callable[..., Member]
_KEY = KeyThumbprint(sha256(b"a key"))
_ROUNDS = 16


def _set_scene(bank: Member) -> list[bytes]:
    """Attest, register a key, revoke and disown it, revoke a credential; give the digests."""
    digests = bank.issue(1, 5)
    until = bank.clock.now() + 10**8
    bank.intend("KeyRegistry", "registerKey", hex_of(_KEY), int(KeyPurpose.CREDENTIAL_SIGNING), 0, until)
    bank.turn()
    bank.intend("KeyRegistry", "revokeKey", hex_of(_KEY), until - 1)
    bank.turn()
    bank.intend("KeyRegistry", "revokeKey", hex_of(_KEY), until - 2)
    bank.turn()
    bank.turn()
    assert all(bank.attested(digests))
    return digests


def test_storage_proves_what_the_events_told(prepared: Prepared, chain: Chain, member_of: MemberOf) -> None:
    bank = member_of(prepared.bank)
    digests = _set_scene(bank)
    with bank.kept.ledger.view() as view:
        registry, freshness = view.registry, view.freshness
        digest = CredentialDigest(digests[2])
        attestation = view.attestation(bank.party.member, SCHEMA, digest)
        assert attestation is not None
        path = MerkleTree(view.batch_digests(attestation.batch)).proof(digest)
    proofs = RpcProofs(chain.rpc, prepared.deployment)
    number = freshness.indexed_number
    headers = proofs.headers(number - 1, number)
    assert headers is not None
    header = parse_header(headers[-1])
    assert (header.hash, header.parent_hash) == (freshness.indexed_hash, parse_header(headers[0]).hash)
    asked = Asked(BANK_URL, "no-such-profile", BANK_URL, VCT, SCHEMA, digest, _KEY, (3, 200_000))
    beside = Beside(path=path)
    nodes = _gathered(proofs, header.number, asked, beside, freshness)
    read = read_state(nodes, header, proofs.deployment[1], asked, beside, freshness)
    proved = read.ledger.attestation(bank.party.member, SCHEMA, digest)
    assert proved is not None
    assert (proved.batch, proved.block_time) == (attestation.batch, attestation.block_time)
    assert proved.operator == attestation.operator.lower()
    ours, theirs = read.ledger.registry, registry
    member = bank.party.member
    assert ours.members[member].roles[0][1] == theirs.members[member].roles_at(freshness.head_time)
    assert ours.members[member].admitted_at == theirs.members[member].admitted_at
    assert ours.grants[member, SCHEMA][0].valid_until == theirs.grants[member, SCHEMA][0].valid_until
    mine, known = ours.keys[member, _KEY], theirs.keys[member, _KEY]
    assert (mine.purpose, mine.not_before, mine.not_after) == (known.purpose, known.not_before, known.not_after)
    assert mine.revoked_at == known.revoked_at is not None
    assert ours.schemas[SCHEMA].vct == VCT
    assert next(iter(ours.operators.values())).member == member
    assert read.ledger.status(member, 3, 200_000) is CredentialStatus.VALID
    _compare_slots(chain, prepared, number, attestation.batch)


def _gathered(proofs: RpcProofs, number: int, asked: Asked, beside: Beside, freshness: Freshness) -> TrieNodes:
    raw = proofs.headers(number, number)
    assert raw is not None
    nodes, done = TrieNodes(), set[tuple[bytes, int]]()
    for _ in range(_ROUNDS):
        wanted = wanted_slots(nodes, parse_header(raw[0]), proofs.deployment[1], asked, beside, freshness) - done
        if not wanted:
            return nodes
        found = proofs.nodes(number, wanted)
        assert found is not None
        nodes.add(found)
        done |= wanted
    raise AssertionError("the slots never came to an end")


def _compare_slots(chain: Chain, prepared: Prepared, number: int, batch: bytes) -> None:
    """Ask the chain itself for slots that were computed."""
    member = prepared.bank.member
    operator = address_bytes(prepared.bank.signer.address(ChainAccount.ATTEST))
    directory = at.under(at.NAMES_HISTORY, b"KeyRegistry".ljust(32, b"\0"))
    computed = {
        ("Consortium", at.under(at.URL_OWNERS, keccak256(BANK_URL.encode()))): int.from_bytes(member),
        ("Consortium", at.under(at.ACCOUNT_OWNERS, operator)): int.from_bytes(member),
        ("SchemaRegistry", at.under(at.SCHEMAS_BY_VCT, keccak256(VCT.encode()))): int.from_bytes(SCHEMA),
        ("Directory", directory): 1,
        ("KeyRegistry", at.behind(at.under(at.KEY_RECORDS, member, _KEY), at.KEY_REVOCATIONS)): 2,
        ("AccreditationRegistry", at.under(at.GRANTS, member, SCHEMA)): 1,
    }
    for (contract, slot), expected in computed.items():
        assert _word(chain, prepared, contract, slot, number) == expected, contract
    assert at.bits(_word(chain, prepared, "AttestationRegistry", at.under(at.BATCHES, batch), number), 20, 4) == 5
    named = _word(chain, prepared, "Directory", at.element(directory, 0), number)
    assert at.bits(named, 0, 20).to_bytes(20) == address_bytes(prepared.deployment.addresses["KeyRegistry"])


def _word(chain: Chain, prepared: Prepared, contract: str, slot: int, number: int) -> int:
    address = prepared.deployment.addresses[contract]
    return int.from_bytes(
        bytes_of(chain.rpc.call("eth_getStorageAt", address, hex_of(slot.to_bytes(32)), hex(number)))
    )


def test_status_word_of_a_revoked_credential_is_proved(prepared: Prepared, chain: Chain, member_of: MemberOf) -> None:
    bank = member_of(prepared.bank)
    bank.intend("StatusRegistry", "setStatuses", 3, 1, "0x" + (200_001).to_bytes(3).hex())
    bank.turn()
    slot = at.behind(at.under(at.STATUS_WORDS, bank.party.member, (3).to_bytes(4)), 200_001 // 128)
    word = _word(chain, prepared, "StatusRegistry", slot, chain.height)
    assert (word >> 2 * (200_001 % 128)) & 3 == CredentialStatus.REVOKED


def test_what_the_chain_does_not_have_is_not_offered(prepared: Prepared, chain: Chain) -> None:
    proofs = RpcProofs(chain.rpc, prepared.deployment)
    beyond = chain.height + 10
    assert proofs.headers(beyond, beyond) is None
    assert proofs.nodes(beyond, [(proofs.deployment[1], 0)]) is None
    assert to_hex(proofs.deployment[2]) == hex_of(prepared.deployment.block_hash)


def test_status_is_read_as_a_successor_answers_it(prepared: Prepared, chain: Chain, member_of: MemberOf) -> None:
    """One word that the successor took over, and one that still stands in its predecessor."""
    bank, exchange = member_of(prepared.bank), member_of(prepared.exchange)
    revoked, suspended = 200_001, 400_002
    for status, index in ((CredentialStatus.REVOKED, revoked), (CredentialStatus.SUSPENDED, suspended)):
        bank.intend("StatusRegistry", "setStatuses", 3, int(status), "0x" + index.to_bytes(3).hex())
        bank.turn()
    first = prepared.deployment.addresses["StatusRegistry"]
    second = deploy_contract(chain, prepared, "StatusRegistry", "Consortium", first, 100_000, 3_600)
    agree([bank, exchange], "StatusRegistry", "close")
    agree([bank, exchange], "Directory", "set", hex_of(b"StatusRegistry".ljust(32, b"\0")), second)
    bank.intend("StatusRegistry", "setStatuses", 3, int(CredentialStatus.VALID), "0x" + suspended.to_bytes(3).hex())
    bank.turn()
    bank.turn()
    with bank.kept.ledger.view() as view:
        freshness = view.freshness
        expected = {index: view.status(bank.party.member, 3, index) for index in (revoked, suspended, suspended + 1)}
    assert list(expected.values()) == [CredentialStatus.REVOKED, CredentialStatus.VALID, CredentialStatus.VALID]
    proofs = RpcProofs(chain.rpc, prepared.deployment)
    number = freshness.indexed_number
    (raw,) = proofs.headers(number, number) or ()
    for index, status in expected.items():
        asked = Asked(BANK_URL, "no-such-profile", BANK_URL, status=(3, index))
        nodes = _gathered(proofs, number, asked, Beside(), freshness)
        read = read_state(nodes, parse_header(raw), proofs.deployment[1], asked, Beside(), freshness)
        assert read.ledger.status(bank.party.member, 3, index) is status
        # The code of the predecessor counts where the word stands there.
        assert len(read.code_hashes["StatusRegistry"]) == (2 if index == revoked else 1)
