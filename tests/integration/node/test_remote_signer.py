"""A remote signer over real HTTP, and addresses a node must not trust with a transaction."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from pydantic import ValidationError

from keys.backends.web3signer import PUBLIC_KEYS_PATH, Web3SignerBackend
from keys.errors import BackendRefused, BackendUnavailable, InsecureFile
from keys.purposes import Purpose
from node.key_settings import KeySettings, RemoteSignerSettings, TokenPlace
from node.runtime.remote_signer import MAX_ANSWER_BYTES, HttpSignerTransport
from tests.common.keystores import UNSIGNED_TRANSACTION
from tests.common.web3signer import Web3Signer, serving


def transport(url: str, timeout_s: float = 10.0) -> HttpSignerTransport:
    return HttpSignerTransport(RemoteSignerSettings(url=url, timeout_s=timeout_s))


def test_account_is_found_and_signs_over_http() -> None:
    signer = Web3Signer()
    with serving(signer) as url:
        assert transport(url).get("/upcheck") == b"OK"
        backend = Web3SignerBackend(transport(url))
        held = backend.adopt(Purpose.ATTEST, "ES256K-R", signer.accounts[0])
        assert held.public.address == signer.accounts[0]
        answer = transport(url).post(f"/api/v1/eth1/sign/{held.handle}", b'{"data":"0x02c0"}')
    assert len(answer) == 132
    assert signer.signed == [b"\x02\xc0"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, BackendUnavailable),
        (503, BackendUnavailable),
        (429, BackendUnavailable),
        (404, BackendRefused),
        (400, BackendRefused),
        (302, BackendRefused),
        (204, BackendRefused),
    ],
)
def test_answer_other_than_200_is_an_error_of_its_kind(status: int, kind: type[Exception]) -> None:
    with serving(Web3Signer(status=status)) as url, pytest.raises(kind, match=str(status)):
        transport(url).get(PUBLIC_KEYS_PATH)


def test_answer_beyond_its_bound_is_refused() -> None:
    with serving(Web3Signer(text="x" * (MAX_ANSWER_BYTES + 1))) as url, pytest.raises(BackendRefused, match="more"):
        transport(url).get(PUBLIC_KEYS_PATH)


def test_signer_that_is_not_there_is_unavailable_and_its_address_is_not_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(BackendUnavailable) as caught:
        transport(f"http://127.0.0.1:{port}").get(PUBLIC_KEYS_PATH)
    assert str(port) not in caught.value.detail


@contextmanager
def answering(*parts: bytes) -> Iterator[str]:
    """Accept one connection, send some bytes, and keep it open until the other side ends it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def work() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                for part in parts:
                    connection.sendall(part)
                connection.recv(1)

        thread = threading.Thread(target=work)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    "parts",
    [(), (b"HTTP/1.1 200 OK\r\n",), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"0x")],
    ids=["silence", "half a head", "half a body"],
)
def test_signer_that_stops_answering_is_waited_for_no_longer_than_its_time_out(parts: tuple[bytes, ...]) -> None:
    with answering(*parts) as url, pytest.raises(BackendUnavailable):
        transport(url, timeout_s=0.2).get(PUBLIC_KEYS_PATH)


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH\r\n\r\n", b"\x00\x01\x02\r\n\r\n"])
def test_what_is_no_http_is_unavailable(garbage: bytes) -> None:
    with answering(garbage) as url, pytest.raises(BackendUnavailable):
        transport(url, timeout_s=0.5).get(PUBLIC_KEYS_PATH)


@pytest.mark.parametrize(
    "url",
    [
        "http://signer.example:9000",
        "http://10.0.0.7:9000",
        "http://0.0.0.0:9000",
        "ftp://127.0.0.1",
        "https://user:secret@signer.example",
        "https://signer.example/?key=1",
        "https://",
        "signer.example",
    ],
)
def test_signer_is_reached_over_tls_or_on_this_machine_only(url: str) -> None:
    with pytest.raises(ValidationError):
        RemoteSignerSettings(url=url)


@pytest.mark.parametrize("url", ["https://signer.example:9000/base", "http://[::1]:9000", "http://localhost:9000"])
def test_safe_address_of_a_signer_is_accepted(url: str) -> None:
    assert RemoteSignerSettings(url=url).url == url


def test_certificate_and_key_of_the_client_come_together(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="together"):
        RemoteSignerSettings(url="https://signer.example", client_key_file=tmp_path / "key")


def test_clients_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    certificate.write_text("none")
    key.write_text("none")
    key.chmod(0o644)
    settings = RemoteSignerSettings(
        url="https://signer.example", client_certificate_file=certificate, client_key_file=key
    )
    with pytest.raises(InsecureFile, match="0600"):
        HttpSignerTransport(settings)
    key.chmod(0o600)
    with pytest.raises(BackendRefused, match="cannot be read"):
        HttpSignerTransport(settings)


TOKEN = TokenPlace(module=Path("/usr/lib/module.so"), token="bank")
SIGNER = RemoteSignerSettings(url="https://signer.example")


@pytest.mark.parametrize(
    "changes",
    [
        {"placement": {"attest": "nobody"}},
        {"pkcs11": {"software": TOKEN}},
        {"pkcs11": {"one": TOKEN}, "web3signer": {"one": SIGNER}},
        {"pkcs11": {"Upper": TOKEN}},
        {"placement": {"ATTEST": "software"}},
    ],
    ids=["unnamed", "software", "twice", "no name", "no purpose"],
)
def test_places_of_keys_that_cannot_be_meant_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        KeySettings(**changes)


def test_relative_module_is_refused() -> None:
    with pytest.raises(ValidationError, match="absolute"):
        TokenPlace(module=Path("libsofthsm2.so"), token="bank")


def test_message_is_sent_whole() -> None:
    signer = Web3Signer()
    with serving(signer) as url:
        body = b'{"data": "0x' + UNSIGNED_TRANSACTION.hex().encode() + b'"}'
        transport(url).post(f"/api/v1/eth1/sign/{signer.public_keys[0]}", body)
    assert signer.signed == [UNSIGNED_TRANSACTION]


def test_connection_that_took_longer_than_the_deadline_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with many addresses: when the time was over there was no connection yet to cut."""
    connect = HTTPConnection.connect
    late = threading.Event()

    def slow(connection: HTTPConnection) -> None:
        late.wait(0.2)
        connect(connection)

    monkeypatch.setattr(HTTPConnection, "connect", slow)
    with serving(Web3Signer()) as url, pytest.raises(BackendUnavailable, match="TimeoutError"):
        transport(url, timeout_s=0.05).get(PUBLIC_KEYS_PATH)
