"""DCQL judged a second time by an independent reading of OpenID4VP 1.0 sections 6 and 7, on generated queries."""

import itertools
import random
from typing import Any

import pytest

from jeung.domain.dcql import Holding, candidates, chosen_claims, covers_answer, parse_query, satisfies

NAMES = ("a", "b", "c")
SCALARS = (0, 1, True, False, "x", "y", "", None, 1.0)
TYPES = ("t1", "t2", "t3")
KEYS = ("k1", "k2", "k3")


class Generator:
    """Make small credentials and queries, so that they often meet."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - the same queries at every run

    def some(self, of: tuple[Any, ...] | list[Any], most: int) -> list[Any]:
        return self.dice.sample(list(of), self.dice.randint(1, min(most, len(of))))

    def element(self, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
        kind = self.dice.random()
        if depth >= 3 or kind < 0.4:
            return self.dice.choice(SCALARS)
        if kind < 0.7:
            return {name: self.element(depth + 1) for name in self.some(NAMES, 3)}
        return [self.element(depth + 1) for _ in range(self.dice.randint(0, 3))]

    def holding(self) -> Holding:
        claims = {name: self.element() for name in self.some(NAMES, 3)}
        keys = frozenset(self.some(KEYS, 2)) if self.dice.random() < 0.6 else frozenset[str]()
        return Holding(self.dice.choice(TYPES), claims, self.dice.random() < 0.9, keys)

    def credential(self, query_id: str) -> dict[str, Any]:
        query: dict[str, Any] = {"id": query_id, "format": "dc+sd-jwt", "meta": {"vct_values": self.some(TYPES, 2)}}
        if self.dice.random() < 0.1:
            query["format"] = "mso_mdoc"
        steps = (*NAMES, None, 0, 1, 2)
        paths = {
            (self.dice.choice(NAMES), *(self.dice.choice(steps) for _ in range(self.dice.randint(0, 3))))
            for _ in range(self.dice.randint(0, 3))
        }
        claims = [{"id": f"c{place}", "path": list(path)} for place, path in enumerate(sorted(paths, key=repr))]
        for claim in claims:
            if self.dice.random() < 0.4:
                claim["values"] = self.some((0, 1, True, False, "x", "y", ""), 3)
        if claims:
            query["claims"] = claims
            if self.dice.random() < 0.5:
                query["claim_sets"] = [
                    self.some([c["id"] for c in claims], 3) for _ in range(self.dice.randint(1, 3))
                ]
        if self.dice.random() < 0.3:
            query["trusted_authorities"] = [
                {"type": self.dice.choice(("aki", "aki", "etsi_tl")), "values": self.some(KEYS, 2)}
                for _ in range(self.dice.randint(1, 2))
            ]
        if self.dice.random() < 0.2:
            query["require_cryptographic_holder_binding"] = False
        return query

    def query(self) -> dict[str, Any]:
        ids = [f"q{place}" for place in range(self.dice.randint(1, 4))]
        body: dict[str, Any] = {"credentials": [self.credential(query_id) for query_id in ids]}
        if self.dice.random() < 0.6:
            body["credential_sets"] = [
                {
                    "options": [self.some(ids, 4) for _ in range(self.dice.randint(1, 3))],
                    **self.dice.choice(({}, {"required": False}, {"required": True})),
                }
                for _ in range(self.dice.randint(1, 3))
            ]
        return body


def selects(document: object, path: list[Any]) -> list[object] | None:
    """Process a claims path pointer (section 7.1.1); None is the error that aborts it."""
    nodes = [document]
    for step in path:
        reached: list[object] = []
        for node in nodes:
            if isinstance(step, str):
                if type(node) is not dict:
                    return None
                reached += [node[step]] if step in node else []
            elif type(node) is not list:
                return None
            else:
                reached += node if step is None else node[step : step + 1]
        if not reached:
            return None
        nodes = reached
    return nodes


def has(claim: dict[str, Any], claims: object) -> bool:
    found = selects(claims, claim["path"])
    wanted = claim.get("values")
    if found is None or wanted is None:
        return found is not None
    return any((type(one), one) == (type(value), value) for one in found for value in wanted)


def shows(query: dict[str, Any], holding: Holding) -> list[list[Any]] | None:
    """Give the paths to show (section 6.4.1), or None where the credential does not match."""
    if query["format"] != "dc+sd-jwt" or holding.vct not in query["meta"]["vct_values"]:
        return None
    if query.get("require_cryptographic_holder_binding", True) and not holding.holder_binding:
        return None
    trusted = query.get("trusted_authorities")
    if trusted is not None and not any(
        one["type"] == "aki" and set(one["values"]) & holding.authority_keys for one in trusted
    ):
        return None
    by_id = {claim["id"]: claim for claim in query.get("claims", [])}
    for option in query.get("claim_sets", [list(by_id)]):
        if all(has(by_id[claim_id], holding.claims) for claim_id in option):
            return [by_id[claim_id]["path"] for claim_id in option]
    return None


def is_enough(query: dict[str, Any], answered: set[str]) -> bool:
    sets = query.get("credential_sets")
    if sets is None:
        return answered == {one["id"] for one in query["credentials"]}
    return all(any(set(option) <= answered for option in one["options"]) for one in sets if one.get("required", True))


def is_no_more(query: dict[str, Any], answered: set[str]) -> bool:
    """Tell whether one option of some of the sets makes up the whole answer."""
    sets = query.get("credential_sets")
    if sets is None:
        return True
    return any(
        set(itertools.chain(*chosen)) == answered
        for chosen in itertools.product(*(([], *s["options"]) for s in sets))
    )


@pytest.mark.parametrize("seed", range(8))
def test_two_readings_of_the_standard_agree(seed: int) -> None:
    generator, matched = Generator(seed), 0
    for _ in range(250):
        body, holdings = generator.query(), [generator.holding() for _ in range(3)]
        query = parse_query(body)
        could: dict[str, list[int]] = {}
        assert parse_query(query.document()) == query
        for document, asked in zip(body["credentials"], query.credentials, strict=True):
            for place, holding in enumerate(holdings):
                wanted, chosen = shows(document, holding), chosen_claims(asked, holding)
                assert (None if chosen is None else [list(claim.path) for claim in chosen]) == wanted, body
                if wanted is not None:
                    could.setdefault(document["id"], []).append(place)
                    # A presentation that keeps nothing back shows what the credential holds.
                    assert chosen_claims(asked, holding, presented=True) is not None, (document, holding.claims)
        matched += len(could)
        assert candidates(query, holdings) == {query_id: tuple(places) for query_id, places in could.items()}
        ids = [document["id"] for document in body["credentials"]]
        for count in range(len(ids) + 1):
            for answered in map(set, itertools.combinations(ids, count)):
                assert satisfies(query, answered) is is_enough(body, answered), (body, answered)
                assert covers_answer(query, answered) is is_no_more(body, answered), (body, answered)
    assert matched > 100
