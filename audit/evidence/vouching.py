"""Weigh what other members' own logs say of the blocks that a package's headers lead through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from audit.evidence.logged import Logged
from audit.evidence.members import TrustedMember
from audit.evidence.trust import Trust
from jeung.errors import InvalidProof, JeungError
from jeung.services.evidence.package import VouchProof
from jeung.services.evidence.vouched import read_vouch


@dataclass(frozen=True, slots=True)
class Vouched:
    """Say what other logs come to.

    Attributes:
        named: the blocks that logs name, whosesoever they are, by number.
        origins: the trusted members' logs that count, one for each member.
        wanted: how many of them prove a block.
    """

    named: frozenset[int]
    origins: tuple[str, ...]
    wanted: int

    @property
    def is_enough(self) -> bool:
        """Tell whether they prove a block."""
        return len(self.origins) >= self.wanted


def weigh_vouches(
    proofs: Sequence[VouchProof], hashes: Mapping[int, bytes], relying_party: str, logged: Logged | None, trust: Trust
) -> Vouched:
    """Verify every vouch and count the members whose logs name one of these blocks.

    A member counts once, whichever of its keys, epochs or addresses, and so does a key; the relying party does not
    count, nor does a member that the genesis facts do not name.

    Whoever makes a block up can make up, in its state, whose URL and whose log key are whose: a member could judge
    under another's name, or a new one, and count for itself. So where the genesis facts do not know the relying
    party's log by its key, one member more is wanted.

    Args:
        proofs: in the order of their logs' origins, one of each.
        hashes: of the blocks that the headers lead through, by number.
        relying_party: its URL.
        logged: what the relying party's own log shows, if one is shown.
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
    own = None if logged is None else logged.key
    counted: dict[TrustedMember, str] = {}
    keys: set[bytes] = set()
    for vouch in vouches:
        if vouch.number not in hashes:
            raise InvalidProof(f"the headers do not lead to the block that {vouch.origin} names")
        member = next((member for member in trust.members if member.signs_log(vouch.key)), None)
        if member is None or member.is_party(relying_party, own):
            continue
        if vouch.hash != hashes[vouch.number]:
            raise InvalidProof(f"{vouch.origin} names another block {vouch.number}")
        if member not in counted and vouch.key.public not in keys:
            counted[member] = vouch.origin
            keys.add(vouch.key.public)
    wanted = max(1, trust.quorum) + (0 if logged is not None and logged.is_known else 1)
    return Vouched(frozenset(vouch.number for vouch in vouches), tuple(counted.values()), wanted)
