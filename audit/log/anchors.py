"""Tell since when a log published what does not stand on the chain: only an anchor binds it without its witnesses."""

from typing import Final

from audit.log.site import Unreadable
from audit.log.sources import Source
from jeung.crypto.tlog.tiles import Tile, parse_bundle, width_at
from jeung.domain.transparency import parse_entry
from jeung.errors import MalformedTile

CONTRACT: Final = "LogAnchor"
ANCHORED_WITHIN_S: Final = 86_400 + 2 * 3_600
"""The longest `log.anchor_interval_s` there is, and two hours: the time of a judgement is that of its hour."""


def unanchored_since(source: Source, epoch: int, size: int, anchored: int) -> int | None:
    """Give the time of the first entry behind those anchored; None where there is none, or none can be read."""
    if anchored >= size:
        return None
    index, place = divmod(anchored, Tile(None, 0).width)
    tile = Tile(None, index, width_at(None, index, size))
    try:
        return parse_entry(parse_bundle(next(source.tiles(epoch, [tile], 1)), tile.width)[place]).time
    except (Unreadable, MalformedTile):
        # What is wrong with the log was told when it was read.
        return None
