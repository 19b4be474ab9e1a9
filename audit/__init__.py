"""Re-check everything from the chain alone: read-only by construction, with a decoder of its own.

Nothing here is shared with the follower of `node.chain`: an audit that used the follower's decoder would compare the
follower with itself.
"""
