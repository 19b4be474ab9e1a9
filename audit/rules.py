"""List everything an audit can find; docs/reference/audit.md explains each and a test compares the two."""

from audit.findings import Rule, Severity

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

HISTORY_BROKEN = Rule(
    "history-broken", _E, "An event refers to nothing", "events form one gapless history from the deployment on"
)
HISTORY_REWRITTEN = Rule(
    "history-rewritten",
    _E,
    "History was changed afterwards",
    "grants, keys, compromises and anchors of logs were only ever added",
)
ID_MISMATCH = Rule("id-mismatch", _E, "An id is not the hash it must be", "ids bind the content they name")
ROOT_MISMATCH = Rule(
    "root-mismatch", _E, "A batch's digests do not give its root", "the emitted digests are the attested ones"
)
ATTESTED_BY_STRANGER = Rule(
    "attested-by-stranger",
    _E,
    "Attested by an account that was no operator",
    "each attestation was made by an account its issuer had authorised",
)
ATTESTED_UNACCREDITED = Rule(
    "attested-unaccredited",
    _E,
    "Attested without accreditation",
    "each issuer was accredited for the schema at the attestation's block time",
)
ATTESTED_UNDER_COMPROMISE = Rule(
    "attested-under-compromise",
    _N,
    "An attestation falls under a compromise declared later",
    "no operator account was declared compromised as of its attestations",
)
ATTESTED_DISOWNED = Rule(
    "attested-disowned",
    _N,
    "An attestation falls under a withdrawal or removal declared later",
    "no accreditation was withdrawn, and no issuer removed for cause, with effect from before an attestation",
)
ACT_WITHOUT_STANDING = Rule(
    "act-without-standing",
    _E,
    "A member acted while not active",
    "members acted only while entitled, except to tighten",
)
ACT_WITHOUT_QUORUM = Rule(
    "act-without-quorum",
    _E,
    "A governance act lacked its quorum or its delay",
    "each governance act had its quorum and its delay",
)
REVOCATION_UNDONE = Rule(
    "revocation-undone", _E, "A revoked credential came back", "REVOKED was final for every credential"
)
STORAGE_MISMATCH = Rule(
    "storage-mismatch",
    _E,
    "A contract answers otherwise than its events say",
    "events reproduce the contracts' state",
)
BYTECODE_MISMATCH = Rule(
    "bytecode-mismatch", _E, "A contract's code is not ours", "the code on chain is the code of these sources"
)
INDEX_MISMATCH = Rule(
    "index-mismatch",
    _E,
    "A node's index differs from the chain",
    "verifications of this node read what the chain says",
)
INDEX_BEHIND = Rule(
    "index-behind", _W, "A node's index lags behind the audited block", "the node has seen all audited blocks"
)
DATABASE_MISMATCH = Rule(
    "database-mismatch",
    _E,
    "A node's records differ from the chain",
    "issued credentials and attestations are the same",
)
ATTESTATION_MISSING = Rule(
    "attestation-missing",
    _E,
    "An issued credential is not attested",
    "each credential past the waiting time stands on chain",
)
ATTESTATION_UNEXPLAINED = Rule(
    "attestation-unexplained",
    _E,
    "An attested digest belongs to no issued credential",
    "the node attested nothing it has no record of",
)
SIGNING_KEY_UNFIT = Rule(
    "signing-key-unfit",
    _E,
    "A credential was signed by a key that was not valid then",
    "each credential's signing key was registered and active at its attestation",
)
SIGNING_KEY_COMPROMISED = Rule(
    "signing-key-compromised",
    _N,
    "A credential falls under a key compromise declared later",
    "no credential was signed by a key since declared compromised",
)
KEY_NOT_REGISTERED = Rule(
    "key-not-registered",
    _W,
    "A key at work is not registered",
    "every key the node signs with towards others is known to the chain",
)
KEY_NOT_HELD = Rule(
    "key-not-held",
    _W,
    "A registered key is not held by the node",
    "every key that stands on the chain in good order is in the node's inventory",
)
KEY_STATE_MISMATCH = Rule(
    "key-state-mismatch",
    _E,
    "A key works although the chain ended it",
    "no key is at work that the chain knows as ended, or as another's purpose",
)
KEY_USED_AFTER_END = Rule(
    "key-used-after-end",
    _E,
    "A key signed after its end",
    "nothing was signed by a key after it was retired, destroyed or compromised",
)
STATUS_LIST_MISMATCH = Rule(
    "status-list-mismatch", _E, "A published status list differs from the chain", "lists say what the chain says"
)
STATUS_LIST_UNFIT = Rule(
    "status-list-unfit",
    _E,
    "A published status list is malformed, expired or wrongly signed",
    "lists are signed by a key registered for it",
)
STATUS_LIST_MISSING = Rule(
    "status-list-missing", _W, "A status list could not be read", "every list with entries is published"
)
BLOCK_TIME_CHANGED = Rule(
    "block-time-changed",
    _N,
    "An attestation stands in a block much later than its signing",
    "no attestation was moved in time, as when a lost block's transactions were sent again",
)

PROFILE_NOT_REGISTERED = Rule(
    "profile-not-registered",
    _E,
    "A verification was made under a profile that was not registered",
    "holders were asked only what the consortium had agreed to",
)
VOTE_BY_STRANGER = Rule(
    "vote-by-stranger",
    _E,
    "A vote was not sent by its member's governance account",
    "whoever voted by transaction was the member's governance account at that time",
)
ACT_OPAQUE = Rule(
    "act-opaque",
    _W,
    "An executed proposal called what the ABI does not know",
    "every executed proposal can be read: it calls a function of one of the consortium's contracts",
)
SOURCE_MISMATCH = Rule(
    "source-mismatch",
    _E,
    "The sources do not give the artifacts that nodes run with",
    "artifacts, and with them the code on chain, are made by the sources in this checkout",
)
POWER_UNKNOWN = Rule(
    "power-unknown",
    _E,
    "A contract has a changing function that nobody described",
    "who can change what is what the reference says",
)
PERSONAL_VALUE_FOUND = Rule(
    "personal-value-found",
    _E,
    "A known value of a person stands in the open",
    "no known value of a person stands on the chain or in the files scanned, plain or under a bare hash",
)
NOT_A_DIGEST = Rule(
    "not-a-digest",
    _E,
    "Something that is no digest stands where one belongs",
    "what stands for digests on the chain looks like the output of a hash function",
)
CALLDATA_UNEXPLAINED = Rule(
    "calldata-unexplained",
    _W,
    "A transaction carries bytes that no argument explains",
    "every byte sent to the chain is an argument of a function of the consortium's contracts",
)
PERSONAL_PATTERN_FOUND = Rule(
    "personal-pattern-found",
    _W,
    "Scanned text looks like personal data",
    "the files scanned hold no resident registration number, mobile number or e-mail address",
)
ATTESTED_LATE = Rule(
    "attested-late",
    _N,
    "A credential was attested long after its issue",
    "every credential was attested within an hour of its issue",
)
STATUS_LATE = Rule(
    "status-late",
    _W,
    "A change of status took long to take effect",
    "every change of status stood on the chain within five minutes of its decision",
)

ALL = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
