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

LOG_MISSING = Rule(
    "log-missing",
    _W,
    "A member's log cannot be read",
    "every member that signs a log serves it, whole and within bounds of time",
)
LOG_MALFORMED = Rule(
    "log-malformed",
    _E,
    "A part of a log is malformed",
    "checkpoints, bundles and entries have their form and nothing personal finds room in them",
)
LOG_INCOMPLETE = Rule(
    "log-incomplete",
    _E,
    "A log lacks what its checkpoint counts",
    "every entry that a checkpoint counts is there",
)
LOG_FOREIGN = Rule(
    "log-foreign",
    _E,
    "A member serves another log's checkpoint",
    "each checkpoint names this member's log",
)
LOG_UNSIGNED = Rule(
    "log-unsigned",
    _E,
    "A checkpoint is not signed by a key registered for it",
    "each member's checkpoint is signed by a key that the chain holds good for it",
)
LOG_TREE_MISMATCH = Rule(
    "log-tree-mismatch",
    _E,
    "A log's entries do not give its checkpoint's root",
    "no entry was altered, removed, added or moved behind the checkpoint's back",
)
LOG_TILE_MISMATCH = Rule(
    "log-tile-mismatch",
    _E,
    "A tile of hashes is not that of the entries",
    "whoever checks an entry by the tiles alone is told what the entries say",
)
LOG_FORKED = Rule(
    "log-forked",
    _E,
    "A log contradicts a checkpoint that it signed",
    "all checkpoints known are beginnings of one log: nobody was shown another history",
)
LOG_SHRUNK = Rule(
    "log-shrunk",
    _E,
    "A log has fewer entries than it signed",
    "nothing that others saw of the log was taken away at its end",
)
LOG_COPY_SHORT = Rule(
    "log-copy-short",
    _N,
    "A copy of a log ends before a checkpoint that is known",
    "the copies that were read are as new as what others hold",
)
LOG_UNDERSIGNED = Rule(
    "log-undersigned",
    _W,
    "Too few witnesses cosigned a checkpoint",
    "most of the other members that can cosign vouch for each log as it stands",
)
LOG_COSIGNED_LATE = Rule(
    "log-cosigned-late",
    _N,
    "Witnesses saw a checkpoint and their cosignatures are not under it",
    "cosignatures were there when the checkpoint was published",
)
LOG_COSIGNATURE_FORGED = Rule(
    "log-cosignature-forged",
    _E,
    "A cosignature under a checkpoint is not its witness's",
    "no line under a checkpoint puts words into a witness's mouth",
)
WITNESS_MISSING = Rule(
    "witness-missing",
    _W,
    "A witness does not say what it saw of the logs",
    "every witness was asked, and answered",
)
WITNESS_UNFIT = Rule(
    "witness-unfit",
    _W,
    "A witness shows what no log signed",
    "what witnesses say they saw is signed by the logs themselves",
)
LOG_OPENING_MISMATCH = Rule(
    "log-opening-mismatch",
    _E,
    "An epoch of a log does not begin with what was known of the one before",
    "each later epoch of a log begins with the last checkpoint that others hold of those before",
)
LOG_LOST = Rule(
    "log-lost",
    _W,
    "A closed epoch of a log does not show all that it was closed with",
    "what others saw of a closed epoch is still shown; what was lost of it cannot be judged",
)
LOG_UNWITNESSED = Rule(
    "log-unwitnessed",
    _N,
    "Nobody can cosign a log",
    "each log has other members that can vouch for it: alone with its log, a member may show everybody another",
)
LOG_ANCHOR_LATE = Rule(
    "log-anchor-late",
    _N,
    "What a log published is not anchored",
    "what a log published stands anchored on the chain after a day at the latest",
)
LOG_ACT_MISSING = Rule(
    "log-act-missing",
    _E,
    "An act has no entry in its member's log",
    "every act that the chain or the node's tables show has its entry",
)
LOG_ENTRY_UNEXPLAINED = Rule(
    "log-entry-unexplained",
    _E,
    "A log tells of an act that there is not",
    "entries tell of acts that the chain and the node's tables show",
)
ROW_MISMATCH = Rule(
    "row-mismatch",
    _E,
    "A row of a node is not what was logged of it",
    "staff, clients, policies, acts of two people, proposals, keys and proofings stand in the tables as they were"
    " logged",
)
DATA_KEY_MISSING = Rule(
    "data-key-missing",
    _E,
    "What is sealed of a person cannot be opened any more, and no erasure says so",
    "no data key was destroyed past an erasure",
)
LOG_ENTRY_MISMATCH = Rule(
    "log-entry-mismatch",
    _E,
    "An entry is not that of its event",
    "every commitment opens to the event that the node keeps beside it, in the order of the events",
)
LOG_BLOCK_MISMATCH = Rule(
    "log-block-mismatch",
    _E,
    "A log vouches for blocks that the chain does not have",
    "the chain is the one that members' logs, and with them their witnesses, have seen",
)
LOG_BLOCK_LOST = Rule(
    "log-block-lost",
    _N,
    "A log names a few blocks that the chain lost",
    "the chain never lost its last blocks",
)
LOG_WAITING = Rule(
    "log-waiting",
    _N,
    "Entries wait to be published",
    "every entry was in a published checkpoint within minutes",
)

ALL = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
