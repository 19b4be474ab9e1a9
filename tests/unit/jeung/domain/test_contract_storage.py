"""Slots are where the compiler puts them; what a real chain answers is compared in tests/integration/chain."""

import pytest

from jeung.crypto.hashing import keccak256
from jeung.domain import contract_storage as at
from node.artifacts import load


@pytest.mark.parametrize(
    ("contract", "label", "slot"),
    [
        ("Consortium", "_records", at.MEMBER_RECORDS),
        ("Consortium", "_urlOwners", at.URL_OWNERS),
        ("Consortium", "_accountOwners", at.ACCOUNT_OWNERS),
        ("Consortium", "_operators", at.OPERATORS),
        ("KeyRegistry", "_records", at.KEY_RECORDS),
        ("AccreditationRegistry", "_grants", at.GRANTS),
        ("SchemaRegistry", "_records", at.SCHEMA_RECORDS),
        ("SchemaRegistry", "_byVct", at.SCHEMAS_BY_VCT),
        ("AttestationRegistry", "_batches", at.BATCHES),
        ("StatusRegistry", "_words", at.STATUS_WORDS),
        ("StatusRegistry", "_inherited", at.STATUS_INHERITED),
        ("RelyingPartyRegistry", "_profiles", at.PROFILES),
        ("Directory", "_history", at.NAMES_HISTORY),
    ],
)
def test_variables_stand_where_the_compiler_put_them(contract: str, label: str, slot: int) -> None:
    places = {entry["label"]: int(entry["slot"]) for entry in load(contract).storage_layout["storage"]}
    assert places[label] == slot


# Where each packed field is read, in bytes from the low end: (slot in the struct, offset).
READ = {
    ("Consortium", "Members.MemberRecord"): {
        **{"status": (0, 0), "roles": (0, 1), "forCause": (0, 2), "admittedAt": (0, 3)},
        **{"suspendedUntil": (0, 11), "removedSince": (0, 19)},
    },
    ("Consortium", "Operators.OperatorRecord"): {
        **{"purpose": (0, 0), "authorizedAt": (0, 1), "retiredAt": (0, 9), "compromisedSince": (0, 17)},
    },
    ("KeyRegistry", "KeyRegistry.KeyRecord"): {
        **{"purpose": (0, 0), "notBefore": (0, 1), "notAfter": (0, 9)},
        **{"revocations": (at.KEY_REVOCATIONS, 0), "compromises": (at.KEY_COMPROMISES, 0)},
    },
    ("KeyRegistry", "Checkpoints.Checkpoint208"): {"_value": (0, 6)},
    ("AccreditationRegistry", "IAccreditationRegistry.Grant"): {
        **{"validFrom": (0, 0), "validUntil": (0, 8), "withdrawnSince": (0, 16), "withdrawnAt": (0, 24)},
    },
    ("SchemaRegistry", "ISchemaRegistry.Schema"): {"registeredAt": (0, 0)},
    ("AttestationRegistry", "IAttestationRegistry.Batch"): {"operator": (0, 0), "attestedAt": (0, 24)},
    ("RelyingPartyRegistry", "IRelyingPartyRegistry.Profile"): {
        **{"digest": (0, 0), "registeredAt": (1, 0), "endedAt": (1, 8)},
    },
    ("Directory", "IDirectory.Entry"): {"contractAddress": (0, 0)},
}


@pytest.mark.parametrize(("contract", "struct"), READ, ids=lambda name: name)
def test_fields_are_packed_as_they_are_read(contract: str, struct: str) -> None:
    types = load(contract).storage_layout["types"].values()
    (members,) = [kind["members"] for kind in types if kind["label"] == f"struct {struct}"]
    placed = {member["label"]: (int(member["slot"]), member["offset"]) for member in members}
    assert {name: placed[name] for name in READ[contract, struct]} == READ[contract, struct]


def test_slots_of_mappings_and_arrays_are_those_of_the_solidity_documentation() -> None:
    key, slot = b"k" * 32, 5
    expected = int.from_bytes(keccak256(key + slot.to_bytes(32)))
    assert at.under(slot, key) == expected
    assert at.under(slot, key, b"\x01") == int.from_bytes(keccak256(b"\x01".rjust(32, b"\0") + expected.to_bytes(32)))
    assert at.element(slot, 2, 3) == (int.from_bytes(keccak256(slot.to_bytes(32))) + 6) % (1 << 256)
    assert at.behind((1 << 256) - 1, 1) == 0
    assert at.bits(0x0102_0304, 1, 2) == 0x0203
