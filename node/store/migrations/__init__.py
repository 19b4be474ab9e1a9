"""Hold the steps that bring a database to the present schema; node.store.migrate runs them."""
