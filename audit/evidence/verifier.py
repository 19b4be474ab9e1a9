"""Verify a package of evidence, step by step; each says what it proved, and from what.

 1. The package has the form of its version, byte for byte: RFC 8785 JSON, no more members than it has.
 2. It is of the consortium of the genesis facts.
 3. The judgement has its form; the log's entry of it is computed from its bytes, the presentation's digest in the
    presentation's place, and its hour.
 4. The checkpoint is of the relying party's log; every line under it is signed by the key that it names; the
    judgement's entry stands in it, and the entry that names a block.
 5. Trusted witnesses cosigned the checkpoint: the log shows everybody the same, and did by then. They see no entries,
    so whether a block that the log names is one of the chain they do not say.
 6. The headers are linked from the block that the judgement rested on to the one that the log names, and to those
    that other members' own logs name: enough of these, each under its member's own key, prove the block. The
    relying party is none of them, at whichever of its addresses.
    The judgement's time lies between the block's and the cosignatures', and not long after the block's.
 7. The nodes lead from that block's state over the Directory to every slot that the judgement rested on, and there
    is no node that does not.
 8. The code of the contracts is what the genesis facts name.
 9. The presentation, judged anew over these slots by the same procedure, gives the judgement that was given.

Nothing is asked of anybody: neither a network nor a clock takes part. Whoever reads the verdict must still know that
the genesis facts are those of the consortium meant, and may weigh what was taken on trust.
"""

from collections.abc import Mapping
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from audit.evidence.form import is_consistent, is_sayable
from audit.evidence.logged import Logged, verify_logged
from audit.evidence.trust import Trust
from audit.evidence.verdict import Fact, Outcome, Standing, Verdict, outcome_of, sentence, time_of
from audit.evidence.vouching import Vouched, weigh_vouches
from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.trie import Header, NotShownError, TrieNodes, link_headers
from jeung.domain.presentations import ClientIdPrefix
from jeung.errors import InvalidProof, JeungError, MalformedEvidence
from jeung.services.evidence.asked import read_asked
from jeung.services.evidence.package import ChainProof, EvidencePackage, parse_package
from jeung.services.evidence.proven import Beside
from jeung.services.evidence.reading import Read, read_with_log_key
from jeung.services.evidence.rejudging import (
    BY_THE_NODES_WORD,
    LAST_STEP,
    NOT_THERE,
    USUAL_BOUNDS,
    Rejudged,
    freshness_of,
    judge_again,
)
from jeung.services.verification.shown import PRESENTATION, PRESENTATION_DIGEST, committed, is_dropped

