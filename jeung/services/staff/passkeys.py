"""Log members of staff in with passkeys, and let them keep their own (WebAuthn level 3, sections 7.1 and 7.2).

What an authenticator answers is judged in this order:
 1. Challenge: a row of ours, forgotten by the first answer that names it; for this ceremony, this browser, in time.
 2. The port verifies form, type, origin, RP ID, user presence and verification, algorithm, signature.
 3. Whose: the passkey is kept, the user handle is its account's, the account is let in by a passkey now.
 4. Backup: whether it may be synchronised has not changed since it was added (section 6.1.3).
 5. Counter: it went up, where there is one. If not, two devices may hold the key: the answer is refused, the passkey
    lets nobody in any more, and the log says so (section 6.1.1 leaves this to the relying party).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.passkeys import (
    ALGORITHMS,
    CHALLENGE_TTL_S,
    MAX_PASSKEYS,
    MAX_RESPONSE_CHARACTERS,
    Ceremony,
    Passkey,
    StaffChallenge,
    checked_label,
)
from jeung.domain.staff import LoginMethod, StaffAccount
from jeung.errors import Conflict, NotFound
from jeung.errors.staff import LastWayIn, PasskeyRefused
from jeung.ports.passkeys import ClaimedAssertion, PasskeyVerifier, VerifiedAssertion
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log
from jeung.services.staff.attempts import claim_address, forgive_address
from jeung.services.staff.opening import LogIn, SessionRules, StaffMember, hashed, open_session, renew_session

_CHALLENGE_BYTES = 32
_TIMEOUT_MS = CHALLENGE_TTL_S * 1_000


class StaffPasskeyService:
    """Give out challenges, judge answers, keep passkeys; `browser` and `token` are what a browser's cookie holds."""

    def __init__(
        self, *, store: Store, verifier: PasskeyVerifier, clock: Clock, entropy: Entropy, rules: SessionRules
    ) -> None:
        self._store = store
        self._verifier = verifier
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def log_in_options(self, browser: str) -> dict[str, Any]:
        """Give what a browser is asked for any passkey of this console with (section 5.5)."""
        return self._request_options(self._given(Ceremony.LOG_IN, browser, None), ())

    def confirm_options(self, member: StaffMember, token: str) -> dict[str, Any]:
        """Give what the browser of who is logged in is asked for one of his own passkeys with."""
        return self._request_options(self._given(Ceremony.CONFIRM, token, member.staff_id), self.of(member.staff_id))

    def creation_options(self, account: StaffAccount, ceremony: Ceremony, browser: str) -> dict[str, Any]:
        """Give what a browser is asked to make a passkey for an account with (section 5.4)."""
        return {
            "rp": {"id": self._verifier.rp_id, "name": "Jeung"},
            "user": {
                # The id says nothing of the person; authenticators show the name.
                "id": base64url.encode(account.staff_id.encode("ascii")),
                "name": account.name,
                "displayName": account.name,
            },
            "challenge": self._given(ceremony, browser, account.staff_id),
            "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
            "timeout": _TIMEOUT_MS,
            "excludeCredentials": _descriptors(self.of(account.staff_id)),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "none",
        }

    def add_options(self, member: StaffMember, token: str) -> dict[str, Any]:
        """Give what who is logged in makes a further passkey with.

        Raises:
            NotFound: his account is gone.
        """
        with self._store.read() as tx:
            account = tx.staff.get(member.staff_id)
        if account is None:
            raise NotFound("there is no such account")
        return self.creation_options(account, Ceremony.ADD, token)

    def log_in(self, response: str, *, browser: str, address: str, previous: str | None = None) -> LogIn:
        """Open a session for an answer to `log_in_options`; the session of the token `previous` ends with it.

        Raises:
            LoginLimited: too many attempts failed from this address.
            PasskeyRefused: the answer does not let anybody in; which step refused it is said to nobody.
        """
        now = self._clock.now()
        claim_address(self._store, address, now)
        claimed, passkey, verified, _ = self._judged(response, Ceremony.LOG_IN, browser, now)
        if claimed.user_handle != passkey.staff_id.encode("ascii"):
            raise PasskeyRefused
        with self._store.write() as tx:
            account = self._used(tx, passkey, verified, now)
            if account is not None:
                forgive_address(tx, address)
                return open_session(tx, self._entropy, self._rules, account, LoginMethod.PASSKEY, now, previous)
        raise PasskeyRefused

    def confirm(self, response: str, *, token: str) -> LogIn:
        """Have who is logged in prove with a passkey of his that he is; the session goes on under a fresh token.

        Raises:
            PasskeyRefused: as `log_in`, or the passkey is somebody else's.
            SessionEnded: the session has ended.
        """
        now = self._clock.now()
        _, passkey, verified, owner = self._judged(response, Ceremony.CONFIRM, token, now)
        if owner != passkey.staff_id:
            raise PasskeyRefused
        with self._store.write() as tx:
            if self._used(tx, passkey, verified, now) is not None:
                return renew_session(tx, self._entropy, self._rules, token, now)
        raise PasskeyRefused

    def add(self, member: StaffMember, response: str, label: str, *, token: str) -> Passkey:
        """Keep a further passkey of who is logged in.

        Raises:
            PasskeyRefused: the answer is not to what was asked.
            Conflict: the account has as many as it may, or the passkey stands already.
            MalformedInput: the label will not do.
        """
        return self.registered(response, label, Ceremony.ADD, token, member.staff_id)

    def registered(
        self,
        response: str,
        label: str,
        ceremony: Ceremony,
        browser: str,
        staff_id: str,
        *,
        code_hash: bytes | None = None,
    ) -> Passkey:
        """Keep the passkey that a browser made for an account; `code_hash` is of the code that is used up by it.

        Raises:
            PasskeyRefused, Conflict, MalformedInput: as `add`.
        """
        now, name = self._clock.now(), checked_label(label)
        challenge = self._verifier.claimed_challenge(_bounded(response))
        if self._taken(challenge, ceremony, browser, now) != staff_id:
            raise PasskeyRefused
        made = self._verifier.verify_registration(response, challenge)
        passkey = Passkey(
            credential_id=made.credential_id,
            staff_id=staff_id,
            public_key=made.public_key,
            algorithm=made.algorithm,
            sign_count=made.sign_count,
            label=name,
            aaguid=made.aaguid,
            backup_eligible=made.backup_eligible,
            backed_up=made.backed_up,
            created_at=now,
        )
        with self._store.write() as tx:
            if code_hash is not None:
                # Read again: another browser may have used the code up, or the operator made a new one.
                kept = tx.enrolments.get(staff_id)
                if kept is None or kept.code_hash != code_hash:
                    raise PasskeyRefused
            if len(tx.passkeys.of(staff_id)) >= MAX_PASSKEYS:
                raise Conflict(f"an account has at most {MAX_PASSKEYS} passkeys")
            tx.passkeys.add(passkey)
            tx.enrolments.remove(staff_id)
            key = base64url.encode(sha256(passkey.public_key))
            body = {
                "staff": staff_id,
                "passkey": passkey.passkey_id,
                "key": key,
                "backup_eligible": made.backup_eligible,
            }
            log(tx, "passkey_added", body, now)
        return passkey

    def of(self, staff_id: str) -> Sequence[Passkey]:
        """Give the passkeys of an account, the oldest first."""
        with self._store.read() as tx:
            return tx.passkeys.of(staff_id)

    def rename(self, staff_id: str, passkey_id: str, label: str) -> None:
        """Give one of an account's passkeys another name.

        Raises:
            NotFound: it has no such passkey.
            MalformedInput: the name will not do.
        """
        name = checked_label(label)
        with self._store.write() as tx:
            tx.passkeys.replace(replace(_own(tx, staff_id, passkey_id), label=name))
            log(tx, "passkey_renamed", {"staff": staff_id, "passkey": passkey_id}, self._clock.now())

    def remove(self, staff_id: str, passkey_id: str) -> None:
        """Forget one of an account's passkeys.

        Raises:
            NotFound: it has no such passkey.
            LastWayIn: without it the account could not log in.
        """
        with self._store.write() as tx:
            passkey, account = _own(tx, staff_id, passkey_id), tx.staff.get(staff_id)
            others = [one for one in tx.passkeys.of(staff_id) if one != passkey and one.suspected_at is None]
            if account is None:
                raise NotFound("there is no such account")
            by_password = account.has_password and self._rules.let_in(account, LoginMethod.PASSWORD)
            if not others and not by_password:
                raise LastWayIn
            tx.passkeys.remove(passkey.credential_id)
            log(tx, "passkey_removed", {"staff": staff_id, "passkey": passkey_id}, self._clock.now())

    def _given(self, ceremony: Ceremony, browser: str, staff_id: str | None) -> str:
        challenge = self._entropy.token(_CHALLENGE_BYTES)
        expires_at = self._clock.now() + CHALLENGE_TTL_S
        with self._store.write() as tx:
            tx.staff_challenges.put(
                StaffChallenge(sha256(challenge), ceremony, staff_id, hashed(browser), expires_at)
            )
        return base64url.encode(challenge)

    def _request_options(self, challenge: str, passkeys: Sequence[Passkey]) -> dict[str, Any]:
        return {
            "challenge": challenge,
            "timeout": _TIMEOUT_MS,
            "rpId": self._verifier.rp_id,
            "allowCredentials": _descriptors(passkeys),
            "userVerification": "required",
        }

    def _taken(self, challenge: bytes, ceremony: Ceremony, browser: str, now: int) -> str | None:
        """Use up a challenge (step 1) and give whom it was made for.

        Raises:
            PasskeyRefused: not ours, answered before, for another ceremony or browser, or too old.
        """
        with self._store.write() as tx:
            kept = tx.staff_challenges.take(sha256(challenge))
        if (
            kept is None
            or kept.ceremony is not ceremony
            or kept.bound_to != hashed(browser)
            or now >= kept.expires_at
        ):
            raise PasskeyRefused
        return kept.staff_id

    def _judged(
        self, response: str, ceremony: Ceremony, browser: str, now: int
    ) -> tuple[ClaimedAssertion, Passkey, VerifiedAssertion, str | None]:
        """Judge an assertion (steps 1 and 2); give also whom its challenge was made for.

        Raises:
            PasskeyRefused: it is not what was asked.
        """
        claimed = self._verifier.claimed(_bounded(response))
        owner = self._taken(claimed.challenge, ceremony, browser, now)
        with self._store.read() as tx:
            passkey = tx.passkeys.get(claimed.credential_id)
        if passkey is None or passkey.algorithm not in ALGORITHMS:
            raise PasskeyRefused
        verified = self._verifier.verify_assertion(response, claimed.challenge, passkey.public_key)
        return claimed, passkey, verified, owner

    def _used(self, tx: Transaction, passkey: Passkey, verified: VerifiedAssertion, now: int) -> StaffAccount | None:
        """Note that a passkey was used and give whom it lets in (steps 3 to 5); None lets nobody in."""
        # Read again: another answer may have come first, or its owner removed it.
        present, account = tx.passkeys.get(passkey.credential_id), tx.staff.get(passkey.staff_id)
        if present is None or present.suspected_at is not None or account is None:
            return None
        if (
            not self._rules.let_in(account, LoginMethod.PASSKEY)
            or verified.backup_eligible != present.backup_eligible
        ):
            return None
        counts = verified.sign_count > 0 or present.sign_count > 0
        if counts and verified.sign_count <= present.sign_count:
            tx.passkeys.replace(replace(present, suspected_at=now))
            log(tx, "passkey_suspected", {"staff": account.staff_id, "passkey": present.passkey_id}, now)
            return None
        used = replace(present, sign_count=verified.sign_count, backed_up=verified.backed_up, last_used_at=now)
        tx.passkeys.replace(used)
        return account


def _descriptors(passkeys: Sequence[Passkey]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": base64url.encode(passkey.credential_id)} for passkey in passkeys]


def _bounded(response: str) -> str:
    if len(response) > MAX_RESPONSE_CHARACTERS:
        raise PasskeyRefused
    return response


def _own(tx: Transaction, staff_id: str, passkey_id: str) -> Passkey:
    found = [passkey for passkey in tx.passkeys.of(staff_id) if passkey.passkey_id == passkey_id]
    if not found:
        raise NotFound("there is no such passkey")
    return found[0]
