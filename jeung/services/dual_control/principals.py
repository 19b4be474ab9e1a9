"""Say under which names the same person would be known again, so that nobody approves what he asked for.

What we can know:

1. A staff account is one person, at the console and at the command line alike.
2. A back-end client whose key a member of staff keeps (`Client.kept_by`) acts as that person.
3. Two clients with the same key are one.

What we cannot know: that somebody holds two staff accounts, or the key of a client that names no keeper. That is for
the procedure by which accounts are given out; `jeung staff list` and the event log are what it is checked with.
"""

from jeung.crypto import base64url
from jeung.crypto.jwk import parse_jwk
from jeung.domain.dual_control import Principal, PrincipalKind, Signatory
from jeung.errors import ActNotPermitted
from jeung.ports.store import Transaction


def person_traces(tx: Transaction, principal: Principal) -> frozenset[str]:
    """Give every name of a principal; two principals who share one count as the same person.

    Raises:
        ActNotPermitted: there is no such account any more, it is disabled, or its keeper is.
    """
    if principal.kind is PrincipalKind.STAFF:
        account = tx.staff.get(principal.account_id)
        if account is None or account.disabled_at is not None:
            raise ActNotPermitted
        return frozenset({f"staff:{account.staff_id}"})
    client = tx.clients.get(principal.account_id)
    if client is None:
        raise ActNotPermitted
    thumbprint = base64url.encode(parse_jwk(dict(client.jwk)).thumbprint)
    own = frozenset({f"client:{client.client_id}", f"key:{thumbprint}"})
    if client.kept_by is None:
        return own
    keeper = tx.staff.named(client.kept_by)
    if keeper is None or keeper.disabled_at is not None:
        # A keeper nobody knows could be anybody, the requester among them; one who was shut out stays shut out.
        raise ActNotPermitted
    return own | {f"staff:{keeper.staff_id}"}


def signatory(tx: Transaction, principal: Principal) -> Signatory:
    """Give what is recorded of who acts; raises as `person_traces`."""
    return Signatory(principal.kind, principal.account_id, principal.channel, person_traces(tx, principal))


def is_same_person(one: Signatory, other: Signatory) -> bool:
    """Tell whether two signatures are one person's, by what was known when each was given."""
    return not one.traces.isdisjoint(other.traces)
