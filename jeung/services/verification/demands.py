"""Judge a presentation by what a request asked for: parts of steps 8 and 9 of the verification procedure."""

from dataclasses import dataclass
from typing import Any, Final

from jeung.crypto.certificates import authority_key_ids
from jeung.crypto.sd_jwt import HASH_NAME, UnverifiedSdJwt
from jeung.crypto.sd_jwt_vc import UnverifiedCredential
from jeung.domain.dcql import CredentialQuery, Holding, chosen_claims, is_asked_for
from jeung.errors import ClaimsNotRequested, QueryNotSatisfied, TransactionDataMismatch

NOTHING_CONFIRMED: Final = frozenset[str]()
_HASHES: Final = "transaction_data_hashes"
_ALGORITHM: Final = "transaction_data_hashes_alg"


@dataclass(frozen=True, slots=True)
class Demand:
    """Say what one presentation of an answer is held to, beyond the profile.

    Attributes:
        query: the credential query it answers.
        queries: every credential query of the request: one presentation may serve several of them.
        transactions: the digests (base64url SHA-256) of the transactions that this credential may confirm.
    """

    query: CredentialQuery
    queries: tuple[CredentialQuery, ...]
    transactions: frozenset[str] = NOTHING_CONFIRMED


def confirmed_transactions(sd_jwt: UnverifiedSdJwt, wanted: frozenset[str]) -> frozenset[str]:
    """Return the digests of the transactions that the holder confirmed (OpenID4VP 1.0, appendix B.3.3.1).

    Which of the wanted ones must be there is judged over the whole answer. What nobody asked for is refused: the
    holder believes to have confirmed something that nobody here knows of.

    Raises:
        TransactionDataMismatch: another transaction, another hash function, or no list of different digests.
    """
    claims = sd_jwt.binding_claims
    if claims is None or (_HASHES not in claims and _ALGORITHM not in claims):
        return NOTHING_CONFIRMED
    digests = claims.get(_HASHES)
    if claims.get(_ALGORITHM, HASH_NAME) != HASH_NAME or not isinstance(digests, list) or not digests:
        raise TransactionDataMismatch
    if not all(isinstance(digest, str) for digest in digests) or len(set(digests)) != len(digests):
        raise TransactionDataMismatch
    confirmed = frozenset(digests)
    if not confirmed <= wanted:
        raise TransactionDataMismatch
    return confirmed


def judge_demand(sd_jwt: UnverifiedSdJwt, credential: UnverifiedCredential, demand: Demand) -> dict[str, Any]:
    """Judge that a presentation shows what its query asks for, and nothing that no query of the request asks for.

    Raises:
        QueryNotSatisfied: another type or authority, or a claim is missing or has another value than asked.
        ClaimsNotRequested: a claim was disclosed that was not asked for.
    """
    shown = Holding(
        credential.vct,
        credential.claims,
        holder_binding=sd_jwt.key_binding is not None,
        authority_keys=authority_key_ids(sd_jwt.jws.header.get("x5c")),
    )
    if chosen_claims(demand.query, shown, presented=True) is None:
        raise QueryNotSatisfied
    queries = [query for query in demand.queries if credential.vct in query.vct_values]
    for place, _ in credential.disclosed:
        if not is_asked_for(place, queries):
            raise ClaimsNotRequested
    return {"query": demand.query.query_id}
