"""Ask every contract for its state at the audited block and compare it with what the events gave.

Proves that events alone reproduce the contracts' state. It cannot prove state that no view shows; the bytecode check
shows that there is none beyond what these sources hold.
"""

from collections.abc import Iterator

from audit.checks.consortium import consortium_questions
from audit.checks.network import network_questions
from audit.checks.views import Progress, Question, compare, grouped
from audit.findings import Finding
from audit.source import ChainReader
from audit.state import FOREVER, State, latest

_NOTHING = "0x" + 40 * "0"
_NO_DIGEST = "0x" + 64 * "0"


def compare_storage(reader: ChainReader, state: State, time: int, progress: Progress) -> tuple[list[Finding], int]:
    """Compare all contracts with the state at `state.block`, whose block time is given; give findings and a count.

    Raises:
        AuditImpossible: the chain does not answer for that block.
    """
    questions = (
        *consortium_questions(state, time),
        *_directory(state),
        *_schemas(state),
        *_keys(state),
        *_parties(state),
        *network_questions(state, time),
        *_logs(state),
        *_attestations(state),
        *_statuses(state),
    )
    return compare(reader, state, questions, progress)


def _directory(state: State) -> Iterator[Question]:
    names = sorted(map(padded_name, state.contracts))
    yield Question(state.directory, "Directory", "names", (), "Directory", names, sorted)
    for name, named in state.contracts.items():
        history = [{"contractAddress": address, "fromBlock": block} for address, block in named]
        args = (padded_name(name),)
        yield Question(state.directory, "Directory", "history", args, f"contract {name}", history)
        yield Question(state.directory, "Directory", "current", args, f"contract {name}", named[-1][0])


def padded_name(name: str) -> str:
    """Give a contract's name as the Directory holds it: 32 bytes in 0x-hex."""
    return name if name.startswith("0x") else "0x" + name.encode("ascii").ljust(32, b"\0").hex()


def _schemas(state: State) -> Iterator[Question]:
    for address, schemas in grouped(state, "SchemaRegistry", state.schemas).items():
        yield Question(address, "SchemaRegistry", "schemas", (), "schemas", sorted(schemas), sorted)
    for schema, record in state.schemas.items():
        expected = {
            "registeredAt": record["registered_at"],
            "deprecatedAt": record["deprecated_at"] or 0,
            "vct": record["vct"],
        }
        yield Question(record["at"], "SchemaRegistry", "schemaById", (schema,), f"schema {schema}", expected)
    for pair, grants in state.grants.items():
        member, schema = pair.split("/")
        for address in {grant["at"] for grant in grants}:
            rows = [
                {
                    "validFrom": grant["valid_from"],
                    "validUntil": grant["valid_until"],
                    "withdrawnSince": grant["withdrawn_since"] or 0,
                    "withdrawnAt": grant["withdrawn_at"] or 0,
                }
                for grant in grants
                if grant["at"] == address
            ]
            question = (address, "AccreditationRegistry", "grants", (member, schema))
            yield Question(*question, f"grants {pair}", rows)


def _keys(state: State) -> Iterator[Question]:
    for pair, key in state.keys.items():
        member, thumbprint = pair.split("/")
        expected = {
            "purpose": key["purpose"],
            "notBefore": key["not_before"],
            "notAfter": key["not_after"],
            "registeredAtBlock": key["registered_block"],
            "revokedAt": _latest(key["revocations"]),
            "compromisedSince": _latest(key["compromises"]),
        }
        yield Question(key["at"], "KeyRegistry", "keyOf", (member, thumbprint), f"key {pair}", expected)
    for member in state.members:
        mine = {pair: key for pair, key in state.keys.items() if pair.startswith(f"{member}/")}
        for address, pairs in grouped(state, "KeyRegistry", mine).items():
            thumbprints = sorted(pair.split("/")[1] for pair in pairs)
            yield Question(address, "KeyRegistry", "keys", (member,), f"keys of {member}", thumbprints, sorted)


def _latest(history: list[list[int]]) -> int:
    time = latest(history, FOREVER)
    return 0 if time == FOREVER else time


def _parties(state: State) -> Iterator[Question]:
    for pair, versions in state.profiles.items():
        member, service = pair.split("/")
        for address in {version["at"] for version in versions}:
            here = [version for version in versions if version["at"] == address]
            rows = [
                {
                    "digest": version["digest"],
                    "registeredAt": version["registered_at"],
                    "endedAt": version["ended_at"] or 0,
                }
                for version in here
            ]
            standing = here[-1]["digest"] if here[-1]["ended_at"] is None else _NO_DIGEST
            args, subject = (member, service), f"profile {pair}"
            yield Question(address, "RelyingPartyRegistry", "profileHistory", args, subject, rows)
            yield Question(address, "RelyingPartyRegistry", "profileDigest", args, subject, standing)
    for thumbprint, provider in state.wallet_providers.items():
        expected = {
            "trustedAt": provider["trusted_at"],
            "validUntil": provider["valid_until"],
            "distrustedSince": provider["distrusted_since"] or 0,
        }
        question = (provider["at"], "RelyingPartyRegistry", "walletProvider", (thumbprint,))
        yield Question(*question, f"wallet provider {thumbprint}", expected)


def _logs(state: State) -> Iterator[Question]:
    places = dict.fromkeys(state.log_anchors)
    for address in state.addresses("LogAnchor"):
        for member in state.members:
            present = state.log_epochs.get(f"{member}/{address}", 1)
            yield Question(address, "LogAnchor", "epochOf", (member,), f"log of {member}", present)
            # Where nothing was anchored, nothing stands: an anchor without its event would be seen, in any epoch.
            places |= dict.fromkeys(f"{member}/{epoch}/{address}" for epoch in range(1, present + 1))
    for place in places:
        member, epoch, address = place.split("/")
        anchor = state.log_anchors.get(place, {"size": 0, "anchored_at": 0, "root": _NO_DIGEST})
        expected = {"size": anchor["size"], "anchoredAt": anchor["anchored_at"], "root": anchor["root"]}
        yield Question(address, "LogAnchor", "anchorOf", (member, int(epoch)), f"anchor {place}", expected)


def _attestations(state: State) -> Iterator[Question]:
    for batch, record in state.batches.items():
        expected = {"operator": record["operator"], "count": record["count"], "attestedAt": record["time"]}
        yield Question(record["at"], "AttestationRegistry", "batchById", (batch,), f"batch {batch}", expected)


def _statuses(state: State) -> Iterator[Question]:
    addresses = state.addresses("StatusRegistry")
    for place, address in enumerate(addresses):
        predecessor = addresses[place - 1] if place else _NOTHING
        subject = f"StatusRegistry {address}"
        yield Question(address, "StatusRegistry", "predecessor", (), subject, predecessor)
        yield Question(address, "StatusRegistry", "closed", (), subject, address in state.closed)
    for pair in state.statuses if addresses else ():
        issuer, number = pair.split("/")
        for word, value in state.words(issuer, int(number)).items():
            subject = f"status list {pair} word {word}"
            # A successor answers with its predecessor's word until it has one of its own.
            args = (issuer, int(number), word)
            yield Question(addresses[-1], "StatusRegistry", "word", args, subject, value)
