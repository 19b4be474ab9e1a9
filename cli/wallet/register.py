"""Know what relying parties are registered to ask for: `/relying-parties.jwt` of a member the holder trusts.

The list is fetched whole and kept until it ends, so that nobody learns by it whom the holder is about to answer.
Which member's list: the holder's own bank's, whose address the wallet knows; the list says the same at every member,
for each writes it from the chain. A wallet of another maker will not look here; so the verifying node does as well.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.wallet import documents
from cli.wallet.errors import NotTrusted
from cli.wallet.http import WalletHttp
from cli.wallet.receipts import Promise
from cli.wallet.requests import PresentationRequest
from cli.wallet.told import PROFILE_FORMAT, registered_purpose
from cli.wallet.trust import read_leaf, require_name
from jeung.crypto import base64url
from jeung.crypto.jwk import ES256
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.sd_jwt_vc import CREDENTIAL_TYPE
from jeung.domain.dcql import CredentialQuery, DcqlQuery
from jeung.errors import JeungError
from jeung.ports.world import Clock

LIST_TYPE = "jeung-relying-parties+jwt"
LIST_MEDIA_TYPE = "application/jeung-relying-parties+jwt"

_MAX_CHARACTERS = 2 * 1024 * 1024
_ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Register:
    """Hold one reading of the list; times are seconds UTC."""

    parties: tuple[Mapping[str, Any], ...] = field(repr=False)
    expires_at: int


class RelyingPartyRegister:
    """Judge requests by the list of one member; safe to share between threads."""

    def __init__(self, http: WalletHttp, clock: Clock, member_url: str) -> None:
        """Prepare; nothing is fetched yet."""
        self._http = http
        self._clock = clock
        self._url = member_url
        self._lock = threading.Lock()
        self._known: Register | None = None

    def check(self, request: PresentationRequest) -> None:
        """Do nothing where a request asks for no more than a profile of its sender allows.

        Raises:
            NotTrusted: `not_registered` where its sender is no relying party now, `over_asking` where no profile of
                his allows it, `register_refused` where the list itself does not hold.
            ServerRefused, Unanswered: the list is not there; without it nothing is shown.
        """
        party = self._sender(request)
        if party is None:
            # It may have been registered since.
            self.forget()
            party = self._sender(request)
        if party is None or party.get("status") != _ACTIVE:
            raise NotTrusted("not_registered", "who asks is no registered relying party")
        query, named = request.dcql_query, _named_profile(request)
        profiles = [one for one in documents.objects(party, "profiles") if named in (None, one.get("digest"))]
        if not any(_allows(profile, query) for profile in profiles):
            raise NotTrusted("over_asking", "the request asks for more than is registered")

    def promise(self, request: PresentationRequest) -> Promise | None:
        """Say what is known of the receipts of who asks; None where he is not registered. Raises as `check`."""
        party = self._sender(request)
        return None if party is None else _promise(party)

    def promise_of(self, url: str) -> Promise | None:
        """Say what is known of the receipts of a relying party by one of its URLs; raises as `check`."""
        parties = (party for party in self._current().parties if url in documents.texts(party, "urls"))
        return next((_promise(party) for party in parties), None)

    def forget(self) -> None:
        """Forget the list, so that the next judgement is by a fresh one."""
        with self._lock:
            self._known = None

    def _sender(self, request: PresentationRequest) -> Mapping[str, Any] | None:
        """Find the relying party by the URLs and the key of the certificate that signed the request."""
        urls = request.leaf.urls()
        thumbprint = base64url.encode(request.leaf.key.thumbprint)
        for party in self._current().parties:
            known = set(documents.texts(party, "urls"))
            if any(url in known for url in urls) and thumbprint in documents.texts(party, "request_keys"):
                return party
        return None

    def _current(self) -> Register:
        with self._lock:
            if self._known is None or self._known.expires_at <= self._clock.now():
                self._known = self._fetched()
            return self._known

    def _fetched(self) -> Register:
        answer = self._http.get(f"{self._url}/relying-parties.jwt", accept=LIST_MEDIA_TYPE)
        text = answer.text(LIST_MEDIA_TYPE)
        now = self._clock.now()
        try:
            jws = parse_jws(text, typ=LIST_TYPE, algorithms=frozenset({ES256}), max_characters=_MAX_CHARACTERS)
            leaf = read_leaf(jws.header, now=now)
            if leaf is None:
                raise NotTrusted("register_refused", "the list names no certificate")
            require_name(leaf, self._url)
            verify_jws(jws, leaf.key)
            claims = jws.claims()
        except JeungError as refused:
            raise NotTrusted("register_refused", refused.detail) from None
        expires_at = documents.whole(claims, "exp", 0)
        if claims.get("iss") != self._url or expires_at <= now:
            raise NotTrusted("register_refused", "the list is another member's, or too old")
        parties = claims.get("relying_parties")
        if not isinstance(parties, list) or not all(isinstance(party, dict) for party in parties):
            raise NotTrusted("register_refused", "the list has another shape")
        return Register(tuple(parties), expires_at)


def _promise(party: Mapping[str, Any]) -> Promise:
    return Promise(
        frozenset(documents.texts(party, "urls")),
        frozenset(documents.texts(party, "receipt_keys")),
        frozenset(registered_purpose(profile) for profile in documents.objects(party, "profiles")),
        frozenset(documents.texts(party, "log_keys")),
    )


def _named_profile(request: PresentationRequest) -> str | None:
    """Give the digest of the profile that the request says it is under, None where it says nothing."""
    if "verifier_info" not in request.claims:
        return None
    for info in documents.objects(request.claims, "verifier_info"):
        if info.get("format") == PROFILE_FORMAT:
            return documents.text(documents.member(info, "data"), "digest")
    return None


def _allows(profile: Mapping[str, Any], query: DcqlQuery) -> bool:
    types = set(documents.texts(profile, "vct_values"))
    claims = set(documents.texts(profile, "claims"))
    return all(_allows_one(types, claims, asked) for asked in query.credentials)


def _allows_one(types: set[str], claims: set[str], asked: CredentialQuery) -> bool:
    if asked.credential_format != CREDENTIAL_TYPE or not types.issuperset(asked.vct_values):
        return False
    for claim in asked.claims or ():
        whole = claim.path[0]
        member = f"{whole}.{claim.path[1]}" if len(claim.path) > 1 else None
        if whole not in claims and member not in claims:
            return False
    return True
