import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint, parse_hash
from jeung.crypto.tlog.notes import (
    MAX_TIMESTAMP,
    KeyType,
    NoteKey,
    NoteSignature,
    cosignature,
    cosigned_message,
    encode_note,
    parse_note,
    parse_note_key,
    parse_signatures,
    verify_note,
)
from jeung.errors import InvalidSignature, MalformedNote

# The note of c2sp.org/signed-note and the key of Go's package golang.org/x/mod/sumdb/note (its documentation).
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    + "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX".encode()
    + b"gKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
TEXT = "some.example/log/1\n7\n" + base64.b64encode(bytes(range(32))).decode() + "\n"
LOG = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
WITNESS = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
LOG_KEY = NoteKey("some.example/log/1", KeyType.ED25519, LOG.public_key().public_bytes_raw())
WITNESS_KEY = NoteKey("witness.example", KeyType.COSIGNATURE_V1, WITNESS.public_key().public_bytes_raw())
AT = 1_790_000_000


def signed(text: str = TEXT) -> NoteSignature:
    return NoteSignature(LOG_KEY.name, LOG_KEY.key_id, LOG.sign(text.encode()))


def cosigned(at: int = AT, text: str = TEXT) -> NoteSignature:
    return cosignature(WITNESS_KEY, at, WITNESS.sign(cosigned_message(text, at)))


def test_the_note_of_the_reference_implementation_verifies() -> None:
    (found,) = verify_note(parse_note(GO_NOTE), [parse_note_key(PETER)])
    assert found.key.name == "PeterNeumann"
    assert found.timestamp is None
    assert parse_note_key(PETER).text == PETER


def test_a_note_reads_as_it_was_written() -> None:
    note = parse_note(encode_note(TEXT, [signed(), cosigned()]))
    assert note.text == TEXT
    assert note.encoded == encode_note(TEXT, [signed(), cosigned()])


def test_both_the_logs_signature_and_the_cosignature_verify() -> None:
    note = parse_note(encode_note(TEXT, [signed(), cosigned()]))
    log, witness = verify_note(note, [WITNESS_KEY, LOG_KEY])
    assert (log.key, log.timestamp) == (LOG_KEY, None)
    assert (witness.key, witness.timestamp) == (WITNESS_KEY, AT)


def test_a_text_with_an_empty_line_ends_at_the_last_one() -> None:
    text = "a\n\nb\n"
    note = parse_note(encode_note(text, [signed(text)]))
    assert note.text == text
    assert verify_note(note, [LOG_KEY])


def test_a_key_that_signed_twice_counts_once() -> None:
    note = parse_note(encode_note(TEXT, [cosigned(), cosigned(AT + 1)]))
    (found,) = verify_note(note, [WITNESS_KEY])
    assert found.timestamp == AT


def test_signatures_of_unknown_keys_are_passed_over() -> None:
    note = parse_note(encode_note(TEXT, [NoteSignature("other", b"abcd", b"nothing"), signed()]))
    assert [found.key for found in verify_note(note, [LOG_KEY])] == [LOG_KEY]


def test_a_note_of_unknown_keys_alone_is_refused() -> None:
    with pytest.raises(InvalidSignature, match="no known key"):
        verify_note(parse_note(encode_note(TEXT, [signed()])), [WITNESS_KEY])


def test_one_bad_signature_of_a_known_key_spoils_the_note() -> None:
    bad = NoteSignature(WITNESS_KEY.name, WITNESS_KEY.key_id, bytes(72))
    with pytest.raises(InvalidSignature):
        verify_note(parse_note(encode_note(TEXT, [signed(), bad])), [LOG_KEY, WITNESS_KEY])


def test_a_changed_text_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        verify_note(parse_note(encode_note(TEXT.replace("\n7\n", "\n8\n"), [signed()])), [LOG_KEY])


def test_a_cosignature_is_good_for_its_own_time_only() -> None:
    moved = cosignature(WITNESS_KEY, AT + 1, cosigned().signature[8:])
    with pytest.raises(InvalidSignature):
        verify_note(parse_note(encode_note(TEXT, [moved])), [WITNESS_KEY])


