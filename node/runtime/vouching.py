"""Wire what gathers other members' word for blocks."""

from jeung.ports.chain import ChainProofs
from jeung.services.evidence.vouching import VouchCollector
from node.runtime.log_work import LogThreads
from node.runtime.parts import NodeParts
from node.settings import Environment
from node.witnesses import MAX_BUNDLE_BYTES, HttpWitnessCalls


def build_vouch_collector(parts: NodeParts, chain: ChainProofs, threads: LogThreads) -> VouchCollector:
    """Wire it; its threads are its own, so that slow logs hold up no cosigning."""
    settings = parts.settings
    calls = HttpWitnessCalls(
        timeout_s=settings.log.witness_timeout_s,
        allow_private=settings.environment is Environment.SANDBOX,
        max_answer_bytes=MAX_BUNDLE_BYTES,
    )
    return VouchCollector(
        store=parts.kept.store,
        ledger=parts.kept.ledger,
        chain=chain,
        calls=calls,
        clock=parts.clock,
        submit=threads.submit,
        url=settings.base_url,
    )
