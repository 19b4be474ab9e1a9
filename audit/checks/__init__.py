"""Compare the rebuilt state with one thing each: contracts, bytecode, a node's database, published status lists."""
