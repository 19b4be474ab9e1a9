"""Ask every contract for its state at the audited block and compare it with what the events gave.

Proves that events alone reproduce the contracts' state. It cannot prove state that no view shows; the bytecode check
shows that there is none beyond what these sources hold.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from audit import rules
from audit.decoding import decode_view, encode_view
from audit.findings import Finding
from audit.source import ChainReader
from audit.state import FOREVER, State

_STATUS = {"unknown": 0, "active": 1, "suspended": 2, "removed": 3}


@dataclass(frozen=True, slots=True)
class _Question:
    """Pair a view call with what the events say its answer must be."""

    contract: str
    function: str
    args: tuple[object, ...]
    subject: str
    expected: object
    pick: Callable[[Any], object] = lambda answer: answer


def compare(reader: ChainReader, state: State, time: int) -> tuple[list[Finding], int]:
    """Compare all contracts with the state at `state.block`, whose block time is given; give findings and a count.

    Raises:
        AuditImpossible: the chain does not answer for that block.
    """
    questions = [*_consortium(state, time), *_registries(state), *_attestations(state), *_statuses(state)]
    calls: list[tuple[str, list[Any]]] = []
    for question in questions:
        call = {
            "to": state.addresses(question.contract)[-1],
            "data": encode_view(question.contract, question.function, *question.args),
        }
        calls.append(("eth_call", [call, hex(state.block)]))
    findings = []
    for question, answer in zip(questions, reader.batch(calls), strict=True):
        actual = question.pick(decode_view(question.contract, question.function, answer))
        if actual != question.expected:
            message = f"{question.contract}.{question.function} differs from the events"
            findings.append(Finding(rules.STORAGE_MISMATCH, question.subject, message, state.block))
    return findings, len(questions)


def _consortium(state: State, time: int) -> Iterator[_Question]:
    yield _Question("Consortium", "members", (), "members", sorted(state.members), sorted)
    for member, record in state.members.items():
        removed = record["removed"]
        expected = (
            _STATUS[state.status_at(member, time)],
            record["roles"][-1][1],
            record["governance"][-1],
            record["admitted_at"],
            removed["since"] if removed else 0,
            removed["for_cause"] if removed else False,
        )
        yield _Question("Consortium", "memberById", (member,), f"member {member}", expected, _member)
        yield _Question("Consortium", "urls", (member,), f"member {member}", record["urls"])
        mine = sorted(account for account, kept in state.operators.items() if kept["member"] == member)
        yield _Question("Consortium", "operators", (member,), f"member {member}", mine, sorted)
    for account, kept in state.operators.items():
        expected_operator = {
            "member": kept["member"],
            "purpose": kept["purpose"],
            "authorizedAt": kept["authorized_at"],
            "retiredAt": kept["retired_at"] or 0,
            "compromisedSince": kept["compromised_since"] or 0,
        }
        yield _Question("Consortium", "operatorOf", (account,), f"operator {account}", expected_operator)
    for proposal, voted in state.proposals.items():
        for member, ripe_at in voted["approvals"].items():
            yield _Question(
                "Consortium", "approvalOf", (proposal, member), f"proposal {proposal}", True, _given_before(ripe_at)
            )
    if state.rules:
        yield _Question("Consortium", "rules", (), "rules", state.rules)


def _given_before(ripe_at: int) -> Callable[[Any], object]:
    return lambda given_at: 0 < given_at <= ripe_at


def _member(answer: dict[str, Any]) -> object:
    names = ("status", "roles", "governance", "admittedAt", "removedSince", "forCause")
    return tuple(answer[name] for name in names)


def _registries(state: State) -> Iterator[_Question]:
    yield _Question("SchemaRegistry", "schemas", (), "schemas", sorted(state.schemas), sorted)
    for schema, record in state.schemas.items():
        expected = {
            "registeredAt": record["registered_at"],
            "deprecatedAt": record["deprecated_at"] or 0,
            "vct": record["vct"],
        }
        yield _Question("SchemaRegistry", "schemaById", (schema,), f"schema {schema}", expected)
    for pair, grants in state.grants.items():
        member, schema = pair.split("/")
        rows = [(grant["valid_from"], grant["valid_until"], grant["withdrawn_at"] or 0) for grant in grants]
        yield _Question("AccreditationRegistry", "grants", (member, schema), f"grants {pair}", rows, _grants)
    for pair, key in state.keys.items():
        member, thumbprint = pair.split("/")
        expected_key = {
            "purpose": key["purpose"],
            "notBefore": key["not_before"],
            "notAfter": key["not_after"],
            "registeredAtBlock": key["registered_block"],
            "revokedAt": key["revoked_at"] or 0,
            "compromisedSince": key["compromised_since"] or 0,
        }
        subject = f"key {pair}"
        yield _Question("KeyRegistry", "keyOf", (member, thumbprint), subject, expected_key, _without_sentinels)
    for member in state.members:
        mine = sorted(pair.split("/")[1] for pair in state.keys if pair.startswith(member))
        yield _Question("KeyRegistry", "keys", (member,), f"keys of {member}", mine, sorted)
    for pair, profile in state.profiles.items():
        member, service = pair.split("/")
        expected_digest = profile["digest"] if profile["ended_at"] is None else "0x" + 32 * "00"
        question = ("RelyingPartyRegistry", "profileDigest", (member, service))
        yield _Question(*question, f"profile {pair}", expected_digest)
    for name, addresses in state.contracts.items():
        padded = "0x" + name.encode().ljust(32, b"\0").hex()
        yield _Question("Directory", "current", (padded,), f"contract {name}", addresses[-1])


def _grants(answer: list[dict[str, Any]]) -> object:
    return [(grant["validFrom"], grant["validUntil"], grant["withdrawnAt"]) for grant in answer]


def _without_sentinels(answer: dict[str, Any]) -> object:
    # "Never" may be written as 0 or as the largest uint64; both mean that nothing was declared.
    return {name: 0 if value == FOREVER else value for name, value in answer.items()}


def _attestations(state: State) -> Iterator[_Question]:
    for batch, record in state.batches.items():
        expected = {"operator": record["operator"], "count": record["count"], "attestedAt": record["time"]}
        yield _Question("AttestationRegistry", "batchById", (batch,), f"batch {batch}", expected)


def _statuses(state: State) -> Iterator[_Question]:
    for pair in state.statuses:
        issuer, number = pair.split("/")
        for word, value in state.words(issuer, int(number)).items():
            args = (issuer, int(number), word)
            yield _Question("StatusRegistry", "word", args, f"status list {pair} word {word}", value)