CLOCK_SKEW_S: Final = 60
"""By how much clocks of members may differ."""
MAX_BLOCK_AGE_S: Final = 300
"""Far above what any node judges by (`ledger.max_head_age_s`, `ledger.max_blocks_behind`)."""
_UNREADABLE: Final = (JeungError, KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
_RECORD: Final = "judgement"


class _RefutedError(Exception):
    """Raised where going on has no sense."""


class _Verification:
    """Gather the facts of one package."""

    def __init__(self, package: EvidencePackage, trust: Trust) -> None:
        self.package = package
        self.trust = trust
        self.facts: list[Fact] = []
        self.judgement: Mapping[str, Any] = {}

    def say(self, name: str, standing: Standing, statement: str, source: str) -> None:
        self.facts.append(Fact(name, standing, statement, source))

    def refute(self, name: str, statement: str, source: str) -> NoReturn:
        self.say(name, Standing.REFUTED, statement, source)
        raise _RefutedError

    def run(self) -> None:
        self._consortium()
        self._judgement()
        logged = self._log()
        proof = self.package.chain
        if isinstance(proof, str):
            self._no_block(proof)
            self._result(None, None)
        else:
            header = self._block(proof, logged)
            self._time(header, logged)
            self._result(self._state(proof, header, logged), header)
        self._word()

    def _consortium(self) -> None:
        """2."""
        ours, theirs = self.trust, self.package.deployment
        same = (ours.chain_id, ours.directory, ours.block_hash) == (
            theirs.chain_id,
            theirs.directory,
            theirs.block_hash,
        )
        if not same:
            self.refute("consortium", "It is evidence of another consortium.", "genesis facts")
        named = f"It is evidence of the consortium 0x{ours.deployment_id.hex()}."
        self.say("consortium", Standing.PROVED, named, "genesis facts")

    def _judgement(self) -> None:
        """3."""
        try:
            judgement = canonical_json.parse_object(self.package.judgement.encode())
            shown = PRESENTATION_DIGEST if is_dropped(judgement) else PRESENTATION
            texts = ("evidence_id", "relying_party", "profile", shown, "rules", "result")
            sound = len({PRESENTATION, PRESENTATION_DIGEST} & set(judgement)) == 1
            sound &= all(isinstance(judgement[name], str) for name in texts) and type(judgement["judged_at"]) is int
            sound &= isinstance(judgement["steps"], list) and 0 <= judgement["judged_at"] < 1 << 53
            sound &= judgement["result"] in ("verified", "refused")
            sound &= is_consistent(judgement) and is_sayable(judgement)
        except _UNREADABLE:
            sound = False
        if not sound:
            self.refute(_RECORD, "The judgement has not the form every judgement has.", "the package")
        self.judgement = judgement
        if is_dropped(judgement):
            said = "The presentation was dropped, as the relying party's retention has it: its digest is left."
            self.say("presentation", Standing.MISSING, said, "the judgement")

    def _log(self) -> Logged | None:
        """4 and 5."""
        proof = self.package.log
        if isinstance(proof, str):
            self.say("logged", Standing.MISSING, f"No place in the log is shown: {proof}.", "the package")
            return None
        try:
            digest = sha256(committed(self.package.judgement.encode(), self.judgement))
            logged = verify_logged(proof, self.judgement, digest, self.trust)
        except JeungError as error:
            self.refute("logged", sentence("The log does not hold the judgement", error), "the log")
        self.say(
            "logged",
            Standing.PROVED,
            f"The judgement was fixed in the relying party's log before entry {logged.size} of {logged.origin}.",
            "RFC 6962 inclusion proof under the signed checkpoint",
        )
        if not self.trust.names_witnesses:
            said = "The genesis facts name no witnesses: that the log shows everybody the same is taken on trust."
            self.say("witnessed", Standing.ON_TRUST, said, f"{logged.cosigned} cosignatures of unknown keys")
        elif logged.is_witnessed:
            said = f"{len(logged.witnesses)} trusted witnesses saw it, the first at {time_of(logged.seen_at)}."
            self.say("witnessed", Standing.PROVED, said, ", ".join(logged.witnesses))
        else:
            said = f"Of the witnesses, {len(logged.witnesses)} cosigned; {self.trust.quorum} are needed."
            self.say("witnessed", Standing.MISSING, said, "cosignatures under the checkpoint")
        return logged

    def _no_block(self, missing: str) -> None:
        if self.package.vouches:
            self.refute("block", "Other logs name blocks, and no headers lead there.", "other members' logs")
        if self.judgement.get("block") is None:
            said = "The presentation was refused before the ledger was asked."
            self.say("block", Standing.PROVED, said, "the judgement")
        else:
            self.say("block", Standing.MISSING, f"Nothing of the chain is shown: {missing}.", "the package")

    def _block(self, proof: ChainProof, logged: Logged | None) -> Header:
        """6."""
        try:
            first, found = link_headers(proof.headers)
            stated = freshness_of(self.judgement)
        except _UNREADABLE:
            self.refute("block", "The headers are no chain of blocks.", "the headers")
        hashes = dict(enumerate(found, start=first.number))
        last = first.number + len(hashes) - 1
        vouched = self._vouched(hashes, logged)
        own = None if logged is None else logged.block
        is_own = first.hash == stated.indexed_hash and first.number == stated.indexed_number
        # Packages of version 1 end at the block that the relying party's own log names.
        named = own is not None and hashes.get(own[0]) == own[1] and (self.package.version > 1 or own[0] == last)
        if own is not None and not named:
            self.refute("block", "The headers do not lead to the block that the log names.", "the log")
        if not named and not is_own:
            self.refute("block", "Neither judgement nor log names the block of the proofs.", "the headers")
        if last > max(vouched.named | {first.number if own is None else own[0]}):
            self.refute("block", "The headers lead further than to what logs name.", "the headers")
        if first.number < stated.indexed_number or (first.number == stated.indexed_number and not is_own):
            self.refute("block", "The proofs are not of the judgement's block.", "the headers")
        which = f"block {first.number} of {first.time}"
        if not is_own:
            later = first.number - stated.indexed_number
            said = f"The proofs are of {which}, {later} after the judgement's: what changed between does not show."
            if first.time - self.judgement["judged_at"] > MAX_BLOCK_AGE_S:
                self.say("block_is_later", Standing.MISSING, said, "the headers")
            else:
                self.say("block_is_later", Standing.ON_TRUST, said, "the headers")
        self._on_the_chain(hashes, vouched, own=own, witnessed=logged is not None and logged.is_witnessed)
        return first

    def _vouched(self, hashes: Mapping[int, bytes], logged: Logged | None) -> Vouched:
        try:
            return weigh_vouches(self.package.vouches, hashes, self.judgement["relying_party"], logged, self.trust)
        except InvalidProof as error:
            self.refute("block", sentence("The block is not one of the chain", error), "other members' logs")

    def _on_the_chain(
        self, hashes: Mapping[int, bytes], vouched: Vouched, *, own: tuple[int, bytes] | None, witnessed: bool
    ) -> None:
        """Tell whether the blocks are of the consortium's chain: by what is known beforehand, or by other members.

        A cosignature covers the log's root: nobody who cosigned has looked at the entry that names the block. A
        member's own log does name blocks, under that member's key.
        """
        number, known = min(hashes), [number for number in hashes if number in self.trust.blocks]
        if any(self.trust.blocks[number] != hashes[number] for number in known):
            self.refute("block", "The headers are not of the chain whose blocks are known.", "the known blocks")
        said = f"Block {number}, 0x{hashes[number].hex()}, is one of the consortium's chain."
        if known:
            self.say("block", Standing.PROVED, said, f"headers linked to block {known[-1]}, which is known")
            return
        others = len(vouched.origins)
        if vouched.is_enough:
            logs = ", ".join(vouched.origins)
            source = f"{others} members' own logs name a block that these headers lead to: {logs}"
            self.say("block", Standing.PROVED, said, source)
            return
        newest = max(hashes) if own is None else own[0]
        said = f"That block {newest}, 0x{hashes[newest].hex()}, is one of the consortium's chain is taken on trust"
        source = "the judgement names it" if own is None else "the relying party's log names it"
        if witnessed:
            source = f"{source}, fixed when the witnesses cosigned"
        if self.trust.members:
            source = f"{source}; {others} of {vouched.wanted} other members' logs lead there"
        self.say("block", Standing.ON_TRUST, f"{said}: compare it with any copy of the chain.", source)

    def _time(self, header: Header, logged: Logged | None) -> None:
        """Hold the judgement's clock against the block's and the witnesses'."""
        at, stated = self.judgement["judged_at"], freshness_of(self.judgement)
        is_own = header.number == stated.indexed_number
        if is_own and not header.time <= stated.head_time <= at + CLOCK_SKEW_S:
            self.refute("time", "The judgement's time is before that of the block it names.", "the headers")
        if logged is not None and logged.is_witnessed and (logged.seen_at or 0) < at - CLOCK_SKEW_S:
            self.refute("time", "The judgement's time is after that of the cosignatures over it.", "the log")
        if at - header.time > MAX_BLOCK_AGE_S:
            said = f"The block is {at - header.time} s older than the judgement: what changed between does not show."
            self.say("time", Standing.MISSING, said, "the headers")

    def _state(self, proof: ChainProof, header: Header, logged: Logged | None) -> Read:
        """7 and 8."""
        beside = Beside(
            path=proof.path,
            profile=None if proof.profile is None else proof.profile.encode(),
            keys=() if logged is None else (logged.key_thumbprint,),
        )
        asked = read_asked(self.judgement)
        try:
            nodes, freshness = TrieNodes(proof.nodes), freshness_of(self.judgement)
            read = read_with_log_key(nodes, header, self.trust.directory, asked, beside, freshness)
        except NotShownError:
            said = "The proofs do not lead to all that the judgement rested on."
            self.refute("state", said, "eth_getProof nodes")
        except InvalidProof as error:
            self.refute("state", sentence("The proofs are wrong", error), "eth_getProof nodes")
        idle = proof.path is not None and not read.ledger.is_attested
        idle |= proof.profile is not None and not read.ledger.registry.profiles
        if idle or read.unused or list(read.nodes) != list(proof.nodes):
            self.refute("state", "The proofs hold what proves nothing here.", "eth_getProof nodes")
        said = (
            f"Members, keys, accreditations, attestation, status and profile are read from {len(read.nodes)} nodes."
        )
        self.say("state", Standing.PROVED, said, "storage proofs under the block's state root, from the Directory on")
        self._code(read)
        if logged is not None:
            self.facts.append(logged.key_fact(read.ledger.registry, self.judgement["relying_party"]))
        return read

    def _code(self, read: Read) -> None:
        if not self.trust.code:
            said = "The genesis facts name no code: that the contracts keep their rules is taken on trust."
            self.say("code", Standing.ON_TRUST, said, "the deployment")
            return
        unknown = [name for name, codes in read.code_hashes.items() if codes != {self.trust.code.get(name)}]
        if unknown:
            # A successor that the consortium named has other code, too.
            said = f"The code of {', '.join(unknown)} is not what the genesis facts name: taken on trust."
            self.say("code", Standing.ON_TRUST, said, "the Directory names these contracts")
            return
        said = "The contracts' code is what the genesis facts name."
        self.say("code", Standing.PROVED, said, "account proofs")

    def _result(self, read: Read | None, header: Header | None) -> None:
        """9."""
        stated = "verified" if self.judgement["code"] is None else f"refused, {self.judgement['code']}"
        asked_none = self.judgement.get("block") is None and not is_dropped(self.judgement)
        if read is None and not asked_none:
            self.say("result", Standing.MISSING, f"The judgement ({stated}) cannot be repeated.", "the package")
            return
        try:
            again = judge_again(self.judgement, None if read is None else read.ledger)
        except NotShownError:
            if read is not None:
                said = f"The judgement ({stated}) cannot be repeated: the storage does not tell the status."
                self.say("result", Standing.MISSING, said, "StatusRegistry")
                return
            said = "The judgement names no block, and says what only the ledger tells."
            self.refute("result", said, "the judgement")
        except (RecursionError, *_UNREADABLE):
            self.refute("result", "The judgement cannot be repeated over its proofs.", "the procedure")
        self._audience()
        self._bounds(read)
        if again.differs_at is None:
            self._as_stated(stated)
        elif self._rests_on_word(again):
            said = f"That it was {stated} at step {again.differs_at} rests on what the node kept of its requests."
            self.say("result", Standing.ON_TRUST, said, "the relying party")
        elif header is not None and header.number > freshness_of(self.judgement).indexed_number:
            said = (
                f"Step {again.differs_at} comes out otherwise by the later block: the judgement ({stated}) may stand."
            )
            self.say("result", Standing.MISSING, said, "the procedure, over the proofs")
        else:
            said = f"Step {again.differs_at} comes out otherwise by the proofs than the judgement ({stated}) says."
            self.refute("result", said, "the procedure, over the proofs")

    def _as_stated(self, stated: str) -> None:
        if self.judgement["code"] in NOT_THERE:
            # Whoever leaves the path out that leads to the batch could say so of any credential.
            said = f"No path to a batch is shown, so it is {stated}; that there is none, no proof of storage shows."
            self.say("result", Standing.MISSING, said, "the relying party")
            return
        said = f"Judged anew, the presentation is {stated}."
        self.say("result", Standing.PROVED, said, "the procedure, over the proofs")

    def _audience(self) -> None:
        """Tell whether whom the request had the holder name is the relying party: else anybody's answer would do."""
        request, url = self.judgement.get("request"), self.judgement["relying_party"]
        if request is None:
            return
        named = str(request["client_id"])
        if named.startswith(f"{ClientIdPrefix.X509_HASH}:"):
            said = "That the certificate which the holder's signature names is the relying party's is its word."
            self.say("audience", Standing.ON_TRUST, said, "the relying party")
        elif named not in (url, f"{ClientIdPrefix.X509_SAN_DNS}:{urlsplit(url).hostname}"):
            self.refute("audience", "The request names another party than the one that judged.", "the judgement")

    def _bounds(self, read: Read | None) -> None:
        """Tell where only the relying party's own bounds make it come out so: it may set any it likes."""
        if self.judgement["bounds"] == USUAL_BOUNDS:
            return
        try:
            usual = judge_again({**self.judgement, "bounds": USUAL_BOUNDS}, None if read is None else read.ledger)
            decides = usual.differs_at is not None and not self._rests_on_word(usual)
        except (NotShownError, JeungError):
            decides = True
        if decides:
            said = "By the usual bounds of time it comes out otherwise: only the relying party's own make it so."
            self.say("bounds", Standing.MISSING, said, "the judgement")

    def _rests_on_word(self, again: Rejudged) -> bool:
        """Tell whether it refused where the presentation alone passes, by what only the node could know."""
        last, code = self.judgement["steps"][-1], self.judgement["code"]
        if code is None or last["number"] != again.differs_at or not all(step.passed for step in again.steps):
            return False
        of_whole = last["number"] == LAST_STEP and self.judgement.get("request") is not None
        return code in BY_THE_NODES_WORD or of_whole

    def _word(self) -> None:
        said = "That the nonce was the relying party's own, unused and unexpired, is its word."
        self.say("nonce", Standing.ON_TRUST, said, "the relying party")


def verify_evidence(package: bytes, trust: Trust) -> Verdict:
    """Verify a package; whatever the bytes are, the verdict says what is wrong with them."""
    try:
        parsed = parse_package(package)
    except (MalformedEvidence, RecursionError) as error:
        detail = error.detail if isinstance(error, MalformedEvidence) else "the package nests too deeply"
        fact = Fact("form", Standing.REFUTED, f"It cannot be read: {detail}.", "the package")
        return Verdict(Outcome.REFUTED, (fact,), "form")
    verification = _Verification(parsed, trust)
    verification.say(
        "form", Standing.PROVED, f"It has the form of version {parsed.version}, byte for byte.", "the package"
    )
    try:
        verification.run()
    except (_RefutedError, NotShownError, RecursionError, *_UNREADABLE):
        if not any(fact.standing is Standing.REFUTED for fact in verification.facts):
            said = "The judgement has not the form every judgement has."
            verification.facts.append(Fact(_RECORD, Standing.REFUTED, said, "the package"))
    facts, judgement = tuple(verification.facts), verification.judgement
    return Verdict(
        outcome=outcome_of(facts),
        facts=facts,
        reason=next((fact.name for fact in facts if fact.standing is Standing.REFUTED), None),
        evidence_id=judgement.get("evidence_id"),
        relying_party=judgement.get("relying_party"),
        profile=judgement.get("profile"),
        result=judgement.get("result"),
        code=judgement.get("code"),
        judged_at=judgement.get("judged_at"),
    )
