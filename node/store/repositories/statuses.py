"""Hand out status indexes and keep the published status list tokens."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, insert, select, update

from jeung.errors import Conflict, NotFound
from jeung.ports.store import StatusListToken
from node.store.schema import credentials, status_groups, status_tokens

_NEWEST = select(func.max(status_groups.c.number)).scalar_subquery()
_OPEN = select(status_groups).where(status_groups.c.number == _NEWEST)
_ADVANCE = (
    update(status_groups)
    .where(status_groups.c.number == bindparam("group"))
    .values(next_counter=status_groups.c.next_counter + bindparam("count"))
)
_HIGHEST = select(func.max(status_groups.c.first_list))
_ADD_GROUP = insert(status_groups)

_GET = select(status_tokens).where(status_tokens.c.list_number == bindparam("wanted"))
_CHANGE = update(status_tokens).where(status_tokens.c.list_number == bindparam("wanted"))
_ADD = insert(status_tokens)
# The index of (list, index) answers each step at once; DISTINCT would walk through every credential.
_NEXT_LIST = select(func.min(credentials.c.list_number)).where(credentials.c.list_number > bindparam("after"))


class SqlStatusIndexes:
    """Hand out counters (jeung.ports.store.StatusIndexes)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(self, count: int) -> range:
        """Reserve counters of the open group, never handed out again.

        Raises:
            NotFound: no group is open yet.
        """
        group = self._connection.execute(_OPEN).first()
        if group is None:
            raise NotFound("No group of status lists is open yet.")
        self._connection.execute(_ADVANCE, {"group": group.number, "count": count})
        return range(group.next_counter, group.next_counter + count)

    def group(self) -> tuple[int, bytes]:
        """Give (first list number, wrapped permutation key) of the open group.

        Raises:
            NotFound: no group is open yet.
        """
        group = self._connection.execute(_OPEN).first()
        if group is None:
            raise NotFound("No group of status lists is open yet.")
        return group.first_list, group.wrapped_key

    def open_group(self, first_list: int, wrapped_key: bytes) -> None:
        """Open the next group of lists, beginning at counter 0; the one before hands out nothing any more.

        Raises:
            Conflict: lists of this number were opened before.
        """
        highest = self._connection.execute(_HIGHEST).scalar()
        if highest is not None and first_list <= highest:
            raise Conflict("Status lists are opened in ascending order, each once.")
        self._connection.execute(
            _ADD_GROUP, {"first_list": first_list, "wrapped_key": wrapped_key, "next_counter": 0}
        )


class SqlStatusTokens:
    """Keep the published status list tokens (jeung.ports.store.StatusTokens)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, list_number: int) -> StatusListToken | None:
        """Give the newest token of a list."""
        row = self._connection.execute(_GET, {"wanted": list_number}).first()
        return None if row is None else StatusListToken(row.list_number, row.token, row.issued_at, row.expires_at)

    def put(self, token: StatusListToken) -> None:
        """Publish a token in place of the one before."""
        values = {"token": token.token, "issued_at": token.issued_at, "expires_at": token.expires_at}
        changed = self._connection.execute(_CHANGE, {"wanted": token.list_number, **values})
        if changed.rowcount == 0:
            self._connection.execute(_ADD, {"list_number": token.list_number, **values})

    def open_lists(self) -> Sequence[int]:
        """Give the list numbers this issuer has handed indexes out of, ascending."""
        found: list[int] = []
        while (number := self._next_list(found[-1] if found else -1)) is not None:
            found.append(number)
        return found

    def _next_list(self, after: int) -> int | None:
        number: int | None = self._connection.execute(_NEXT_LIST, {"after": after}).scalar()
        return number
