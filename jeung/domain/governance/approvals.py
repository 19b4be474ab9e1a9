"""Carry a member's approval between machines: what is asked for, what was signed, as two small JSON files.

The machine that signs holds the key and nothing else, so a request brings all that is needed to understand it: the
call itself, whose identifier must come out as the one that is approved, and names that can each be checked against
the identifier they stand for. What cannot be checked is not believed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from jeung.crypto import canonical_json
from jeung.crypto.hashing import keccak256, sha256
from jeung.crypto.typed_data import SIGNATURE_LENGTH, typed_message, word
from jeung.domain.identifiers import Address, MemberId, ProposalId, SchemaId, id_from_hex, to_hex
from jeung.domain.members import Member, Role
from jeung.domain.profiles import service_id
from jeung.domain.registrations import RequestProfile, Schema
from jeung.domain.registry import Registry
from jeung.errors import JeungError, MalformedInput

MAX_FILE_BYTES: Final = 512 * 1024
APPROVAL_TYPE: Final = "Approval(bytes32 proposal,bytes32 member,uint256 nonce,uint256 deadline)"
MAX_SIGNATURE: Final = 4_096
"""Bytes of a contract account's signature: some sixty keys of a multi-signature account."""
_DOMAIN_MEMBERS: Final = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)
_DOMAIN_NAME, _DOMAIN_VERSION = "Jeung Consortium", "1"
_VERSION = 1
_REQUEST, _SIGNED = "approval_request", "signed_approval"
_MAX_UINT = 1 << 63
_MAX_NAMES = 4_096


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """Ask a member's governance account to sign its approval of one proposal, before a deadline in seconds UTC.

    `contract_account` tells that the account is a contract, which judges signatures itself (EIP-1271). `urls`,
    `types` and `services` are the names that the words of the call need.
    """

    chain_id: int
    consortium: Address
    proposal: ProposalId
    proposer: MemberId
    target: Address
    contract: str
    call: bytes
    salt: bytes
    member: MemberId
    account: Address
    nonce: int
    deadline: int
    contract_account: bool = False
    urls: tuple[str, ...] = ()
    types: tuple[bytes, ...] = ()
    services: tuple[str, ...] = ()

    def message(self) -> bytes:
        """Give the EIP-712 message to be signed, 66 bytes."""
        return approval_message(
            self.chain_id, self.consortium, self.proposal, self.member, nonce=self.nonce, deadline=self.deadline
        )

    def typed_data(self) -> dict[str, Any]:
        """Give the same message as `eth_signTypedData_v4` takes it, for whatever signs in the account's name."""
        members = [part.split(" ") for part in APPROVAL_TYPE[len("Approval(") : -1].split(",")]
        return {
            "types": {
                "EIP712Domain": [{"name": name, "type": kind} for name, kind in _DOMAIN_MEMBERS],
                "Approval": [{"name": name, "type": kind} for kind, name in members],
            },
            "primaryType": "Approval",
            "domain": {
                "name": _DOMAIN_NAME,
                "version": _DOMAIN_VERSION,
                "chainId": self.chain_id,
                "verifyingContract": self.consortium,
            },
            "message": {
                "proposal": to_hex(self.proposal),
                "member": to_hex(self.member),
                # Text: JavaScript reads whole numbers exactly up to 2^53 only.
                "nonce": str(self.nonce),
                "deadline": str(self.deadline),
            },
        }

    def document(self) -> dict[str, Any]:
        """Write the file."""
        return {
            "version": _VERSION,
            "kind": _REQUEST,
            "chain_id": self.chain_id,
            "consortium": self.consortium,
            "proposal_id": to_hex(self.proposal),
            "proposer": to_hex(self.proposer),
            "target": self.target,
            "contract": self.contract,
            "call": to_hex(self.call),
            "salt": to_hex(self.salt),
            "member_id": to_hex(self.member),
            "account": self.account,
            "nonce": self.nonce,
            "deadline": self.deadline,
            "contract_account": self.contract_account,
            "names": {
                "urls": list(self.urls),
                "types": [to_hex(metadata) for metadata in self.types],
                "services": list(self.services),
            },
        }

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read a file, and make sure that the call in it is the one that the proposal's identifier stands for.

        Raises:
            MalformedInput: another shape, too large, or a call that makes another identifier.
        """
        body = _read(text, _REQUEST)
        try:
            names = body["names"]
            found = cls(
                chain_id=_number(body["chain_id"]),
                consortium=_address(body["consortium"]),
                proposal=ProposalId(id_from_hex(body["proposal_id"])),
                proposer=MemberId(id_from_hex(body["proposer"])),
                target=_address(body["target"]),
                contract=_name(body["contract"]),
                call=_bytes(body["call"]),
                salt=id_from_hex(body["salt"]),
                member=MemberId(id_from_hex(body["member_id"])),
                account=_address(body["account"]),
                nonce=_number(body["nonce"]),
                deadline=_number(body["deadline"]),
                contract_account=_flag(body.get("contract_account", False)),
                urls=tuple(_text(url) for url in _list(names["urls"])),
                types=tuple(_bytes(metadata) for metadata in _list(names["types"])),
                services=tuple(_text(name) for name in _list(names["services"])),
            )
        except (KeyError, TypeError, ValueError):
            raise MalformedInput("this is no request for an approval") from None
        if proposal_id(found) != found.proposal:
            raise MalformedInput("the call in the file is not the one that the proposal stands for")
        return found

    def known(self) -> Registry:
        """Give the little picture of the consortium that this file proves: names that make their identifiers."""
        members, schemas, profiles = {}, {}, {}
        for url in self.urls:
            member = MemberId(keccak256(url.encode()))
            members[member] = Member(member, (url,), Address(""), ((0, Role(0)),), 0)
        for metadata in self.types:
            schema = SchemaId(sha256(metadata))
            vct = _vct(metadata)
            if vct is not None:
                schemas[schema] = Schema(schema, vct, metadata, 0)
        for name in self.services:
            service = service_id(name)
            profiles[MemberId(b""), service] = RequestProfile(
                MemberId(b""), service, name, b"", (), frozenset(), frozenset(), "", "", 0
            )
        return Registry(members=members, schemas=schemas, profiles=profiles)


@dataclass(frozen=True, slots=True)
class SignedApproval:
    """Hold a signed approval, which anybody may bring to the chain.

    `signature` is r, s, v (27 or 28), 65 bytes; of a contract account what it wants, at most 4,096 bytes (EIP-1271).
    """

    chain_id: int
    consortium: Address
    proposal: ProposalId
    member: MemberId
    nonce: int
    deadline: int
    signature: bytes = field(repr=False)
    contract_account: bool = False

    @classmethod
    def of(cls, request: ApprovalRequest, signature: bytes) -> Self:
        """Put a signature under a request."""
        return cls(
            request.chain_id,
            request.consortium,
            request.proposal,
            request.member,
            request.nonce,
            request.deadline,
            signature,
            request.contract_account,
        )

    @property
    def identity(self) -> bytes:
        """Give what tells it from every other: what was signed, and how."""
        return keccak256(self.message() + self.signature)

    def message(self) -> bytes:
        """Give the EIP-712 message that was signed, 66 bytes."""
        return approval_message(
            self.chain_id, self.consortium, self.proposal, self.member, nonce=self.nonce, deadline=self.deadline
        )

    def document(self) -> dict[str, Any]:
        """Write the file."""
        return {
            "version": _VERSION,
            "kind": _SIGNED,
            "chain_id": self.chain_id,
            "consortium": self.consortium,
            "proposal_id": to_hex(self.proposal),
            "member_id": to_hex(self.member),
            "nonce": self.nonce,
            "deadline": self.deadline,
            "signature": to_hex(self.signature),
            # Left out where it says nothing: nodes from before contract accounts take no member they do not know.
            **({"contract_account": True} if self.contract_account else {}),
        }

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read a file.

        Raises:
            MalformedInput: another shape, or too large.
        """
        body = _read(text, _SIGNED)
        try:
            signature, by_contract = _bytes(body["signature"]), _flag(body.get("contract_account", False))
            if not (0 < len(signature) <= MAX_SIGNATURE if by_contract else len(signature) == SIGNATURE_LENGTH):
                raise ValueError
            return cls(
                chain_id=_number(body["chain_id"]),
                consortium=_address(body["consortium"]),
                proposal=ProposalId(id_from_hex(body["proposal_id"])),
                member=MemberId(id_from_hex(body["member_id"])),
                nonce=_number(body["nonce"]),
                deadline=_number(body["deadline"]),
                signature=signature,
                contract_account=by_contract,
            )
        except (KeyError, TypeError, ValueError):
            raise MalformedInput("this is no signed approval") from None


