"""What every store must do with acts of two people."""

from dataclasses import replace

import pytest

from jeung.domain.access import Client, Scope
from jeung.domain.dual_control import OPEN_STATES, Act, ActKind, ActState, Channel, PrincipalKind, Signatory
from jeung.errors import Conflict, MalformedInput, NotFound
from tests.common import rows
from tests.common.stores import Subject

ASKER = Signatory(PrincipalKind.CLIENT, "back-office", Channel.API, frozenset({"client:back-office", "key:k"}))
OTHER = Signatory(PrincipalKind.STAFF, "stf_1", Channel.COMMAND_LINE, frozenset({"staff:stf_1"}))


def act(act_id: str = "act_1") -> Act:
    return Act(
        act_id=act_id,
        kind=ActKind.ERASURE,
        parameters={"subject": "sub_1", "ground": "한글"},
        salt=b"s" * 32,
        digest=b"d" * 32,
        reason="because",
        state=ActState.REQUESTED,
        requested_by=ASKER,
        requested_at=rows.NOW,
        expires_at=rows.NOW + 10,
    )


ENDED = replace(
    act(),
    state=ActState.DONE,
    parameters=None,
    salt=None,
    reason=None,
    decided_by=OTHER,
    decided_at=rows.NOW + 1,
    begun_at=rows.NOW + 2,
    ended_at=rows.NOW + 3,
    failure="code",
    result={"certificate": "c"},
)


@pytest.mark.parametrize("kept_act", [act(), ENDED], ids=["asked", "ended"])
def test_act_is_given_as_it_was_kept(kept: Subject, kept_act: Act) -> None:
    with kept.store.write() as tx:
        tx.acts.add(kept_act)
    with kept.store.read() as tx:
        assert tx.acts.get("act_1") == kept_act
        assert tx.acts.get("act_2") is None


def test_id_of_an_act_occurs_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.acts.add(act())
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.acts.add(act())


def test_act_is_replaced_and_forgets(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.acts.add(act())
        tx.acts.replace(ENDED)
        assert tx.acts.get("act_1") == ENDED
    with pytest.raises(NotFound), kept.store.write() as tx:
        tx.acts.replace(replace(ENDED, act_id="act_2"))


def test_acts_are_found_by_their_states_oldest_first(kept: Subject) -> None:
    made = [act("act_1"), replace(ENDED, act_id="act_2"), replace(act("act_3"), state=ActState.EXECUTING)]
    with kept.store.write() as tx:
        for one in made:
            tx.acts.add(one)
    with kept.store.read() as tx:
        assert list(tx.acts.in_states(OPEN_STATES, 10)) == [made[0], made[2]]
        assert list(tx.acts.in_states(OPEN_STATES, 1)) == [made[0]]
        assert list(tx.acts.in_states((ActState.FAILED,), 10)) == []


def test_acts_are_listed_newest_first_in_pages(kept: Subject) -> None:
    with kept.store.write() as tx:
        for number in range(3):
            tx.acts.add(act(f"act_{number}"))
    with kept.store.read() as tx:
        first = tx.acts.page(cursor=None, limit=2)
        assert [one.act_id for one in first.items] == ["act_2", "act_1"]
        rest = tx.acts.page(cursor=first.next_cursor, limit=2)
        assert ([one.act_id for one in rest.items], rest.next_cursor) == (["act_0"], None)
        with pytest.raises(MalformedInput):
            tx.acts.page(cursor="'; DROP TABLE acts", limit=2)


@pytest.mark.parametrize("keeper", [None, "minji"])
def test_client_is_kept_with_who_keeps_its_key(kept: Subject, keeper: str | None) -> None:
    client = Client("c", {"kty": "EC"}, frozenset({Scope.APPROVE}), keeper)
    with kept.store.write() as tx:
        tx.clients.put(replace(client, kept_by="first"))
        tx.clients.put(client)
        assert tx.clients.get("c") == client


def test_act_that_names_an_erased_person_forgets_him_and_no_other_does(kept: Subject) -> None:
    with kept.store.write() as tx:
        for number in (1, 2):
            tx.acts.add(replace(act(f"act_{number}"), parameters={"subject": f"sub_{number}"}))
        tx.subjects.forget_traces(("sub_1", "prf_1"))
    with kept.store.read() as tx:
        first, second = tx.acts.get("act_1"), tx.acts.get("act_2")
    assert first is not None
    assert (first.parameters, first.salt, first.reason) == (None, None, None)
    assert second is not None
    assert second.parameters == {"subject": "sub_2"}
