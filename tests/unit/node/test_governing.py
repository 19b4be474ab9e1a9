"""The worker says once a day what lapses soon; calldata is read in one way or not at all."""

import base64
from collections.abc import Iterator

import pytest
import structlog
from cryptography import x509

from jeung.domain.chain import ChainCall
from jeung.domain.governance.agenda import Certificate
from jeung.domain.registrations import KeyPurpose
from jeung.errors import LedgerStale
from node.chain.abi import decode_call, encode_call
from node.runtime.governing import Reminder, certificate_reader
from tests.common.memory.chain import MemoryLedger
from tests.common.memory.custody import MemorySigner
from tests.common.memory.database import MemoryDatabase
from tests.unit.jeung.services.governing import Stage

DAY_S = 86_400


@pytest.fixture
def said() -> Iterator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as captured:
        yield captured  # type: ignore[misc]


def reminder(stage: Stage) -> Reminder:
    ends = Certificate("key-1", "request_signing", stage.now + 10 * DAY_S)
    parties = stage.parties
    return Reminder(
        decisions=stage.decisions, certificates=lambda: (ends,), store=parties.bank.store, clock=parties.clock
    )


def test_what_lapses_soon_is_said_once_a_day_also_after_a_restart(said: list[dict[str, object]]) -> None:
    stage = Stage()
    assert reminder(stage).step() == 1
    assert reminder(stage).step() == 0
    stage.parties.clock.advance(DAY_S)
    assert reminder(stage).step() == 1
    assert [(entry["event"], entry["what"], entry["ours"]) for entry in said] == [
        ("governance_due", "certificate", True)
    ] * 2


def test_nothing_is_said_before_the_first_block(said: list[dict[str, object]]) -> None:
    stage = Stage()
    empty = MemoryLedger(MemoryDatabase())
    stage.decisions._ledger = empty
    with pytest.raises(LedgerStale):
        stage.decisions.agenda()
    assert reminder(stage).step() == 0
    assert said == []


def test_certificates_are_read_from_the_chain_of_each_active_key() -> None:
    signer = MemorySigner(KeyPurpose.REQUEST_SIGNING, KeyPurpose.STATUS_SIGNING)
    found = certificate_reader(signer)()
    chains = [signer.active_key(purpose).x5c for purpose in (KeyPurpose.STATUS_SIGNING, KeyPurpose.REQUEST_SIGNING)]
    leaves = [x509.load_der_x509_certificate(base64.b64decode(chain[0])) for chain in chains if chain]
    assert len(found) == len(leaves)
    assert {one.not_after for one in found} == {int(leaf.not_valid_after_utc.timestamp()) for leaf in leaves}


CALL = ChainCall("StatusRegistry", "setStatusesByQuorum", ("0x" + "11" * 32, 3, 1, [1, 2, 70_000]))


def test_a_call_is_read_as_it_was_written() -> None:
    assert decode_call("StatusRegistry", encode_call(CALL, {})) == CALL


@pytest.mark.parametrize(
    ("contract", "data"),
    [
        ("StatusRegistry", b""),
        ("StatusRegistry", b"\1\2\3\4"),
        ("Directory", encode_call(CALL, {})),
        ("", encode_call(CALL, {})),
        ("StatusRegistry", encode_call(CALL, {})[:-1]),
        ("StatusRegistry", encode_call(CALL, {}) + b"\0"),
        ("StatusRegistry", encode_call(CALL, {})[:-32] + b"\xff" * 32),
        ("StatusRegistry", encode_call(CALL, {}).replace(bytes([9]) + bytes(31), bytes([8]) + bytes(31))),
    ],
    ids=["empty", "unknown", "another-contract", "no-contract", "cut-off", "trailing", "padding", "same"],
)
def test_what_reads_in_another_way_is_not_read(contract: str, data: bytes) -> None:
    call = decode_call(contract, data)
    assert call is None or encode_call(call, {}) == data


def test_indexes_that_are_torn_are_not_read() -> None:
    torn = encode_call(CALL, {})
    at = len(torn) - 64
    torn = torn[:at] + (8).to_bytes(32) + torn[at + 32 : at + 40] + bytes(24)
    assert decode_call("StatusRegistry", torn) is None
