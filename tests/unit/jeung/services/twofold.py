"""A node whose acts need two people, with two members of staff, a back end and handlers that tests can watch."""

from collections.abc import Collection, Mapping
from typing import Any

from jeung.crypto import canonical_json
from jeung.domain.access import Client, Scope
from jeung.domain.dual_control import Act, ActKind, Channel, Principal, PrincipalKind
from jeung.domain.identifiers import MemberId
from jeung.domain.staff import StaffAccount, StaffRole
from jeung.services.dual_control import ActHandler, ActRegistry, ActWork, DualControlRules, DualControlService
from tests.common.acts import FetchedAct, NoteAct, SlowAct
from tests.common.jose import P256Signer
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.store import MemoryStore
from tests.common.memory.world import SetClock, SystemEntropy

NOTE: Mapping[str, Any] = {"note": "one"}
WHY = "the customer asked"
RULES = DualControlRules(decide_within_s=100, begin_within_s=50, max_open=4, max_open_each=3)
KEYS = {name: P256Signer() for name in ("one", "two")}


def staff(staff_id: str = "stf_b", *scopes: Scope, channel: Channel = Channel.CONSOLE) -> Principal:
    return Principal(PrincipalKind.STAFF, staff_id, channel, frozenset(scopes or {Scope.APPROVE}))


def client(client_id: str = "back-office", scopes: Collection[Scope] = tuple(Scope)) -> Principal:
    return Principal(PrincipalKind.CLIENT, client_id, Channel.API, frozenset(scopes))


class Stage:
    """A node with two members of staff and a back end, and the handlers a test asks for."""

    def __init__(self, *handlers: ActHandler) -> None:
        self.clock, self.database = SetClock(), MemoryDatabase()
        self.store = MemoryStore(self.database, MemberId(b"\x0a" * 32))
        self.registry = ActRegistry(handlers or [NoteAct(), SlowAct(), FetchedAct()])
        self.acts = DualControlService(
            store=self.store, clock=self.clock, entropy=SystemEntropy(), registry=self.registry, rules=RULES
        )
        self.work = ActWork(store=self.store, clock=self.clock, registry=self.registry)
        with self.store.write() as tx:
            for staff_id, name in (("stf_a", "areum"), ("stf_b", "bora")):
                tx.staff.add(StaffAccount(staff_id, name, frozenset({StaffRole.APPROVER}), "$hash", 0))
        self.register("back-office")

    def register(self, client_id: str, key: str = "one", kept_by: str | None = None) -> None:
        with self.store.write() as tx:
            tx.clients.put(Client(client_id, KEYS[key].jwk, frozenset(Scope), kept_by))

    def ask(self, kind: ActKind = ActKind.POLICY_CHANGE, by: Principal | None = None, note: str = "one") -> Act:
        return self.acts.ask(by or client(), kind, {"note": note}, WHY)

    def approve(self, act: Act, by: Principal | None = None) -> Act:
        return self.acts.approve(by or staff(), act.act_id, act.digest)

    def events(self, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
        rows = self.database.read().events
        return [(row.kind, canonical_json.parse_object(row.body)) for row in rows if not kinds or row.kind in kinds]
