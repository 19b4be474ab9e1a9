"""Weigh what other members' own logs say of the blocks that a package's headers lead through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from audit.evidence.trust import Trust, TrustedMember
from jeung.errors import InvalidProof, JeungError
from jeung.services.evidence.package import VouchProof
from jeung.services.evidence.vouched import Vouch, read_vouch


@dataclass(frozen=True, slots=True)
class Vouched:
    """Hold the blocks that logs name by number, and the origins of trusted members' logs, one for each member."""

    named: frozenset[int] = frozenset()
    origins: tuple[str, ...] = ()


def weigh_vouches(
    proofs: Sequence[VouchProof], hashes: Mapping[int, bytes], relying_party: str, own_key: bytes | None, trust: Trust
) -> Vouched:
    """Verify every vouch and count the members whose logs name one of these blocks.

    A member counts once, whichever of its keys, epochs or addresses; the relying party does not count, nor does a
    member that the genesis facts do not name.

    Args:
        proofs: in the order of their logs' origins, one of each.
        hashes: of the blocks that the headers lead through, by number.
        relying_party: its URL.
        own_key: the public key that signed the relying party's own checkpoint, if one is shown.
        trust: the genesis facts.

    Raises:
        InvalidProof: a vouch is none, or a trusted member's log names another block of a number.
    """
    try:
        vouches = [read_vouch(proof) for proof in proofs]
    except JeungError as error:
        raise InvalidProof(f"what another log says of a block does not hold: {error.detail}") from None
    if not all(earlier.origin < later.origin for earlier, later in pairwise(vouches)):
        raise InvalidProof("what other logs say of blocks is not in its order, one of each log")
    counted: dict[TrustedMember, str] = {}
    for vouch in vouches:
        if vouch.number not in hashes:
            raise InvalidProof(f"the headers do not lead to the block that {vouch.origin} names")
        member = _member(vouch, trust)
        if member is None or relying_party in member.urls or own_key in member.log_keys:
            continue
        if vouch.hash != hashes[vouch.number]:
            raise InvalidProof(f"{vouch.origin} names another block {vouch.number}")
        counted.setdefault(member, vouch.origin)
    return Vouched(frozenset(vouch.number for vouch in vouches), tuple(counted.values()))


def _member(vouch: Vouch, trust: Trust) -> TrustedMember | None:
    for member in trust.members:
        if vouch.key.public in member.log_keys and member.is_its_log(vouch.origin):
            return member
    return None
