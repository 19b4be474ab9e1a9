"""Tell proposals in the words that the members' staff approves them by (`jeung.domain.governance`), both languages.

The words name members, credential types, keys and services; the names come from what the audit rebuilt, and those of
services from the profiles that the consortium was asked to register, because the chain's state holds only digests.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from audit.decoding import CONTRACTS, Undecodable, read_call
from audit.state import State
from jeung.domain.chain import ChainCall
from jeung.domain.governance import Words
from jeung.domain.governance.calls import arguments_of, in_words
from jeung.domain.identifiers import Address, KeyThumbprint, MemberId, SchemaId, ServiceId
from jeung.domain.members import Member, OperatorAccount, OperatorPurpose, Role
from jeung.domain.profiles import parse_profile
from jeung.domain.registrations import KeyPurpose, RegisteredKey, RequestProfile, Schema
from jeung.domain.registry import Registry

_PROFILE = "registerProfile"


class Decided:
    """Read the calls of a state's proposals, and put them into words."""

    def __init__(self, state: State) -> None:
        """Read all of them, for a later one may name what an earlier one brought."""
        self._contracts = {address.lower(): name for name in CONTRACTS for address in state.addresses(name)}
        calls = [self._call(record) for record in state.proposals.values()]
        self._registry = _registry(state, [call for call in calls if call is not None])

    def named(self, record: Mapping[str, Any]) -> str:
        """Name what a proposal calls, as `Contract.function`; what nobody can read is a question mark."""
        contract = self._contracts.get(record["target"].lower())
        call = self._call(record)
        return "?" if contract is None else f"{contract}.{'?' if call is None else call.function}"

    def words(self, record: Mapping[str, Any]) -> Words | None:
        """Say what a proposal means, None where it cannot be put into words."""
        call = self._call(record)
        return None if call is None else in_words(call, self._registry)

    def _call(self, record: Mapping[str, Any]) -> ChainCall | None:
        contract = self._contracts.get(record["target"].lower())
        if contract is None:
            return None
        try:
            function, args = read_call(contract, bytes.fromhex(record["data"][2:]))
        except Undecodable:
            return None
        return ChainCall(contract, function, tuple(args))


def _registry(state: State, calls: list[ChainCall]) -> Registry:
    """Picture the consortium as far as words name it."""
    return Registry(
        members={_member_id(name): _member(name, record) for name, record in state.members.items()},
        operators={
            Address(account): _operator(account, record)
            for account, record in state.operators.items()
            if record["purpose"] in set(OperatorPurpose)
        },
        schemas={
            SchemaId(_raw(name)): Schema(SchemaId(_raw(name)), record["vct"], b"", record["registered_at"])
            for name, record in state.schemas.items()
        },
        keys={(key.member, key.thumbprint): key for key in _keys(state)},
        profiles={(one.member, one.service): one for one in _profiles(calls)},
        contracts={
            name: tuple(Address(address) for address in state.addresses(name))
            for name in CONTRACTS
            if state.addresses(name)
        },
    )


def _member(name: str, record: Mapping[str, Any]) -> Member:
    held = tuple((since, Role(roles)) for since, roles in record["roles"])
    governance = Address(record["governance"][-1][0])
    return Member(_member_id(name), tuple(record["urls"]), governance, held, record["admitted_at"])


def _operator(account: str, record: Mapping[str, Any]) -> OperatorAccount:
    purpose = OperatorPurpose(record["purpose"])
    return OperatorAccount(_member_id(record["member"]), purpose, Address(account), record["authorized_at"])


def _keys(state: State) -> Iterator[RegisteredKey]:
    for name, record in state.keys.items():
        if record["purpose"] not in set(KeyPurpose):
            continue
        member, thumbprint = name.split("/")
        begin, end = record["not_before"], record["not_after"]
        purpose = KeyPurpose(record["purpose"])
        yield RegisteredKey(_member_id(member), KeyThumbprint(_raw(thumbprint)), purpose, begin, begin, end)


def _profiles(calls: list[ChainCall]) -> Iterator[RequestProfile]:
    for call in calls:
        given = arguments_of(call) if call.function == _PROFILE else None
        if given is not None:
            document = _raw(given["profile"])
            found = parse_profile(_member_id(given["member"]), ServiceId(_raw(given["service"])), document, 0)
            if found is not None:
                yield found


def _member_id(name: str) -> MemberId:
    return MemberId(_raw(name))


def _raw(name: str) -> bytes:
    return bytes.fromhex(name.removeprefix("0x"))
