"""Read a node's settings: the file `node.toml` in its folder, then the environment. Nothing else reads either.

A node's folder holds `node.toml` (no secret in it), `passphrase` (mode 0600), `keystore/`, `certificates/` and the
database. A variable `JEUNG_<NAME>` overrides the file's `<name>`, `JEUNG_<TABLE>__<NAME>` one in a table. A name that
means nothing is refused in both places: a misspelt bound would silently be no bound.
"""

import enum
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from jeung.domain.identifiers import parse_canonical_url
from jeung.domain.staff import LoginMethod
from jeung.errors import JeungError
from node.act_settings import BackupSettings, DualControlSettings, GovernanceSettings, RetentionSettings
from node.credential_settings import IssuanceSettings, NameSettings, StatusListSettings, VerificationSettings
from node.key_settings import KeyAgeSettings, KeySettings, KeyUseSettings, RotationSettings
from node.log_settings import LogSettings
from node.network_settings import NetworkSettings
from node.staff_settings import ConsoleSettings, OidcSettings

SETTINGS_FILE = "node.toml"
MEMBER_FILE = "member.json"
UNLOCK_FILE = "passphrase"
KEYSTORE_FOLDER = "keystore"
PREFIX = "JEUNG_"
NODE_DIR_VARIABLE = "JEUNG_NODE_DIR"
MIN_PRODUCTION_TIMELOCK_S = 24 * 3600

_MAX_SETTINGS_BYTES = 64 * 1024
_RATE = re.compile(r"[1-9][0-9]{0,6}/(second|minute|hour)")


class SettingsInvalid(JeungError, code="settings_invalid"):
    """The node's settings cannot be used."""


class Environment(enum.StrEnum):
    """Say how careful a node must be; the sandbox may do what nobody else may."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


class FeeMode(enum.StrEnum):
    """Say how transactions pay: nothing at all, a fixed price, or what the chain asks (EIP-1559)."""

    ZERO = "zero"
    FIXED = "fixed"
    MARKET = "market"


def _rate(text: str) -> str:
    if _RATE.fullmatch(text) is None:
        raise ValueError("expected a rate such as 600/minute")
    return text


Rate = Annotated[str, AfterValidator(_rate)]
Seconds = Annotated[int, Field(ge=1, le=10 * 365 * 86_400)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FeeSettings(_Part):
    """Say what a transaction may cost; prices are in wei per unit of gas, `max_*` bound the market mode."""

    mode: FeeMode = FeeMode.ZERO
    price_wei: int = Field(default=1, ge=0, le=10**15)
    max_fee_wei: int = Field(default=100 * 10**9, ge=0, le=10**15)
    max_priority_fee_wei: int = Field(default=10**9, ge=0, le=10**15)


class LedgerSettings(_Part):
    """Say when the node's copy of the ledger is too old to judge by; see design section 5, step 7."""

    max_poll_age_s: Seconds = 5
    max_blocks_behind: int = Field(default=2, ge=0, le=100)
    max_head_age_s: Seconds = 10


class WorkerSettings(_Part):
    """Set the rhythm of the worker's loop; `retry_max_s` bounds the wait while a dependency is down."""

    poll_interval_ms: int = Field(default=250, ge=50, le=10_000)
    lease_ttl_s: int = Field(default=10, ge=3, le=120)
    retry_max_s: int = Field(default=5, ge=1, le=300)
    rpc_timeout_s: int = Field(default=5, ge=1, le=60)
    janitor_interval_s: Seconds = 60
    keep_transactions_blocks: int = Field(default=7_200, ge=64)


class AnchoringSettings(_Part):
    """Say when waiting digests become a batch: by count or by age, whichever comes first.

    `copy_spread_s` is the longest random wait of a copy, so that copies of one family stand in different batches; a
    credential that waits longer than `verification.attestation_grace_s` reads as not attested meanwhile.
    """

    max_batch: int = Field(default=1_000, ge=1, le=8_192)
    max_age_ms: int = Field(default=1_000, ge=0, le=60_000)
    copy_spread_s: int = Field(default=0, ge=0, le=86_400)


