"""Keep what a node knows of its root: the public half, and the signed protocol of the ceremony that made it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.errors import Conflict, InvalidSignature, MalformedKey
from keys.ceremony import Root, RootPublic, Share
from keys.errors import CeremonyRefused
from keys.files import create_private_file, read_private_file, replace_private_file
from keys.keystore import Keystore
from keys.purposes import Purpose
from node.settings import Settings

ROOT_FILE: Final = "root.json"
PROTOCOL_FILE: Final = "ceremony-protocol.json"
MAX_PROTOCOL_BYTES: Final = 64 * 1024
_PROTOCOL = b"jeung ceremony protocol 1 "


@dataclass(frozen=True, slots=True)
class CeremonyFacts:
    """Say who was there and what was done; names are those of people who consent to stand in the protocol."""

    member: str
    held_at: int
    custodians: Sequence[str]
    witnesses: Sequence[str]
    read_back: str
    sets_tried: int


def share_digest(words: Sequence[str]) -> str:
    """Give what a custodian can tell his share by: SHA-256 over the words, base64url; a share has 256 random bits."""
    return base64url.encode(sha256(b"jeung share 1 " + " ".join(words).encode()))


def load_root(settings: Settings) -> RootPublic:
    """Give the public half of the node's root.

    Raises:
        CeremonyRefused: no ceremony has been held for this node, or the file was changed.
        InsecureFile: others can write or read the file.
    """
    try:
        data, _ = read_private_file(settings.node_dir / ROOT_FILE, max_bytes=MAX_PROTOCOL_BYTES)
    except FileNotFoundError:
        raise CeremonyRefused("this node has no root yet: hold `jeung keys ceremony` first") from None
    try:
        return RootPublic.from_json(json.loads(data))
    except (ValueError, RecursionError):
        raise CeremonyRefused("root.json does not describe a root") from None


def require_no_root(settings: Settings, *, replace: bool) -> None:
    """Refuse to make a second root by accident: backups under the first still need its shares.

    Raises:
        Conflict: there is one, and nobody said to replace it.
    """
    if (settings.node_dir / ROOT_FILE).exists() and not replace:
        raise Conflict("this node has a root; --replace makes another, and older backups keep needing the first one")


def keep_root(settings: Settings, public: RootPublic, protocol: Mapping[str, Any]) -> None:
    """Keep the public half and the protocol in the node's folder; those of an earlier root stay beside them.

    Raises:
        KeystoreNotWritten: the disk refused.
    """
    folder = settings.node_dir
    encoded = (json.dumps(protocol, indent=2) + "\n").encode()
    create_private_file(folder / _kept_protocol(public), encoded)
    replace_private_file(folder / PROTOCOL_FILE, encoded)
    # Last: a root whose file stands is one whose recovery was verified.
    replace_private_file(folder / ROOT_FILE, (json.dumps(public.to_json(), indent=2) + "\n").encode())


def protocol_of(settings: Settings, root: RootPublic) -> bytes:
    """Give the protocol of the ceremony that made a root, as it stands in its file.

    A ceremony that was killed while it kept a new root may have left its protocol beside the old root's public half;
    a backup with the one and the other could never be restored.

    Raises:
        CeremonyRefused: there is none of this root.
        InsecureFile: others can write or read the file.
    """
    for name in (_kept_protocol(root), PROTOCOL_FILE):
        try:
            data, _ = read_private_file(settings.node_dir / name, max_bytes=MAX_PROTOCOL_BYTES)
            if verify_protocol(parse_protocol(data))["root"] == root.to_json():
                return data
        except (FileNotFoundError, CeremonyRefused):
            continue
    raise CeremonyRefused("there is no protocol of the ceremony that made this root: hold another (--replace)")


def _kept_protocol(root: RootPublic) -> str:
    return f"{PROTOCOL_FILE.removesuffix('.json')}-{root.root_id[:12]}.json"


def signed_protocol(root: Root, shares: Sequence[Share], facts: CeremonyFacts, keystore: Keystore) -> dict[str, Any]:
    """Write down what was done, signed by the root itself and by the member; no secret stands in it.

    Raises:
        KeyCustodyError: the member's receipt key cannot sign.
    """
    body = {
        "kind": "root-ceremony",
        "version": 1,
        "member": facts.member,
        "held_at": facts.held_at,
        "root": root.public.to_json(),
        "custodians": [
            {"number": share.number, "name": name, "share_digest": share_digest(share.words)}
            for share, name in zip(shares, facts.custodians, strict=True)
        ],
        "witnesses": list(facts.witnesses),
        "recovery": {"read_back_from": facts.read_back, "sets_tried": facts.sets_tried},
    }
    message = _PROTOCOL + canonical_json.canonical(body)
    signer = keystore.current(Purpose.RECEIPT_SIGNING)
    return {
        "protocol": body,
        "signatures": {
            "root": base64url.encode(root.sign(message)),
            "member": {
                "jwk": signer.public_jwk,
                "signature": base64url.encode(keystore.sign(signer.key_id, Purpose.RECEIPT_SIGNING, message)),
            },
        },
    }


def parse_protocol(raw: bytes) -> object:
    """Read a protocol's file as JSON; nothing of it is believed yet.

    Raises:
        CeremonyRefused: it is none, or larger or deeper than a protocol is.
    """
    if len(raw) > MAX_PROTOCOL_BYTES:
        raise CeremonyRefused("this is no protocol of a ceremony")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise CeremonyRefused("this is no protocol of a ceremony") from None


def verify_protocol(document: object) -> Mapping[str, Any]:
    """Give the protocol of a ceremony once both signatures stand; whose the member's key is, the chain says.

    Raises:
        CeremonyRefused: it was changed, or signed by others.
    """
    try:
        if not isinstance(document, dict):
            raise ValueError
        body, signatures = document["protocol"], document["signatures"]
        message = _PROTOCOL + canonical_json.canonical(body)
        RootPublic.from_json(body["root"]).verify(base64url.decode(signatures["root"]), message)
        member = signatures["member"]
        parse_jwk(member["jwk"]).verify(base64url.decode(member["signature"]), message)
    except (ValueError, KeyError, TypeError, MalformedKey, InvalidSignature):
        raise CeremonyRefused("this is no protocol of a ceremony") from None
    found: Mapping[str, Any] = body
    return found
