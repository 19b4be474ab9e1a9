"""Look up issued credentials and change their status: suspend, reinstate, revoke."""

from collections.abc import Sequence

from jeung.domain.access import RequestKey
from jeung.domain.credentials import CredentialView, StatusAction, StatusScope
from jeung.domain.ledger import CredentialStatus
from jeung.errors import AlreadyRevoked, NotFound
from jeung.ports.pages import Page
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock
from jeung.services.acts import earlier_result, log, remember_result

MAX_PAGE = 200


class CredentialService:
    """Manage what this member issued."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def get(self, credential_id: str) -> CredentialView:
        """Give one copy.

        Raises:
            NotFound: no such credential.
        """
        with self._store.read() as tx:
            return _scoped(tx, StatusScope.COPY, credential_id)[0]

    def page(
        self,
        *,
        cursor: str | None = None,
        limit: int = 50,
        subject_id: str | None = None,
        newest_first: bool = False,
    ) -> Page[CredentialView]:
        """Give credentials in order of issue or the other way round, at most 200 at once.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        with self._store.read() as tx:
            size = max(1, min(limit, MAX_PAGE))
            return tx.credentials.page(cursor=cursor, limit=size, subject_id=subject_id, newest_first=newest_first)

    def change_status(
        self, scope: StatusScope, target_id: str, action: StatusAction, *, request: RequestKey | None = None
    ) -> Sequence[CredentialView]:
        """Change the wanted status of a copy, a family or everything of a subject; give all copies concerned.

        The change reaches the chain through the outbox. Copies that have the status already stay as they are, and
        revoked ones stay revoked: suspending or reinstating is refused once nothing else is left.

        Raises:
            NotFound: no such credential, family or subject.
            AlreadyRevoked: every copy concerned is revoked and the act is not another revocation.
            IdempotencyKeyReused: the key stands for another request.
        """
        now = self._clock.now()
        wanted = action.wanted
        with self._store.write() as tx:
            views = _scoped(tx, scope, target_id)
            if earlier_result(tx, request) is not None:
                return views
            open_views = [view for view in views if view.record.wanted_status is not CredentialStatus.REVOKED]
            if not open_views and wanted is not CredentialStatus.REVOKED:
                raise AlreadyRevoked
            changing = [view.record.credential_id for view in open_views if view.record.wanted_status is not wanted]
            if changing:
                tx.credentials.want_status(changing, wanted, now)
                for credential_id in changing:
                    log(tx, "status_wanted", {"credential": credential_id, "status": wanted.name.lower()}, now)
            remember_result(tx, request, target_id, now)
            return _scoped(tx, scope, target_id)


def _scoped(tx: Transaction, scope: StatusScope, target_id: str) -> Sequence[CredentialView]:
    """Give the copies of a scope, at least one.

    Raises:
        NotFound: there is none.
    """
    views: Sequence[CredentialView]
    if scope is StatusScope.COPY:
        view = tx.credentials.get(target_id)
        views = () if view is None else (view,)
    elif scope is StatusScope.FAMILY:
        views = tx.credentials.family(target_id)
    else:
        views = tx.credentials.of_subject(target_id)
    if not views:
        raise NotFound(f"no such {scope.value}")
    return views