class WalletAttestation(enum.StrEnum):
    """Say whether a wallet must show its provider's attestation; one that is shown and not good is always refused."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class WalletSettings(_Part):
    """Bound what passes between wallets and the authorization server (OpenID4VCI, HAIP)."""

    attestation: WalletAttestation = WalletAttestation.REQUIRED
    offer_ttl_s: int = Field(default=600, ge=30, le=7 * 86_400)
    tx_code_length: int = Field(default=6, ge=4, le=12)
    tx_code_attempts: int = Field(default=5, ge=1, le=20)
    authorization_ttl_s: int = Field(default=300, ge=30, le=3_600)
    code_ttl_s: int = Field(default=60, ge=10, le=600)
    token_ttl_s: int = Field(default=3_600, ge=60, le=30 * 86_400)
    challenge_ttl_s: int = Field(default=300, ge=10, le=3_600)
    proof_max_age_s: int = Field(default=300, ge=10, le=3_600)
    clock_skew_s: int = Field(default=30, ge=0, le=300)
    dpop_nonce: bool = True


class PresentationSettings(_Part):
    """Bound presentation requests; a process of the API serves `event_streams` streams of events at once.

    `contact` is whom holders may turn to about what is recorded of them: an address that receipts name.
    """

    request_ttl_s: int = Field(default=300, ge=30, le=3_600)
    event_streams: int = Field(default=2, ge=0, le=32)
    event_stream_s: int = Field(default=25, ge=1, le=60)
    contact: str = Field(default="", max_length=256, pattern=r"^[ -~]*$")


class WebhookSettings(_Part):
    """Say where events may be sent: an address that ends in `/` allows what lies below it, any other itself."""

    allowed_urls: tuple[str, ...] = Field(default=(), max_length=32)
    attempts: int = Field(default=12, ge=1, le=32)
    timeout_s: int = Field(default=5, ge=1, le=30)

    @field_validator("allowed_urls")
    @classmethod
    def _addresses(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            if re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]{1,255}/[A-Za-z0-9._~/-]{0,512}", url) is None:
                raise ValueError("expected http(s) addresses with a path, without query and fragment")
        return urls


class ApiSettings(_Part):
    """Bound what callers may do; rates are per caller, over all processes of the node.

    `trusted_proxies` says how many proxies of our own append to X-Forwarded-For; with 0 the header means nothing.
    `cors_origins` are the web origins whose pages may read public facts and post presentations.
    """

    workers: int = Field(default=2, ge=1, le=32)
    threads: int = Field(default=4, ge=1, le=64)
    cors_origins: tuple[str, ...] = Field(default=(), max_length=32)
    max_body_bytes: int = Field(default=256 * 1024, ge=1_024, le=4 * 1024 * 1024)
    token_ttl_s: int = Field(default=300, ge=30, le=3_600)
    request_timeout_s: int = Field(default=30, ge=5, le=120)
    rate_default: Rate = "6000/minute"
    rate_oauth: Rate = "120/minute"
    rate_public: Rate = "1200/minute"
    trusted_proxies: int = Field(default=0, ge=0, le=4)


class ExplorerSettings(_Part):
    """Say who reads the explorer; `public` opens `/explorer` to everybody, else staff alone see it at the console."""

    public: bool = False


class Settings(BaseSettings):
    """Hold one node's settings; paths are absolute once read.

    `unsafe_fast_key_derivation` spends nothing on the way from passphrase to key: for tests, never in production.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    node_dir: Path
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    environment: Environment
    base_url: str
    listen_host: str = "127.0.0.1"
    listen_port: int = Field(ge=1, le=65_535)
    rpc_urls: tuple[str, ...] = Field(min_length=1, max_length=8)
    deployment_file: Path = Path("deployment.json")
    database_file: Path = Path("node.db")
    erasure_journal_file: Path = Path("erasures.journal")
    last_audit_file: Path = Path("last-audit.json")
    unsafe_fast_key_derivation: bool = False
    names: NameSettings = NameSettings()
    fees: FeeSettings = FeeSettings()
    ledger: LedgerSettings = LedgerSettings()
    worker: WorkerSettings = WorkerSettings()
    anchoring: AnchoringSettings = AnchoringSettings()
    issuance: IssuanceSettings = IssuanceSettings()
    verification: VerificationSettings = VerificationSettings()
    status_lists: StatusListSettings = StatusListSettings()
    wallets: WalletSettings = WalletSettings()
    presentations: PresentationSettings = PresentationSettings()
    webhooks: WebhookSettings = WebhookSettings()
    api: ApiSettings = ApiSettings()
    console: ConsoleSettings = ConsoleSettings()
    oidc: OidcSettings = OidcSettings()
    backups: BackupSettings = BackupSettings()
    keys: KeySettings = KeySettings()
    rotation: RotationSettings = RotationSettings()
    key_ages: KeyAgeSettings = KeyAgeSettings()
    key_uses: KeyUseSettings = KeyUseSettings()
    dual_control: DualControlSettings = DualControlSettings()
    governance: GovernanceSettings = GovernanceSettings()
    network: NetworkSettings = NetworkSettings()
    retention: RetentionSettings = RetentionSettings()
    log: LogSettings = LogSettings()
    explorer: ExplorerSettings = ExplorerSettings()

    @field_validator("base_url")
    @classmethod
    def _canonical(cls, url: str) -> str:
        return parse_canonical_url(url)

    @field_validator("rpc_urls")
    @classmethod
    def _http_endpoints(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            if re.fullmatch(r"https?://[!-~]{1,512}", url) is None:
                raise ValueError("expected http(s) addresses of JSON-RPC endpoints")
        return urls

    @model_validator(mode="after")
    def _provider_is_named(self) -> Self:
        if LoginMethod.OIDC in self.console.log_in_methods and not self.oidc.issuer:
            raise ValueError("the method oidc needs oidc.issuer")
        return self

    @model_validator(mode="after")
    def _production_is_careful(self) -> Self:
        if self.environment is Environment.PRODUCTION:
            if not self.base_url.startswith("https://"):
                raise ValueError("production demands an https base_url")
            if self.oidc.issuer.startswith("http://"):
                raise ValueError("production demands an https issuer")
            if not all(url.startswith("https://") for url in self.webhooks.allowed_urls):
                raise ValueError("production sends events over https only")
            if any(node.tells_a_secret_in_the_clear for node in self.network.chain_nodes):
                raise ValueError("production sends a token to a chain node over https, or to this machine")
            if any(getattr(self, name) for name in type(self).model_fields if name.startswith("unsafe_")):
                raise ValueError("production refuses every unsafe_ setting")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over what the file says, and read nothing else.

        The folder alone is settled before: the environment may name one while the command line names another.
        """
        given = init_settings()
        return InitSettingsSource(settings_cls, {"node_dir": given["node_dir"]}), env_settings, init_settings

    @property
    def database_path(self) -> Path:
        """Give where the SQLite database lies."""
        return self.node_dir / self.database_file

    @property
    def erasure_journal_path(self) -> Path:
        """Give where the journal of erasures lies."""
        return self.node_dir / self.erasure_journal_file

    @property
    def last_audit_path(self) -> Path:
        """Give where the report of the latest audit lies, as `jeung audit --format json` writes it."""
        return self.node_dir / self.last_audit_file

    @property
    def database_url(self) -> str:
        """Give the database's address in SQLAlchemy's form."""
        return f"sqlite:///{self.database_path}"

    @property
    def deployment_path(self) -> Path:
        """Give where the description of the consortium's contracts lies."""
        return self.node_dir / self.deployment_file

    @property
    def keystore_folder(self) -> Path:
        """Give where the encrypted keys lie."""
        return self.node_dir / KEYSTORE_FOLDER

    @property
    def passphrase_path(self) -> Path:
        """Give where the keystore's passphrase lies (mode 0600)."""
        return self.node_dir / UNLOCK_FILE


def load_settings(node_dir: Path) -> Settings:
    """Read the settings of the node in a folder.

    Raises:
        SettingsInvalid: no such file, not TOML, an unknown name or a value out of bounds; values are not repeated.
    """
    node_dir = node_dir.expanduser().resolve()
    return check_settings(_read_file(node_dir / SETTINGS_FILE), node_dir)


def check_settings(values: Mapping[str, Any], node_dir: Path) -> Settings:
    """Judge what a `node.toml` in a folder says, or would say, together with the environment.

    Raises:
        SettingsInvalid: an unknown name or a value out of bounds; values are not repeated.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**{**values, "node_dir": node_dir})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'settings'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise SettingsInvalid(f"{node_dir / SETTINGS_FILE}: {problems}") from None


def node_dir_from_environment() -> Path | None:
    """Give the folder JEUNG_NODE_DIR names, or None."""
    value = os.environ.get(NODE_DIR_VARIABLE)
    return Path(value) if value else None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_SETTINGS_BYTES:
            raise SettingsInvalid(f"{path}: larger than {_MAX_SETTINGS_BYTES} bytes")
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsInvalid(f"{path}: no such file; `jeung node init` makes a node's folder") from None
    except OSError as error:
        raise SettingsInvalid(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SettingsInvalid(f"{path}: not TOML") from None


def _refuse_unknown_variables() -> None:
    """Refuse a JEUNG_ variable that names no setting: pydantic would pass over it in silence."""
    known = {NODE_DIR_VARIABLE}
    for name, field in Settings.model_fields.items():
        known.add(f"{PREFIX}{name.upper()}")
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            known.update(f"{PREFIX}{name.upper()}__{part.upper()}" for part in field.annotation.model_fields)
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise SettingsInvalid(f"the environment names settings that do not exist: {', '.join(unknown)}")