def test_a_plain_signature_is_no_cosignature_even_of_the_same_key() -> None:
    as_witness = NoteKey(LOG_KEY.name, KeyType.COSIGNATURE_V1, LOG_KEY.public)
    assert as_witness.key_id != LOG_KEY.key_id
    forged = cosignature(as_witness, AT, LOG.sign(TEXT.encode()))
    with pytest.raises(InvalidSignature):
        verify_note(parse_note(encode_note(TEXT, [forged])), [as_witness])


@pytest.mark.parametrize("signature", [b"", b"\x00" * 7, b"\x00" * 71, b"\x80" + bytes(71)], ids=len)
def test_a_cosignature_of_a_wrong_shape_is_refused(signature: bytes) -> None:
    line = NoteSignature(WITNESS_KEY.name, WITNESS_KEY.key_id, signature)
    with pytest.raises(InvalidSignature):
        verify_note(parse_note(encode_note(TEXT, [signed()])).__class__(TEXT, (line,)), [WITNESS_KEY])


def test_the_last_second_that_is_allowed_is_signed() -> None:
    (found,) = verify_note(parse_note(encode_note(TEXT, [cosigned(MAX_TIMESTAMP)])), [WITNESS_KEY])
    assert found.timestamp == MAX_TIMESTAMP


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text\n\n",
        b"text\n",
        b"\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAA=",
        b"text\n\n- a AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 aAAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a  AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a+b AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a AAAAAA==\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAB=\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAA\n",
        b"te\x00xt\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"te\rxt\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"\xff\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"text\n\n" + "\u2014 a AAAAAAA=\n".encode() * 65,
        b"a" * (64 * 1024 + 1),
    ],
    ids=[
        "nothing",
        "newline",
        "no-signature",
        "no-empty-line",
        "no-text",
        "no-last-newline",
        "no-dash",
        "no-space",
        "two-spaces",
        "plus-in-name",
        "only-an-id",
        "second-spelling",
        "no-padding",
        "control",
        "carriage-return",
        "no-utf8",
        "too-many",
        "too-large",
    ],
)
def test_whatever_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedNote):
        parse_note(data)


@given(st.binary(max_size=200))
def test_no_bytes_lead_anywhere_but_to_a_note_or_a_refusal(data: bytes) -> None:
    try:
        note = parse_note(data)
    except MalformedNote:
        return
    assert note.encoded == data


def test_lines_of_a_witness_are_read_alone() -> None:
    assert parse_signatures(cosigned().line) == (cosigned(),)
    with pytest.raises(MalformedNote):
        parse_signatures("")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("+A", "+B"),
        PETER[:-4],
        PETER.replace("PeterNeumann", ""),
        PETER.replace("Peter", "Peter "),
        PETER + "=",
    ],
    ids=["empty", "name", "other-id", "upper-case", "other-type", "short", "nameless", "space", "padding"],
)
def test_whatever_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_note_key(text)


def test_a_key_knows_its_name_on_the_chain() -> None:
    assert len(LOG_KEY.verifier.thumbprint) == 32
    assert parse_note_key(LOG_KEY.text) == LOG_KEY
    assert parse_note_key(WITNESS_KEY.text) == WITNESS_KEY


@given(st.integers(0, (1 << 63) - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_as_it_was_written(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("some.example/log/1", size, root)
    assert parse_checkpoint(checkpoint.text) == checkpoint


ROOT = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"o\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n\u0661\n{ROOT}\n",
        f"o\n9223372036854775808\n{ROOT}\n",
        f"o\n1\n{ROOT}\nextension\n",
        f"o\n1\n{ROOT[:-1]}\n",
        f"o\n1\n{'A' * 44}\n",
        f"o\n1\n{ROOT[:-2]}9=\n",
        f"o\n1\n{'*' * 44}\n",
        f"{'o' * 513}\n1\n{ROOT}\n",
    ],
    ids=[
        "empty",
        "no-newline",
        "no-origin",
        "leading-zero",
        "negative",
        "other-digits",
        "too-large",
        "extension",
        "short-root",
        "long-root",
        "second-spelling",
        "no-base64",
        "long-origin",
    ],
)
def test_whatever_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_checkpoint(text)


def test_a_hash_has_one_spelling() -> None:
    assert parse_hash(ROOT) == bytes(range(32))
    with pytest.raises(MalformedNote):
        parse_hash(ROOT + "\n")
