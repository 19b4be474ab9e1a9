"""One sample of every governed call, on a stage where it has something to change."""

from typing import Any

from jeung.crypto import canonical_json
from jeung.domain.chain import ChainCall
from jeung.domain.identifiers import to_hex
from jeung.domain.members import OperatorPurpose, Role
from jeung.domain.profiles import profile_document, service_id
from jeung.domain.proofing import AssuranceLevel
from jeung.domain.registry import Registry
from tests.common.consortium import account
from tests.common.jose import P256Signer
from tests.common.parties import BANK, EXCHANGE, PROFILE, Parties

NOW = 1_800_000_000
BROKER = "http://localhost:8105"
WALLET_JWK = to_hex(canonical_json.canonical(P256Signer().jwk))


LISTED_NODE = "0x" + "cc" * 32


def staged() -> tuple[Parties, Registry]:
    """Give a consortium of three whose supervisor has suspended the exchange, with a trusted wallet provider."""
    parties = Parties()
    chain = parties.chain
    chain.emit(
        "Consortium",
        "RulesChanged",
        {"quorumNumerator": 2, "quorumDenominator": 3, "timelock": 86_400, "proposalLifetime": 7 * 86_400},
    )
    regulator = chain.admit("http://localhost:8103", Role.SUPERVISOR)
    for number, name in enumerate(("Consortium", "StatusRegistry")):
        chain.name_contract(name, account(900 + number))
    until = parties.clock.now() + 7 * 86_400
    args = {"suspendedBy": to_hex(regulator), "reasonDigest": "0x" + "00" * 32, "until": until}
    chain.about_member("MemberSuspended", parties.exchange.member, **args)
    trusted = {"thumbprint": "0x" + "77" * 32, "name": "Wallet Works", "jwk": WALLET_JWK, "validUntil": NOW * 2}
    chain.emit("RelyingPartyRegistry", "WalletProviderTrusted", trusted)
    bank = to_hex(parties.bank.member)
    node = {"node": LISTED_NODE, "member": bank, "keyX": "0x" + "a1" * 32, "keyY": "0x" + "b1" * 32}
    place = {"ip": "0x" + "00" * 16, "domain": "first.example", "port": 30303, "discoveryPort": 0}
    chain.emit("NetworkAllowlist", "NodeAdded", {**node, **place})
    chain.emit("NetworkAllowlist", "AccountAdded", {"account": account(80), "member": bank})
    return parties, registry_of(parties)


def registry_of(parties: Parties) -> Registry:
    with parties.ledger.view() as view:
        return view.registry


def samples(parties: Parties) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Give arguments for every governed function."""
    bank, exchange, schema = to_hex(parties.bank.member), to_hex(parties.exchange.member), to_hex(parties.schema)
    operator = next(
        one.account
        for one in registry_of(parties).members[parties.bank.member].operators
        if one.purpose is OperatorPurpose.ATTEST
    )
    document = profile_document(
        name="lending",
        schemas=(parties.schema,),
        claims=frozenset({"birthdate", "family_name"}),
        required=frozenset({"birthdate"}),
        purpose="Lending money",
        assurance_level=AssuranceLevel.SUBSTANTIAL,
    )
    service = to_hex(service_id("lending"))
    since = parties.clock.now() - 5
    endpoint = ["0x" + "aa" * 32, "0x" + "bb" * 32, "0x" + "00" * 16, "node.example", 30303, 30303]
    return {
        ("Consortium", "admitMember"): (BROKER, account(77), 3),
        ("Consortium", "addUrl"): (bank, "http://localhost:8111"),
        ("Consortium", "setRoles"): (bank, 4),
        ("Consortium", "setGovernanceAccount"): (bank, account(78)),
        ("Consortium", "suspendByQuorum"): (bank, "0x" + "01" * 32),
        ("Consortium", "confirmSuspension"): (exchange,),
        ("Consortium", "reinstate"): (exchange,),
        ("Consortium", "removeMember"): (bank, 0, True),
        ("Consortium", "setRules"): ([3, 4, 2 * 86_400, 30 * 86_400],),
        ("Consortium", "declareOperatorCompromisedByQuorum"): (bank, 1, operator, since),
        ("SchemaRegistry", "registerSchema"): (to_hex(b'{"vct":"https://a.example/t"}'), "https://a.example/t"),
        ("SchemaRegistry", "deprecateSchema"): (schema,),
        ("AccreditationRegistry", "grant"): (exchange, schema, 0, NOW * 2),
        ("AccreditationRegistry", "withdraw"): (bank, schema, 0, since),
        ("KeyRegistry", "declareCompromisedByQuorum"): (bank, to_hex(parties.issuer_key), since),
        ("StatusRegistry", "setStatusesByQuorum"): (bank, 3, 1, list(range(10))),
        ("StatusRegistry", "close"): (),
        ("RelyingPartyRegistry", "registerProfile"): (bank, service, to_hex(canonical_json.canonical(document))),
        ("RelyingPartyRegistry", "withdrawProfile"): (exchange, to_hex(service_id(PROFILE))),
        ("RelyingPartyRegistry", "trustWalletProvider"): (
            to_hex(canonical_json.canonical(P256Signer().jwk)),
            "Other Wallet",
            NOW * 2,
        ),
        ("RelyingPartyRegistry", "distrustWalletProvider"): ("0x" + "77" * 32, 0),
        ("Directory", "set"): (to_hex(b"StatusRegistry".ljust(32, b"\0")), account(950)),
        ("NetworkAllowlist", "addNode"): (bank, endpoint),
        ("NetworkAllowlist", "removeNode"): (LISTED_NODE,),
        ("NetworkAllowlist", "addAccount"): (bank, account(79)),
        ("NetworkAllowlist", "removeAccount"): (account(80),),
        ("LogAnchor", "openEpoch"): (bank, 2),
    }


def sample(parties: Parties, contract: str, function: str) -> ChainCall:
    return ChainCall(contract, function, samples(parties)[contract, function])


__all__ = ["BANK", "BROKER", "EXCHANGE", "LISTED_NODE", "NOW", "registry_of", "sample", "samples", "staged"]
