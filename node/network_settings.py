"""Describe the settings about this member's own chain nodes: the tables `[[network.chain_nodes]]`."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChainNodeSettings(_Part):
    """Name a chain node of ours whose permissioning follows the network's allowlist.

    `token_file` holds a bearer token (mode 0600) where its JSON-RPC asks for one, relative to the node's folder.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    rpc_url: str
    token_file: Path | None = None

    @field_validator("rpc_url")
    @classmethod
    def _http_endpoint(cls, url: str) -> str:
        if re.fullmatch(r"https?://[!-~]{1,512}", url) is None:
            raise ValueError("expected an http(s) address of a JSON-RPC endpoint")
        return url

    @property
    def tells_a_secret_in_the_clear(self) -> bool:
        """Tell whether a token, or a password in the address, would cross a network unencrypted."""
        parts = urlsplit(self.rpc_url)
        secret = self.token_file is not None or parts.username is not None
        return secret and parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")


class NetworkSettings(_Part):
    """Name this member's own chain nodes, at most 32, and bound an answer of theirs."""

    chain_nodes: tuple[ChainNodeSettings, ...] = Field(default=(), max_length=32)
    timeout_s: int = Field(default=10, ge=1, le=60)

    @field_validator("chain_nodes")
    @classmethod
    def _named_apart(cls, chain_nodes: tuple[ChainNodeSettings, ...]) -> tuple[ChainNodeSettings, ...]:
        if len({node.name for node in chain_nodes}) != len(chain_nodes):
            raise ValueError("expected a name of its own for each chain node")
        return chain_nodes