def approval_message(
    chain_id: int, consortium: Address, proposal: ProposalId, member: MemberId, *, nonce: int, deadline: int
) -> bytes:
    """Give what a governance account signs to approve off line: EIP-712, 66 bytes (IProposals.approveBySignature)."""
    return typed_message(
        name=_DOMAIN_NAME,
        version=_DOMAIN_VERSION,
        chain_id=chain_id,
        contract=bytes.fromhex(consortium[2:]),
        type_text=APPROVAL_TYPE,
        members=(proposal, member, word(nonce), word(deadline)),
    )


def proposal_id(request: ApprovalRequest) -> ProposalId:
    """Compute the identifier of the call in a request, as the Consortium contract does.

    keccak256(abi.encode(chain id, contract, proposer, target, keccak256(data), salt)): every part is one word.
    """
    accounts = [bytes.fromhex(address[2:]).rjust(32, b"\0") for address in (request.consortium, request.target)]
    words = (
        word(request.chain_id),
        accounts[0],
        request.proposer,
        accounts[1],
        keccak256(request.call),
        request.salt,
    )
    return ProposalId(keccak256(b"".join(words)))


def _read(text: bytes, kind: str) -> Mapping[str, Any]:
    if len(text) > MAX_FILE_BYTES:
        raise MalformedInput("the file is larger than its bound")
    body = canonical_json.parse_object(text)
    if body.get("version") != _VERSION or body.get("kind") != kind:
        raise MalformedInput("the file is of another kind or version")
    return body


def _vct(metadata: bytes) -> str | None:
    try:
        vct = canonical_json.parse_object(metadata).get("vct")
    except JeungError:
        return None
    return vct if isinstance(vct, str) else None


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MAX_UINT:
        raise ValueError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MAX_NAMES:
        raise TypeError
    return value


def _bytes(value: object) -> bytes:
    text = _text(value)
    if re.fullmatch("0x(?:[0-9a-fA-F]{2})*", text) is None:
        raise ValueError
    return bytes.fromhex(text[2:])


def _address(value: object) -> Address:
    # Python passes over spaces and lines between hexadecimal digits; what is shown to be signed must not have them.
    text = _text(value)
    if re.fullmatch("0x[0-9a-fA-F]{40}", text) is None:
        raise ValueError
    return Address(text)


def _name(value: object) -> str:
    text = _text(value)
    if re.fullmatch("[A-Za-z0-9]{0,64}", text) is None:
        raise ValueError
    return text
