"""Serve the transparency log to whoever wants a copy, and cosign the other members' (C2SP tlog-tiles, tlog-witness).

Tiles and bundles never change under their names, partial ones neither: any cache may keep them for ever. A checkpoint
changes every few seconds.
"""

from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from api.context import runtime
from api.limits import Limit
from api.operation import Operation, operation
from api.resources.publications import METADATA_AGE_S, published
from api.wire.log import LogIndex, RefusedCheckpoint, RefusedCheckpoints
from jeung.errors import (
    CheckpointForked,
    CheckpointNotConsistent,
    CheckpointNotSigned,
    KeyUnavailable,
    LedgerStale,
    MalformedNote,
    WitnessedOtherSize,
)
from jeung.services.log.witness import MAX_REQUEST_BYTES

blueprint = APIBlueprint("log", __name__, tag="Transparency log")

TEXT: Final = "text/plain"
TILE: Final = "application/octet-stream"
SIZE: Final = "text/x.tlog.size"
KEY_HEADER: Final = "Jeung-Verifier-Key"
CHECKPOINT_AGE_S: Final = 2
FOR_EVER: Final = "public, max-age=31536000, immutable"
_UTF8: Final = "text/plain; charset=utf-8"


@operation(blueprint, Operation("GET", "/log", None, limit=Limit.PUBLIC, wallet=True, gives=LogIndex))
def get_log_index() -> tuple[LogIndex, int, dict[str, str]]:
    """Name the epochs of this member's log and every key that signed or cosigned in it."""
    log = runtime().log
    index = LogIndex(origins=list(log.origins()), keys=list(log.keys()))
    return index, 200, {"Cache-Control": f"public, max-age={CHECKPOINT_AGE_S}"}


@operation(
    blueprint,
    Operation("GET", "/log/<list:epoch>/checkpoint", None, limit=Limit.PUBLIC, wallet=True, media_type=TEXT),
)
def get_log_checkpoint(epoch: str) -> Response:
    """Give the newest checkpoint of an epoch with its cosignatures, a signed note."""
    return published(runtime().log.checkpoint(int(epoch)), _UTF8, CHECKPOINT_AGE_S)


@operation(
    blueprint,
    Operation("GET", "/log/<list:epoch>/<tile:path>", None, limit=Limit.PUBLIC, wallet=True, media_type=TILE),
)
def get_log_tile(epoch: str, path: str) -> Response:
    """Give a tile of hashes (`tile/<L>/<N>[.p/<W>]`) or a bundle of entries (`tile/entries/<N>[.p/<W>]`)."""
    answer = published(runtime().log.tile(int(epoch), path), TILE, METADATA_AGE_S)
    answer.headers["Cache-Control"] = FOR_EVER
    return answer


@operation(
    blueprint,
    Operation("GET", "/witness/heads/<origin:origin>", None, limit=Limit.PUBLIC, wallet=True, media_type=TEXT),
)
def get_witnessed_head(origin: str) -> Response:
    """Give the checkpoint that this member cosigned last of a log, as its log signed it."""
    head = runtime().witness.head(origin)
    answer = published(head.note, _UTF8, CHECKPOINT_AGE_S)
    answer.headers[KEY_HEADER] = head.key
    return answer


@operation(
    blueprint,
    Operation(
        "GET", "/witness/refused/<origin:origin>", None, limit=Limit.PUBLIC, wallet=True, gives=RefusedCheckpoints
    ),
)
def get_refused_checkpoints(origin: str) -> tuple[RefusedCheckpoints, int, dict[str, str]]:
    """Give the checkpoints of a log that this member refused, for they were not shown to extend what it cosigned."""
    refused = runtime().witness.refused(origin)
    items = [RefusedCheckpoint(note=head.note.decode(), key=head.key) for head in refused]
    return RefusedCheckpoints(items=items), 200, {"Cache-Control": f"public, max-age={CHECKPOINT_AGE_S}"}


@operation(
    blueprint,
    Operation(
        "POST",
        "/witness/add-checkpoint",
        None,
        raw=(TEXT,),
        media_type=TEXT,
        body_limit=MAX_REQUEST_BYTES,
        limit=Limit.PUBLIC,
        refuses=(
            *(MalformedNote, CheckpointNotSigned, WitnessedOtherSize, CheckpointForked, CheckpointNotConsistent),
            *(KeyUnavailable, LedgerStale),
        ),
    ),
)
def add_checkpoint() -> Response:
    """Cosign a checkpoint of a member's log that extends what was cosigned before (C2SP tlog-witness)."""
    try:
        said = runtime().witness.add_checkpoint(request.get_data(), request.headers.get(KEY_HEADER, ""))
    except WitnessedOtherSize as refusal:
        return Response(f"{refusal.size}\n", status=409, content_type=SIZE)
    answer = Response(said.line, content_type=_UTF8)
    answer.headers[KEY_HEADER] = said.key
    return answer
