"""The rules of a node's settings: strict, without secrets, careful in production."""

from pathlib import Path

import pytest

from node.settings import Environment, FeeMode, SettingsInvalid, load_settings, node_dir_from_environment

SANDBOX = """
name = "bank"
environment = "sandbox"
base_url = "http://localhost:8101"
listen_port = 8101
rpc_urls = ["http://127.0.0.1:8100"]
"""
PRODUCTION = SANDBOX.replace('"sandbox"', '"production"').replace("http://localhost:8101", "https://bank.example")


def chain_node(url: str, *, token: bool = False) -> str:
    named = f'[[network.chain_nodes]]\nname = "validator"\nrpc_url = "{url}"\n'
    return named + ('token_file = "besu.token"\n' if token else "")


def write(folder: Path, text: str) -> Path:
    (folder / "node.toml").write_text(text)
    return folder


def test_a_file_with_the_least_gives_every_bound_a_value(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, SANDBOX))
    assert settings.environment is Environment.SANDBOX
    assert settings.fees.mode is FeeMode.ZERO
    assert settings.ledger.max_head_age_s == 10
    assert settings.listen_host == "127.0.0.1"
    assert settings.database_path == tmp_path.resolve() / "node.db"
    assert settings.deployment_path == tmp_path.resolve() / "deployment.json"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, SANDBOX + "[ledger]\nmax_head_age_s = 20\nmax_poll_age_s = 9\n")
    monkeypatch.setenv("JEUNG_LEDGER__MAX_HEAD_AGE_S", "15")
    settings = load_settings(tmp_path)
    assert settings.ledger.max_head_age_s == 15
    assert settings.ledger.max_poll_age_s == 9


def test_the_folder_asked_for_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEUNG_NODE_DIR", "/elsewhere")
    assert load_settings(write(tmp_path, SANDBOX)).node_dir == tmp_path.resolve()
    assert node_dir_from_environment() == Path("/elsewhere")


def test_production_takes_https_and_no_unsafe_option(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, PRODUCTION)).base_url == "https://bank.example"


@pytest.mark.parametrize(
    "named",
    [
        chain_node("https://besu.bank.example", token=True),
        chain_node("http://127.0.0.1:8545", token=True),
        chain_node("http://[::1]:8545", token=True),
        chain_node("http://10.0.0.1:8545"),
    ],
    ids=["https", "loopback", "loopback 6", "no secret"],
)
def test_production_tells_no_token_in_the_clear(tmp_path: Path, named: str) -> None:
    assert len(load_settings(write(tmp_path, PRODUCTION + named)).network.chain_nodes) == 1


@pytest.mark.parametrize(
    ("text", "because"),
    [
        (SANDBOX + "listen_prot = 1\n", "listen_prot"),
        (SANDBOX + "[ledger]\nmax_age = 1\n", "ledger.max_age"),
        (SANDBOX.replace("8101\n", "0\n"), "listen_port"),
        (SANDBOX.replace("localhost", "LOCALHOST"), "canonical"),
        (SANDBOX.replace('8101"', '8101/"'), "canonical"),
        (SANDBOX.replace('"bank"', '"../bank"'), "name"),
        (SANDBOX.replace('"http://127.0.0.1:8100"', ""), "rpc_urls"),
        (SANDBOX.replace("http://127.0.0.1:8100", "ws://127.0.0.1:8100"), "rpc_urls"),
        (SANDBOX.replace('"sandbox"', '"staging"'), "environment"),
        (SANDBOX + '[api]\nrate_default = "many"\n', "api.rate_default"),
        (SANDBOX + "[ledger]\nmax_head_age_s = 0\n", "ledger.max_head_age_s"),
        (SANDBOX + '[log]\ncopies = ["https://operator:word@copy.example"]\n', "log.copies"),
        (SANDBOX + '[log]\ncopies = ["https://copy.example/bank/"]\n', "log.copies"),
        (SANDBOX + '[log]\ncopies = ["https://copy.example/bank?key=1"]\n', "log.copies"),
        (SANDBOX + f"[log]\ncopies = {['https://copy.example'] * 9}\n", "log.copies"),
        (SANDBOX + '[[retention.profiles]]\nprofile = "a"\npresentation_days = 1\n' * 2, "one rule for each profile"),
        (SANDBOX + '[[retention.profiles]]\nprofile = "a"\npresentation_days = -1\n', "presentation_days"),
        (PRODUCTION.replace("https://", "http://"), "https base_url"),
        (PRODUCTION + "unsafe_fast_key_derivation = true\n", "unsafe_"),
        (SANDBOX + chain_node("http://10.0.0.1:8545") * 2, "name of its own"),
        (SANDBOX + chain_node("ws://10.0.0.1:8545"), "rpc_url"),
        (SANDBOX + chain_node("http://10.0.0.1:8545") + 'token = "secret"\n', "token"),
        (PRODUCTION + chain_node("http://10.0.0.1:8545", token=True), "over https"),
        (PRODUCTION + chain_node("http://operator:word@10.0.0.1:8545"), "over https"),
        ("name = ", "not TOML"),
        ("#" * 70_000, "larger than"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, text: str, because: str) -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        load_settings(write(tmp_path, text))
    assert because in refusal.value.detail
    assert refusal.value.code == "settings_invalid"


def test_a_folder_without_settings_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="jeung node init"):
        load_settings(tmp_path)


def test_a_misspelt_variable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, SANDBOX)
    monkeypatch.setenv("JEUNG_ENVIROMENT", "production")
    with pytest.raises(SettingsInvalid, match="JEUNG_ENVIROMENT"):
        load_settings(tmp_path)


def test_a_refusal_never_repeats_the_value(tmp_path: Path) -> None:
    write(tmp_path, SANDBOX.replace("http://localhost:8101", "http://user:hunter2@localhost:8101"))
    with pytest.raises(SettingsInvalid) as refusal:
        load_settings(tmp_path)
    assert "hunter2" not in refusal.value.detail
