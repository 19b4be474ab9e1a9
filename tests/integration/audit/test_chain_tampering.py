"""Whatever is changed in the contracts' code or storage behind their backs, the audit finds it."""

from typing import Any

import pytest

from audit import rules
from audit.decoding import encode_view
from audit.findings import Report, Rule
from jeung.crypto.hashing import keccak256
from jeung.domain.chain import ChainAccount
from jeung.domain.identifiers import Address
from node import artifacts
from node.chain.hexes import bytes_of, hex_of
from node.chain.transactions import UnsignedTransaction, sign_transaction
from tests.common.chain import SCHEMA, wait_for
from tests.integration.audit.scene import REVOKED, SUSPENDED, Scene

pytestmark = pytest.mark.chain

STOP = "0x00"
ALWAYS_REVERT = "0x5f5ffd"


def addresses(scene: Scene) -> dict[str, str]:
    directory = scene.deployment.directory

    def current(name: str) -> str:
        data = encode_view("Directory", "current", "0x" + name.encode().ljust(32, b"\0").hex())
        answer = str(scene.chain.rpc.call("eth_call", {"to": directory, "data": data}, "latest"))
        return "0x" + answer[-40:]

    return {name: current(name) for name in artifacts.CONTRACT_NAMES if name != "Directory"} | {
        "Directory": directory
    }


def code_of(scene: Scene, address: str) -> str:
    return str(scene.chain.rpc.call("eth_getCode", address, "latest"))


def audit_with_code(scene: Scene, name: str, code: str) -> Report:
    address = addresses(scene)[name]
    restore: tuple[str, list[Any]] = ("anvil_setCode", [address, code_of(scene, address)])
    with scene.chain_changed(restore, "anvil_setCode", address, code):
        return scene.audit()


def audit_with_storage(scene: Scene, name: str, slot: bytes, value: bytes) -> Report:
    address = addresses(scene)[name]
    before = scene.chain.rpc.call("eth_getStorageAt", address, hex_of(slot), "latest")
    assert bytes_of(before, 32) != value, "the test tampers with nothing"
    restore: tuple[str, list[Any]] = ("anvil_setStorageAt", [address, hex_of(slot), before])
    with scene.chain_changed(restore, "anvil_setStorageAt", address, hex_of(slot), hex_of(value)):
        return scene.audit()


def found(report: Report) -> set[Rule]:
    return {finding.rule for finding in report.findings}


def base_slot(contract: str, label: str) -> bytes:
    (entry,) = [each for each in artifacts.load(contract).storage_layout["storage"] if each["label"] == label]
    return int(entry["slot"]).to_bytes(32)


def mapped(key: bytes, slot: bytes) -> bytes:
    return keccak256(key.rjust(32, b"\0") + slot)


@pytest.mark.parametrize("name", artifacts.CONTRACT_NAMES)
@pytest.mark.parametrize("code", [STOP, ALWAYS_REVERT])
def test_another_bytecode_is_found_whatever_it_answers(scene: Scene, name: str, code: str) -> None:
    report = audit_with_code(scene, name, code)
    assert rules.BYTECODE_MISMATCH in found(report)
    assert report.exit_code == 1


def test_removed_bytecode_is_found(scene: Scene) -> None:
    assert rules.BYTECODE_MISMATCH in found(audit_with_code(scene, "SchemaRegistry", "0x"))


@pytest.mark.parametrize("name", ["AttestationRegistry", "StatusRegistry", "AccreditationRegistry", "Consortium"])
def test_a_changed_immutable_is_found(scene: Scene, name: str) -> None:
    artifact = artifacts.load(name)
    code = bytearray(bytes_of(code_of(scene, addresses(scene)[name])))
    for variable, spans in artifact.immutables.items():
        changed = code.copy()
        for span in spans:
            changed[span.start + span.length - 1] ^= 1
        report = audit_with_code(scene, name, hex_of(bytes(changed)))
        assert rules.BYTECODE_MISMATCH in found(report), variable


def test_one_changed_byte_of_code_is_found(scene: Scene) -> None:
    code = bytearray(bytes_of(code_of(scene, addresses(scene)["KeyRegistry"])))
    code[-1] ^= 1
    assert found(audit_with_code(scene, "KeyRegistry", hex_of(bytes(code)))) == {rules.BYTECODE_MISMATCH}


def test_a_list_is_judged_though_the_contract_answers_no_more(scene: Scene) -> None:
    scene.serve(REVOKED % 4, scene.token(REVOKED % 4, words={}))
    assert rules.STATUS_LIST_MISMATCH in found(audit_with_code(scene, "StatusRegistry", STOP))


def test_a_log_that_no_contract_of_ours_writes_is_found(scene: Scene) -> None:
    """The code is replaced for one transaction, which writes an event without its data, and put back."""
    topic = keccak256(b"KeyRevoked(bytes32,bytes32,uint64)")
    address, signer = addresses(scene)["KeyRegistry"], scene.bank.signer
    account = signer.address(ChainAccount.GOVERNANCE)
    rpc = scene.chain.rpc
    nonce = int(rpc.call("eth_getTransactionCount", account, "latest"), 16)
    unsigned = UnsignedTransaction(31_337, nonce, 0, 0, 100_000, Address(address), b"")
    signed = sign_transaction(unsigned, ChainAccount.GOVERNANCE, signer, now=1)
    before = code_of(scene, address)
    with scene.later_chain():
        rpc.call("anvil_setCode", address, hex_of(b"\x7f" + topic + b"\x5f\x5f\xa1"))
        rpc.call("eth_sendRawTransaction", hex_of(signed.raw))
        wait_for(lambda: rpc.call("eth_getTransactionReceipt", hex_of(signed.hash)))
        rpc.call("anvil_setCode", address, before)
        report = scene.audit()
    # The transaction that made it is no call of a contract of ours either.
    assert [finding.rule for finding in report.findings] == [rules.HISTORY_BROKEN, rules.CALLDATA_UNEXPLAINED]


