"""Look up what has become of a credential since: Token Status List, as any holder or verifier can."""

from cli.wallet.credentials import Held
from cli.wallet.errors import NotTrusted
from cli.wallet.http import WalletHttp
from cli.wallet.trust import read_leaf, require_name
from jeung.crypto.status_token import parse_status_list_token, verify_status_list_token
from jeung.errors import JeungError
from jeung.ports.world import Clock

STATUS_LIST = "application/statuslist+jwt"
VALID, REVOKED, SUSPENDED = 0, 1, 2

_SKEW_S = 60


def read_status(http: WalletHttp, held: Held, clock: Clock) -> int:
    """Give a credential's status: 0 valid, 1 revoked, 2 suspended.

    Raises:
        NotTrusted: the credential has no status, or the list is not its issuer's, not this one, not current.
        ServerRefused, Unanswered: the list is not there.
    """
    if held.status is None:
        raise NotTrusted("status_unknown", "the credential names no status list")
    token = http.get(held.status.uri, accept=STATUS_LIST).text(STATUS_LIST)
    try:
        parsed = parse_status_list_token(token)
        leaf = read_leaf(parsed.jws.header, now=clock.now())
        if leaf is None:
            raise NotTrusted("status_unknown", "the status list names no signer")
        require_name(leaf, held.issuer)
        if leaf.authority is None or leaf.authority != held.authority:
            raise NotTrusted("status_unknown", "the status list is vouched for by another authority")
        statuses = verify_status_list_token(parsed, leaf.key, uri=held.status.uri, now=clock.now(), skew_s=_SKEW_S)
        return statuses[held.status.index]
    except JeungError as refused:
        raise NotTrusted("status_unknown", refused.detail) from None
