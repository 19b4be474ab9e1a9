"""Run the steps on the connection that node.store.migrate hands over, inside its transaction."""

from alembic import context

from node.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The caller's transaction holds the write lock from before the first step until after the last.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