def status_slot(scene: Scene, number: int) -> bytes:
    lists = mapped(scene.bank.member, base_slot("StatusRegistry", "_words"))
    return mapped(number.to_bytes(4), lists)


@pytest.mark.parametrize("number", [REVOKED, SUSPENDED])
def test_a_status_changed_in_storage_is_found(scene: Scene, number: int) -> None:
    report = audit_with_storage(scene, "StatusRegistry", status_slot(scene, number % 4), bytes(32))
    assert {finding.rule for finding in report.findings} == {rules.STORAGE_MISMATCH}
    assert f"/{number % 4} word 0" in report.findings[0].subject


def test_a_reinstated_credential_revoked_in_storage_is_found(scene: Scene) -> None:
    report = audit_with_storage(scene, "StatusRegistry", status_slot(scene, 1), (1 << 10).to_bytes(32))
    assert rules.STORAGE_MISMATCH in found(report)


def test_a_rewritten_attestation_is_found(scene: Scene) -> None:
    rpc = scene.chain.rpc
    topic = hex_of(keccak256(b"CredentialsAttested(bytes32,bytes32,bytes32,address,bytes32,bytes32[])"))
    (log, *_) = rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "topics": [topic]})
    slot = mapped(bytes_of(log["topics"][1]), base_slot("AttestationRegistry", "_batches"))
    report = audit_with_storage(scene, "AttestationRegistry", slot, b"\x01" * 32)
    assert [finding.rule for finding in report.findings] == [rules.STORAGE_MISMATCH]
    assert log["topics"][1] in report.findings[0].subject


def test_a_lengthened_accreditation_is_found(scene: Scene) -> None:
    grants = mapped(SCHEMA, mapped(scene.bank.member, base_slot("AccreditationRegistry", "_grants")))
    report = audit_with_storage(scene, "AccreditationRegistry", keccak256(grants), b"\0" * 24 + b"\x01" * 8)
    assert {finding.rule for finding in report.findings} == {rules.STORAGE_MISMATCH}
    subjects = " ".join(finding.subject for finding in report.findings)
    assert "grants" in subjects
    assert "accreditation at batch" in subjects, "what held as of the attestations changed too"


def test_an_erased_compromise_is_found(scene: Scene) -> None:
    """A trace of the key registry is cut to nothing: the key would be trusted again, as of any time."""
    keys = mapped(scene.bank.member, base_slot("KeyRegistry", "_records"))
    topic = hex_of(keccak256(b"KeyCompromised(bytes32,bytes32,uint64)"))
    (log,) = scene.chain.rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "topics": [topic]})
    record = int.from_bytes(mapped(bytes_of(log["topics"][2]), keys))
    report = audit_with_storage(scene, "KeyRegistry", (record + 2).to_bytes(32), bytes(32))
    assert {finding.rule for finding in report.findings} == {rules.STORAGE_MISMATCH}
    assert any("keyStateAt" in finding.message for finding in report.findings)


def anchor_slot(scene: Scene, member: bytes, epoch: int) -> bytes:
    return mapped(epoch.to_bytes(8), mapped(member, base_slot("LogAnchor", "_anchors")))


def test_an_anchored_log_that_shrank_in_storage_is_found(scene: Scene) -> None:
    slot = anchor_slot(scene, scene.bank.member, 1)
    report = audit_with_storage(scene, "LogAnchor", slot, (2).to_bytes(32))
    assert {finding.rule for finding in report.findings} == {rules.STORAGE_MISMATCH}
    assert "/1/" in report.findings[0].subject


def test_an_anchor_put_into_storage_for_who_never_anchored_is_found(scene: Scene) -> None:
    slot = anchor_slot(scene, scene.regulator.member, 1)
    report = audit_with_storage(scene, "LogAnchor", slot, (9).to_bytes(32))
    assert {finding.rule for finding in report.findings} == {rules.STORAGE_MISMATCH}


def test_an_epoch_that_was_closed_in_storage_behind_the_votes_is_found(scene: Scene) -> None:
    slot = mapped(scene.exchange.member, base_slot("LogAnchor", "_opened"))
    report = audit_with_storage(scene, "LogAnchor", slot, (1).to_bytes(32))
    assert {finding.rule for finding in report.findings} == {rules.STORAGE_MISMATCH}
    assert {finding.subject for finding in report.findings} == {f"log of {hex_of(scene.exchange.member)}"}


def test_changed_rules_are_found(scene: Scene) -> None:
    slot = base_slot("Consortium", "_rules")
    before = bytes_of(
        scene.chain.rpc.call("eth_getStorageAt", addresses(scene)["Consortium"], hex_of(slot), "latest")
    )
    report = audit_with_storage(scene, "Consortium", slot, before[:-1] + b"\x01")
    assert {finding.rule for finding in report.findings} == {rules.STORAGE_MISMATCH}
    assert "rules" in {finding.subject for finding in report.findings}


def test_another_address_in_the_directory_is_found(scene: Scene) -> None:
    name = b"KeyRegistry".ljust(32, b"\0")
    entry = keccak256(mapped(name, base_slot("Directory", "_history")))
    report = audit_with_storage(scene, "Directory", entry, b"\x07" * 32)
    assert {finding.rule for finding in report.findings} == {rules.STORAGE_MISMATCH}
    assert {finding.subject for finding in report.findings} == {"contract KeyRegistry"}
