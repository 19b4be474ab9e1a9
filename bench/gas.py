"""Measure the gas of attesting and revoking, beside the Ethereum Attestation Service in the same run.

`python -m bench.gas` starts its own chain, deploys both systems, prints gas and ratios, and exits 1 when a target is
missed. Digests and indexes are random, because zero bytes are cheaper than others.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount
from rich.console import Console
from rich.table import Table
from sha3 import keccak_256

from bench._anvil import ROOT, Chain, Contract, fresh_account, throw_away_chain
from bench.machine import keep
from node.artifacts import load

SINGLE_OF_EAS = 0.40
EACH_OF_THOUSAND = 1_330
EACH_REVOCATION = 6_000
_LIST_WORDS = 8_192
_WORD = 128
_REVOKED = 1
_ZERO = b"\0" * 32
_EAS = ROOT / "node_modules/@ethereum-attestation-service/eas-contracts/artifacts/contracts"


@dataclass(frozen=True)
class Jeung:
    """The contracts a bank writes to, and the accounts it writes from."""

    attestations: Contract
    statuses: Contract
    governance: LocalAccount
    attester: LocalAccount
    revoker: LocalAccount
    schema: bytes


def main() -> int:
    """Measure, print, keep; answer 0 when every target is met."""
    with throw_away_chain() as chain:
        figures: dict[str, float] = {**_measure_jeung(chain), **_measure_eas(chain)}
    figures["attest_1_of_eas"] = round(figures["attest_1"] / figures["eas_attest_1"], 4)
    figures["attest_100_of_eas"] = round(figures["attest_100_each"] / figures["eas_attest_100_each"], 4)
    figures["revoke_100_of_eas"] = round(figures["revoke_100_existing_words"] / figures["eas_revoke_100_each"], 4)
    targets = (
        ("attest_1_of_eas", SINGLE_OF_EAS),
        ("attest_1000_each", EACH_OF_THOUSAND),
        ("revoke_100_existing_words", EACH_REVOCATION),
    )
    _print(figures, dict(targets))
    keep("gas", figures)
    return int(any(figures[name] > limit for name, limit in targets))


def _measure_jeung(chain: Chain) -> dict[str, float]:
    bank = _found_consortium(chain)
    figures: dict[str, float] = {}
    # The first attestation of an account pays nothing extra here, but a mean hides the luck of zero bytes.
    singles = [_attest(chain, bank, 1) for _ in range(8)]
    figures["attest_1"] = round(sum(singles) / len(singles))
    for size in (100, 1_000):
        figures[f"attest_{size}_each"] = round(_attest(chain, bank, size) / size, 1)
    words = _random_words(100)
    fresh = _set(chain, bank, 0, [word * _WORD + secrets.randbelow(_WORD) for word in words])
    figures["revoke_100_fresh_words"] = round(fresh / 100, 1)
    # Each of these words holds the first round's revocation, which stands in the lower half of another list.
    low = [word * _WORD + secrets.randbelow(_WORD // 2) for word in words]
    high = [word * _WORD + _WORD // 2 + secrets.randbelow(_WORD // 2) for word in words]
    _set(chain, bank, 1, low)
    figures["revoke_100_existing_words"] = round(_set(chain, bank, 1, high) / 100, 1)
    figures["revoke_100_one_word"] = round(_set(chain, bank, 2, list(range(100))) / 100, 1)
    figures["revoke_1_fresh_word"] = _set(chain, bank, 3, [secrets.randbelow(2**20)])
    return figures


def _measure_eas(chain: Chain) -> dict[str, float]:
    """Attest and revoke 32 bytes each, as EAS is meant to be used: revocable, about a recipient, no resolver."""
    deployer, attester = fresh_account(), fresh_account()
    registry = chain.deploy(deployer, _eas_artifact("SchemaRegistry"))
    eas = chain.deploy(deployer, _eas_artifact("EAS"), registry.address)
    nobody = "0x" + "00" * 20
    logs = chain.call(deployer, registry, "register", "bytes32 digest", nobody, True).logs
    schema = bytes.fromhex(logs[0]["topics"][1][2:])

    def one() -> tuple[object, ...]:
        return (fresh_account().address, 0, True, _ZERO, secrets.token_bytes(32), 0)

    alone = [chain.call(attester, eas, "attest", (schema, one())) for _ in range(4)]
    many = chain.call(attester, eas, "multiAttest", [(schema, [one() for _ in range(100)])])
    identifiers = [bytes.fromhex(log["data"][2:66]) for log in (*(r.logs[0] for r in alone), *many.logs)]
    revoked = chain.call(attester, eas, "revoke", (schema, (identifiers[0], 0)))
    revocations = [(schema, [(identifier, 0) for identifier in identifiers[4:]])]
    return {
        "eas_attest_1": round(sum(receipt.gas for receipt in alone) / len(alone)),
        "eas_attest_100_each": round(many.gas / 100, 1),
        "eas_revoke_1": revoked.gas,
        "eas_revoke_100_each": round(chain.call(attester, eas, "multiRevoke", revocations).gas / 100, 1),
    }


def _found_consortium(chain: Chain) -> Jeung:
    """Deploy a consortium of two, register a schema and accredit the bank by both votes."""
    bank, exchange, attester, revoker = (fresh_account() for _ in range(4))
    founders = [("https://bank.example", bank.address, 3), ("https://exchange.example", exchange.address, 2)]
    consortium = _deploy(chain, bank, "Consortium", founders, (2, 3, 1, 86_400), 1)
    schemas = _deploy(chain, bank, "SchemaRegistry", consortium.address)
    accreditations = _deploy(chain, bank, "AccreditationRegistry", consortium.address, schemas.address)
    attestations = _deploy(chain, bank, "AttestationRegistry", consortium.address, accreditations.address)
    statuses = _deploy(chain, bank, "StatusRegistry", consortium.address, "0x" + "00" * 20, 10_000, 3_600)
    for purpose, account in ((1, attester), (2, revoker)):
        chain.call(bank, consortium, "authorizeOperator", purpose, account.address)
    member = keccak_256(b"https://bank.example").digest()
    metadata = b'{"vct":"https://jeung.example/types/real-name/1"}'
    registration = schemas.calldata("registerSchema", metadata, "https://jeung.example/types/real-name/1")
    _decide(chain, (bank, exchange), consortium, schemas, registration)
    schema = bytes.fromhex(
        chain.request("eth_getLogs", {"address": schemas.address, "fromBlock": "0x0"})[0]["topics"][1][2:]
    )
    grant = accreditations.calldata("grant", member, schema, 0, 2**40)
    _decide(chain, (bank, exchange), consortium, accreditations, grant)
    return Jeung(attestations, statuses, bank, attester, revoker, schema)


def _decide(
    chain: Chain, voters: tuple[LocalAccount, LocalAccount], consortium: Contract, target: Contract, data: bytes
) -> None:
    """Propose, approve, wait for the timelock of one second, execute."""
    receipt = chain.call(voters[0], consortium, "propose", target.address, data, _ZERO)
    proposal = bytes.fromhex(receipt.logs[0]["topics"][1][2:])
    chain.call(voters[1], consortium, "approve", proposal)
    time.sleep(2.1)
    chain.call(voters[0], consortium, "execute", proposal, target.address, data, _ZERO)


def _deploy(chain: Chain, sender: LocalAccount, name: str, *arguments: object) -> Contract:
    artifact = load(name)
    return chain.deploy(sender, {"abi": artifact.abi, "bytecode": artifact.bytecode}, *arguments)


def _attest(chain: Chain, bank: Jeung, size: int) -> int:
    digests = sorted((secrets.token_bytes(32) for _ in range(size)), key=_leaf)
    return chain.call(bank.attester, bank.attestations, "attest", bank.schema, digests).gas


def _leaf(digest: bytes) -> bytes:
    return bytes(keccak_256(keccak_256(digest).digest()).digest())


def _set(chain: Chain, bank: Jeung, number: int, indexes: Sequence[int]) -> int:
    packed = b"".join(index.to_bytes(3, "big") for index in sorted(indexes))
    return chain.call(bank.revoker, bank.statuses, "setStatuses", number, _REVOKED, packed).gas


def _random_words(size: int) -> list[int]:
    words: set[int] = set()
    while len(words) < size:
        words.add(secrets.randbelow(_LIST_WORDS))
    return sorted(words)


def _eas_artifact(name: str) -> dict[str, object]:
    raw = json.loads((_EAS / f"{name}.sol" / f"{name}.json").read_text(encoding="utf-8"))
    return {"abi": raw["abi"], "bytecode": bytes.fromhex(raw["bytecode"][2:])}


def _print(figures: dict[str, float], targets: dict[str, float]) -> None:
    table = Table("figure", "gas or ratio", "target", "met")
    for name, value in figures.items():
        limit = targets.get(name)
        met = "" if limit is None else "yes" if value <= limit else "NO"
        table.add_row(name, f"{value:,}", "" if limit is None else f"{limit:,}", met)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
