"""The genesis facts are read as they were written; what is none is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.evidence import Trust, parse_trust
from audit.findings import AuditImpossible
from tests.common.proofs import Witnessed
from tests.unit.audit.evidence.judging import judged


@pytest.fixture
def stage() -> Witnessed:
    return Witnessed()


def facts_of(trust: Trust, **members: object) -> bytes:
    body: dict[str, Any] = {
        "chain_id": trust.chain_id,
        "directory": "0x" + trust.directory.hex(),
        "block_hash": "0x" + trust.block_hash.hex(),
        "deployment_id": "0x" + trust.deployment_id.hex(),
        "code": {name: "0x" + digest.hex() for name, digest in trust.code.items()},
        "witnesses": sorted(trust.witnesses),
        "quorum": trust.quorum,
    }
    body |= members
    return json.dumps({name: value for name, value in body.items() if value != "-"}).encode()


def test_facts_read_as_they_were_written(stage: Witnessed) -> None:
    trust = stage.trust()
    assert parse_trust(facts_of(trust)) == trust
    assert parse_trust(facts_of(trust, quorum="-")) == trust
    assert parse_trust(facts_of(trust, blocks={"7": "0x" + "07" * 32})).blocks == {7: b"\x07" * 32}


def test_deployment_file_is_enough_to_tell_the_consortium(stage: Witnessed) -> None:
    trust = stage.trust()
    directory = {"addresses": {"Directory": "0x" + trust.directory.hex()}}
    raw = facts_of(trust, directory="-", code="-", witnesses="-", quorum="-", **directory)
    assert parse_trust(raw) == Trust(trust.chain_id, trust.directory, trust.block_hash)


@pytest.mark.parametrize(
    "members",
    [
        *({"chain_id": -1}, {"chain_id": 1 << 300}, {"chain_id": "1"}, {"directory": "0x00"}, {"directory": 7}),
        *({"block_hash": "0xzz"}, {"deployment_id": "0x" + "00" * 32}, {"deployment_id": "-"}, {"code": []}),
        *({"code": {"Directory": "0x"}}, {"witnesses": ["x"]}, {"witnesses": [7]}, {"quorum": 2}, {"quorum": 0}),
        *(
            {"witnesses": []},
            {"quorum": None},
            {"blocks": [7]},
            {"blocks": {"7": 7}},
            {"blocks": {"07": "0x" + "07" * 32}},
        ),
        {"blocks": {str(number): "0x" + "07" * 32 for number in range(4_097)}},
    ],
    ids=range(20),
)
def test_facts_that_are_none_are_refused(stage: Witnessed, members: dict[str, object]) -> None:
    with pytest.raises(AuditImpossible):
        parse_trust(facts_of(stage.trust(), **members))


def test_key_of_a_log_is_no_witness(stage: Witnessed) -> None:
    stage.exported(judged(stage))
    own = next(key for key in stage.log.keys() if "/log/" in key)  # noqa: SIM118 - not a mapping
    with pytest.raises(AuditImpossible):
        parse_trust(facts_of(stage.trust(), witnesses=[own]))


@pytest.mark.parametrize("data", [b"", b"[]", b" " * ((1 << 20) + 1)], ids=["empty", "a list", "too large"])
def test_file_that_holds_no_facts_is_refused(data: bytes) -> None:
    with pytest.raises(AuditImpossible):
        parse_trust(data)
