"""Deploying once, wherever it is cut off; on chains where gas is free and where it costs 1 wei."""

from pathlib import Path

import orjson
import pytest

from node.artifacts import CONTRACT_NAMES
from node.chain.deploy import DeployPlan, Founder, deploy
from node.chain.deployment import load_deployment, verify_deployment
from node.chain.errors import DeploymentFailed, WrongChain
from node.chain.hexes import hex_of, int_of
from node.chain.state_files import DurableBlock, StateFiles
from node.settings import FeeMode, FeeSettings
from tests.common.chain import ONE_WEI, Chain, Member, Party, anvil, plan_for, prepare, wait_for

pytestmark = pytest.mark.chain

FREE = FeeSettings()
# The chain mines a block for each contract, the Directory's last.
LAST = len(CONTRACT_NAMES)


@pytest.fixture
def plan() -> DeployPlan:
    return plan_for(Party("http://localhost:8101"), Party("http://localhost:8102"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deployment.json"


def deployer_nonce(chain: Chain, file: Path) -> int:
    deployer = orjson.loads(file.with_suffix(".signed.json").read_bytes())["deployer"]
    return int_of(chain.rpc.call("eth_getTransactionCount", deployer, "latest"))


def test_running_it_again_changes_nothing(tmp_path: Path, plan: DeployPlan, file: Path) -> None:
    with anvil(tmp_path) as chain:
        first = deploy(chain.rpc, plan, file, fees=FREE, now=1)
        written, height = file.read_bytes(), chain.height
        assert deploy(chain.rpc, plan, file, fees=FREE, now=2) == first
        assert (file.read_bytes(), chain.height) == (written, height)
        assert load_deployment(file) == first
        verify_deployment(chain.rpc, first)


def test_a_consortium_of_an_older_version_is_called_so(tmp_path: Path, plan: DeployPlan, file: Path) -> None:
    with anvil(tmp_path) as chain:
        deploy(chain.rpc, plan, file, fees=FREE, now=1)
    record = orjson.loads(file.read_bytes())
    del record["addresses"]["NetworkAllowlist"]
    file.write_bytes(orjson.dumps(record))
    with pytest.raises(DeploymentFailed, match="another version, without NetworkAllowlist"):
        load_deployment(file)


def test_cut_off_after_signing_it_continues_with_the_same_transactions(
    tmp_path: Path, plan: DeployPlan, file: Path
) -> None:
    with anvil(tmp_path) as chain:
        chain.rpc.call("evm_setAutomine", False)
        with pytest.raises(DeploymentFailed, match="run it again"):
            deploy(chain.rpc, plan, file, fees=FREE, now=1, timeout_s=0.3)
        assert not file.exists(), "what is not deployed must not look deployed"
        signed = file.with_suffix(".signed.json").read_bytes()
        chain.mine()
        chain.rpc.call("evm_setAutomine", True)
        deployment = deploy(chain.rpc, plan, file, fees=FREE, now=2)
        assert file.with_suffix(".signed.json").read_bytes() == signed
        assert deployer_nonce(chain, file) == len(deployment.addresses)


def test_cut_off_between_two_contracts_it_deploys_the_rest(tmp_path: Path, plan: DeployPlan, file: Path) -> None:
    with anvil(tmp_path) as chain:
        chain.rpc.call("evm_setAutomine", False)
        with pytest.raises(DeploymentFailed):
            deploy(chain.rpc, plan, file, fees=FREE, now=1, timeout_s=0.3)
        transactions = orjson.loads(file.with_suffix(".signed.json").read_bytes())["transactions"]
        for transaction in transactions[3:]:
            chain.rpc.call("anvil_dropTransaction", transaction["hash"])
        chain.mine()
        assert deployer_nonce(chain, file) == 3
        chain.rpc.call("evm_setAutomine", True)
        verify_deployment(chain.rpc, deploy(chain.rpc, plan, file, fees=FREE, now=2))


def test_deployer_keeps_no_key_and_no_power(tmp_path: Path, plan: DeployPlan, file: Path) -> None:
    with anvil(tmp_path) as chain:
        deployment = deploy(chain.rpc, plan, file, fees=FREE, now=1)
        everything = file.read_bytes() + file.with_suffix(".signed.json").read_bytes()
        assert b"private" not in everything
        assert b"key" not in everything.lower().replace(b"keyregistry", b"")
        deployer = orjson.loads(file.with_suffix(".signed.json").read_bytes())["deployer"]
        answer = chain.rpc.call("eth_getStorageAt", deployment.addresses["Consortium"], "0x0", "latest")
        assert deployer[2:].lower() not in answer


def test_another_plan_is_refused(tmp_path: Path, plan: DeployPlan, file: Path) -> None:
    with anvil(tmp_path) as chain:
        deploy(chain.rpc, plan, file, fees=FREE, now=1)
        other = plan_for(Party("http://localhost:9101"), Party("http://localhost:9102"))
        with pytest.raises(DeploymentFailed, match="another plan"):
            deploy(chain.rpc, other, file, fees=FREE, now=1)


@pytest.mark.parametrize(
    ("founders", "timelock_s", "reason"),
    [(1, 2, "MembersTooFew"), (2, 0, "RulesOutOfBounds")],
)
def test_plan_that_the_contract_refuses_is_named_before_anything_is_signed(
    tmp_path: Path, file: Path, founders: int, timelock_s: int, reason: str
) -> None:
    members = tuple(
        Founder(f"http://localhost:81{number:02}", plan_for(Party("x")).founders[0].governance, 3)
        for number in range(founders)
    )
    with anvil(tmp_path) as chain:
        refused = DeployPlan(members, timelock_s, 1, 7 * 86_400)
        with pytest.raises(DeploymentFailed, match=reason):
            deploy(chain.rpc, refused, file, fees=FREE, now=1)
        assert chain.height == 0
    assert not file.with_suffix(".signed.json").exists()


def test_deployment_of_another_chain_is_refused(tmp_path: Path, plan: DeployPlan, file: Path) -> None:
    with anvil(tmp_path) as chain:
        deployment = deploy(chain.rpc, plan, file, fees=FREE, now=1)
    with anvil(tmp_path) as other:
        with pytest.raises(WrongChain, match=f"block {LAST}"):
            verify_deployment(other.rpc, deployment)
        other.mine(20)
        with pytest.raises(WrongChain):
            deploy(other.rpc, plan, file, fees=FREE, now=1)


def test_deployment_waits_until_its_block_is_on_disk(tmp_path: Path, plan: DeployPlan, file: Path) -> None:
    folder = tmp_path / "chain"
    folder.mkdir()
    states, durable = StateFiles(folder), folder / "durable.json"
    with anvil(tmp_path) as chain:
        for number in (0, LAST - 1):
            states.save(b"state", DurableBlock(number, bytes(32), 1))
            with pytest.raises(DeploymentFailed):
                deploy(chain.rpc, plan, file, fees=FREE, now=1, durable_file=durable, timeout_s=0.5)
            assert not file.exists()
        states.save(b"state", DurableBlock(LAST, bytes(32), 1))
        deploy(chain.rpc, plan, file, fees=FREE, now=1, durable_file=durable)
        assert file.exists()


def fund(chain: Chain, address: str) -> None:
    chain.rpc.call("anvil_setBalance", address, hex(10**12))


@pytest.mark.parametrize("fees", [ONE_WEI, FeeSettings(mode=FeeMode.MARKET, max_fee_wei=1_000)])
def test_chain_that_wants_a_fee_asks_for_funds_and_then_deploys(
    tmp_path: Path, plan: DeployPlan, file: Path, fees: FeeSettings
) -> None:
    with anvil(tmp_path, gas_price_wei=1) as chain:
        with pytest.raises(DeploymentFailed, match="needs") as caught:
            deploy(chain.rpc, plan, file, fees=fees, now=1)
        deployer = orjson.loads(file.with_suffix(".signed.json").read_bytes())["deployer"]
        assert deployer in str(caught.value)
        fund(chain, deployer)
        verify_deployment(chain.rpc, deploy(chain.rpc, plan, file, fees=fees, now=1))


@pytest.mark.parametrize("fees", [ONE_WEI, FeeSettings(mode=FeeMode.MARKET, max_fee_wei=1_000)])
def test_member_sends_on_a_chain_of_one_wei(tmp_path: Path, fees: FeeSettings) -> None:
    with anvil(tmp_path, gas_price_wei=1) as chain:
        bank, exchange = Party("http://localhost:8101"), Party("http://localhost:8102")
        plan, file = plan_for(bank, exchange), tmp_path / "deployment.json"
        with pytest.raises(DeploymentFailed, match="needs"):
            deploy(chain.rpc, plan, file, fees=fees, now=1)
        fund(chain, orjson.loads(file.with_suffix(".signed.json").read_bytes())["deployer"])
        deployment = deploy(chain.rpc, plan, file, fees=fees, now=1)
        for account in bank.signer.seeds:
            fund(chain, bank.signer.address(account))  # type: ignore[arg-type]
        member = Member(tmp_path, chain, deployment, bank, fees=fees)
        try:
            intent = member.intend("KeyRegistry", "registerKey", "0x" + "0c" * 32, 1, 0, member.clock.now() + 10**8)
            member.turn()
            assert member.intent(intent).state.value == "done"
        finally:
            member.close()


def test_zero_fee_chain_takes_transactions_of_accounts_without_money(tmp_path: Path) -> None:
    with anvil(tmp_path) as chain:
        prepared = prepare(tmp_path, chain)
        for party in (prepared.bank, prepared.exchange):
            for account in party.signer.seeds:
                address = party.signer.address(account)  # type: ignore[arg-type]
                assert chain.rpc.call("eth_getBalance", address, "latest") == "0x0"
        wait_for(lambda: chain.rpc.call("eth_getCode", prepared.deployment.addresses["Directory"], "latest") != "0x")
        assert hex_of(prepared.deployment.deployment_id).startswith("0x")
