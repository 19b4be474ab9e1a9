"""Know which contract stands at an address at a block, from what the Directory ever named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from jeung.domain.chain import ChainCall, RegistryEvent
from jeung.domain.identifiers import Address
from node.chain.abi import decode_result, encode_call
from node.chain.deployment import DIRECTORY, Deployment
from node.chain.hexes import address_bytes, bytes_of, hex_of
from node.chain.rpc import Rpc


@dataclass(frozen=True, slots=True)
class Named:
    """Say that a contract was called `name` from a block on, up to and without another; None for still so."""

    name: str
    address: Address
    from_block: int
    until_block: int | None = None


class AddressBook:
    """Hold every address of the deployment; what was named at deployment counts from the deployment's first block."""

    def __init__(self, deployment: Deployment) -> None:
        """Begin with the addresses of the deployment."""
        self._deployment = deployment
        start = deployment.start_block
        self._named = [Named(name, address, start) for name, address in deployment.addresses.items()]

    def load(self, rpc: Rpc) -> None:
        """Read what the Directory named since, as it stands now.

        Raises:
            RpcError: the chain does not answer.
            LogNotDecodable: what answers is not our Directory.
        """
        ((names,),) = self._ask(rpc, [ChainCall(DIRECTORY, "names", ())])
        histories = self._ask(rpc, [ChainCall(DIRECTORY, "history", (name,)) for name in names])
        for name, (entries,) in zip(names, histories, strict=True):
            for address, from_block in entries[1:]:
                self._add(_text_of(name), Address(address), from_block)

    def learn(self, event: RegistryEvent) -> bool:
        """Take a ContractNamed event in; tell whether its address is one that was never read before."""
        address = Address(event.args["contractAddress"])
        known = any(named.address == address for named in self._named)
        if event.args["index"] > 0:
            self._add(_text_of(event.args["name"]), address, event.block_number)
        return not known

    def forget_after(self, block: int) -> None:
        """Forget what was named after a block that stays."""
        kept = [named for named in self._named if named.from_block <= max(block, self._deployment.start_block)]
        self._named = [
            replace(named, until_block=None) if (named.until_block or 0) > block else named for named in kept
        ]

    def contract_at(self, address: bytes, block: int) -> str | None:
        """Give the name that an address had at a block, or None."""
        for named in self._named:
            past = named.until_block is not None and block >= named.until_block
            if address_bytes(named.address) == address and named.from_block <= block and not past:
                return named.name
        return None

    def current(self) -> Mapping[str, Address]:
        """Give the present address of each contract by name."""
        return {named.name: named.address for named in self._named if named.until_block is None}

    def everything(self) -> list[Address]:
        """List every address that ever had a name."""
        return sorted({named.address for named in self._named})

    def _add(self, name: str, address: Address, from_block: int) -> None:
        if any(
            (named.name, named.from_block) == (name, from_block) and named.address == address for named in self._named
        ):
            return
        self._named = [
            replace(named, until_block=from_block) if named.name == name and named.until_block is None else named
            for named in self._named
        ]
        self._named.append(Named(name, address, from_block))

    def _ask(self, rpc: Rpc, calls: list[ChainCall]) -> list[Any]:
        directory = self._deployment.addresses[DIRECTORY]
        answers = rpc.batch_all(
            [("eth_call", [{"to": directory, "data": hex_of(encode_call(call, {}))}, "latest"]) for call in calls]
        )
        return [
            decode_result(call.contract, call.function, bytes_of(answer))
            for call, answer in zip(calls, answers, strict=True)
        ]


def _text_of(name: str) -> str:
    """Read a name of the Directory: ASCII, left-aligned in 32 bytes."""
    return bytes_of(name, 32).rstrip(b"\0").decode("ascii", "replace")
