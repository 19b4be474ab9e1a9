"""Ask the registries what held as of each attestation, and list what was declared afterwards.

Proves that everybody who judges an attestation by the contracts judges it as this replay does: the issuer's
accreditation and keys at that time, by what was known then and by what is known now.
"""

from collections.abc import Iterator

from audit import rules
from audit.checks.views import Progress, Question, compare
from audit.findings import Finding, Rule
from audit.source import ChainReader
from audit.state import State

_CREDENTIAL_SIGNING = 1


def compare_as_of(reader: ChainReader, state: State, progress: Progress) -> tuple[list[Finding], int]:
    """Compare `accreditedAt` and `keyStateAt` with the replay for each attestation; give findings and a count.

    Raises:
        AuditImpossible: the chain does not answer for the audited block.
    """
    questions = {(question.function, question.args): question for question in _questions(state)}
    return compare(reader, state, questions.values(), progress)


def _questions(state: State) -> Iterator[Question]:
    accreditations = state.addresses("AccreditationRegistry")[-1:]
    keys: dict[str, list[str]] = {}
    for pair, key in state.keys.items():
        if key["purpose"] == _CREDENTIAL_SIGNING:
            keys.setdefault(pair.split("/")[0], []).append(pair)
    for batch, record in state.batches.items():
        issuer, schema, time = record["issuer"], record["schema"], record["time"]
        for address in accreditations:
            covered = state.accredited_at(issuer, schema, time, address)
            args: tuple[object, ...] = (issuer, schema, time)
            subject = f"accreditation at batch {batch}"
            yield Question(address, "AccreditationRegistry", "accreditedAt", args, subject, covered)
        for pair in keys.get(issuer, []):
            for known_at in (record["block"], state.block):
                args = (issuer, pair.split("/")[1], time, known_at)
                expected = state.key_state_at(pair, time, known_at)
                subject = f"key {pair} at batch {batch}"
                yield Question(state.keys[pair]["at"], "KeyRegistry", "keyStateAt", args, subject, expected)


def declared_later(state: State) -> list[Finding]:
    """List the attestations that fall under a compromise, a withdrawal or a removal declared after them."""
    return [
        Finding(rule, f"batch {batch}", message, record["block"], record["issuer"])
        for batch, record in state.batches.items()
        for rule, message in _declared(state, record["issuer"], record["schema"], record["operator"], record["time"])
    ]


def _declared(state: State, issuer: str, schema: str, operator: str, time: int) -> Iterator[tuple[Rule, str]]:
    since = state.operators.get(operator, {}).get("compromised_since")
    if since is not None and since <= time:
        yield rules.ATTESTED_UNDER_COMPROMISE, f"operator {operator} was declared compromised since {since}"
    withdrawals = [grant["withdrawn_since"] for grant in state.grants.get(f"{issuer}/{schema}", [])]
    if not state.accredited_at(issuer, schema, time) and any(since is not None for since in withdrawals):
        yield rules.ATTESTED_DISOWNED, "the accreditation was withdrawn with effect from before it"
    removed = state.members.get(issuer, {}).get("removed")
    if removed is not None and removed["for_cause"] and removed["since"] <= time:
        yield rules.ATTESTED_DISOWNED, f"the issuer was removed for cause since {removed['since']}"
