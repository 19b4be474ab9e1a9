"""Replay schemas, accreditations, keys, profiles, wallet providers and the Directory."""

import hashlib

from audit import rules
from audit.decoding import Event
from audit.replay.course import Course, Handler
from audit.state import FOREVER


def contract_name(padded: str) -> str:
    """Read a name of the Directory, ASCII in 32 bytes; one that is not stays 0x-hex."""
    text = bytes.fromhex(padded[2:]).rstrip(b"\0")
    return text.decode("ascii") if text.isascii() and text.isalnum() else padded


def _sha256(text: str) -> str:
    return "0x" + hashlib.sha256(bytes.fromhex(text[2:])).hexdigest()


def _schema_registered(course: Course, event: Event, time: int) -> None:
    schema, vct = event.args["schema"], event.args["vct"]
    if schema != _sha256(event.args["metadata"]):
        course.report(rules.ID_MISMATCH, event, "the schema's id is not the SHA-256 of its metadata")
    schemas = course.state.schemas
    if schema in schemas or any(vct == kept["vct"] for kept in schemas.values()):
        course.report(rules.HISTORY_REWRITTEN, event, "a schema or its vct was registered again")
    schemas[schema] = {"vct": vct, "registered_at": time, "deprecated_at": None, "at": event.address}


def _schema_deprecated(course: Course, event: Event, time: int) -> None:
    course.state.schemas[event.args["schema"]]["deprecated_at"] = time


def _granted(course: Course, event: Event, time: int) -> None:
    grants = course.state.grants.setdefault(f"{event.args['member']}/{event.args['schema']}", [])
    here = sum(grant["at"] == event.address for grant in grants)
    if event.args["grantIndex"] != here or event.args["validFrom"] < time:
        course.report(rules.HISTORY_REWRITTEN, event, "a grant is out of order or begins in the past")
    grants.append(
        {
            "valid_from": event.args["validFrom"],
            "valid_until": event.args["validUntil"],
            "withdrawn_at": None,
            "withdrawn_since": None,
            "at": event.address,
        }
    )


def _withdrawn(course: Course, event: Event, time: int) -> None:
    grants = course.state.grants[f"{event.args['member']}/{event.args['schema']}"]
    here = [grant for grant in grants if grant["at"] == event.address]
    if event.args["grantIndex"] >= len(here):
        raise KeyError(event.args["grantIndex"])
    grant, since = here[event.args["grantIndex"]], event.args["effectiveSince"]
    course.require_earlier(event, grant["withdrawn_since"] or FOREVER, since, time)
    grant["withdrawn_at"], grant["withdrawn_since"] = time, since


def _key_registered(course: Course, event: Event, time: int) -> None:
    key = f"{event.args['member']}/{event.args['thumbprint']}"
    course.require_active(event, event.args["member"], time)
    if key in course.state.keys or event.args["notBefore"] < time:
        course.report(rules.HISTORY_REWRITTEN, event, "a key was registered again or begins in the past")
    course.state.keys[key] = {
        "purpose": event.args["purpose"],
        "not_before": event.args["notBefore"],
        "not_after": event.args["notAfter"],
        "registered_block": event.block_number,
        "revocations": [],
        "compromises": [],
        "at": event.address,
    }


def _key_revoked(course: Course, event: Event, time: int) -> None:
    revocations = course.state.keys[f"{event.args['member']}/{event.args['thumbprint']}"]["revocations"]
    course.require_present(event, event.args["member"], time)
    revoked_at = event.args["revokedAt"]
    if revoked_at < time or (revocations and revoked_at >= revocations[-1][1]):
        course.report(rules.HISTORY_REWRITTEN, event, "a revocation lies in the past or was moved later")
    revocations.append([event.block_number, revoked_at])


def _key_compromised(course: Course, event: Event, time: int) -> None:
    compromises = course.state.keys[f"{event.args['member']}/{event.args['thumbprint']}"]["compromises"]
    course.require_present(event, event.args["member"], time)
    course.require_earlier(event, compromises[-1][1] if compromises else FOREVER, event.args["since"], time)
    compromises.append([event.block_number, event.args["since"]])


def _profile_registered(course: Course, event: Event, time: int) -> None:
    digest = _sha256(event.args["profile"])
    if digest != event.args["digest"]:
        course.report(rules.ID_MISMATCH, event, "a profile's digest is not the SHA-256 of its bytes")
    versions = course.state.profiles.setdefault(f"{event.args['member']}/{event.args['service']}", [])
    if versions and versions[-1]["ended_at"] is None and versions[-1]["at"] == event.address:
        versions[-1]["ended_at"] = time
    versions.append({"digest": digest, "registered_at": time, "ended_at": None, "at": event.address})


def _profile_withdrawn(course: Course, event: Event, time: int) -> None:
    latest = course.state.profiles[f"{event.args['member']}/{event.args['service']}"][-1]
    if latest["ended_at"] is not None:
        raise KeyError(event.args["service"])
    latest["ended_at"] = time


def _provider_trusted(course: Course, event: Event, time: int) -> None:
    thumbprint = event.args["thumbprint"]
    if thumbprint != _sha256(event.args["jwk"]):
        course.report(rules.ID_MISMATCH, event, "a wallet provider's thumbprint is not the SHA-256 of its key")
    before = course.state.wallet_providers.get(thumbprint)
    if before is not None and before["distrusted_since"] is not None:
        course.report(rules.HISTORY_REWRITTEN, event, "a distrusted wallet provider was trusted again")
    course.state.wallet_providers[thumbprint] = {
        "trusted_at": time,
        "valid_until": event.args["validUntil"],
        "distrusted_since": None,
        "at": event.address,
    }


def _provider_distrusted(course: Course, event: Event, time: int) -> None:
    provider, since = course.state.wallet_providers[event.args["thumbprint"]], event.args["effectiveSince"]
    course.require_earlier(event, provider["distrusted_since"] or FOREVER, since, time)
    provider["distrusted_since"] = since


def _contract_named(course: Course, event: Event, time: int) -> None:
    named = course.state.contracts.setdefault(contract_name(event.args["name"]), [])
    if event.args["index"] != len(named):
        course.report(rules.HISTORY_BROKEN, event, "the Directory's history of a name has a gap")
    named.append([event.args["contractAddress"], event.block_number])


HANDLERS: dict[tuple[str, str], Handler] = {
    ("SchemaRegistry", "SchemaRegistered"): _schema_registered,
    ("SchemaRegistry", "SchemaDeprecated"): _schema_deprecated,
    ("AccreditationRegistry", "AccreditationGranted"): _granted,
    ("AccreditationRegistry", "AccreditationWithdrawn"): _withdrawn,
    ("KeyRegistry", "KeyRegistered"): _key_registered,
    ("KeyRegistry", "KeyRevoked"): _key_revoked,
    ("KeyRegistry", "KeyCompromised"): _key_compromised,
    ("RelyingPartyRegistry", "ProfileRegistered"): _profile_registered,
    ("RelyingPartyRegistry", "ProfileWithdrawn"): _profile_withdrawn,
    ("RelyingPartyRegistry", "WalletProviderTrusted"): _provider_trusted,
    ("RelyingPartyRegistry", "WalletProviderDistrusted"): _provider_distrusted,
    ("Directory", "ContractNamed"): _contract_named,
}
