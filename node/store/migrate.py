"""Bring a database to the present schema, once, however many processes start at the same time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from jeung.errors import DatabaseTooNew
from node.store.engine import Database

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Make the database where there is none and run the steps it lacks, all in one write transaction.

    A second process that starts meanwhile waits for the write lock and then finds nothing to do.

    Raises:
        DatabaseTooNew: a newer release wrote the database.
        StoreBusy: another process held the write lock for too long.
    """
    database.create_file()
    with database.write() as connection:
        if needs_upgrade(connection):
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def needs_upgrade(connection: Connection) -> bool:
    """Tell whether the database lacks steps of this release.

    Raises:
        DatabaseTooNew: it holds a step this release does not know.
    """
    scripts = ScriptDirectory.from_config(_config())
    present = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if present is not None and present not in known:
        raise DatabaseTooNew("The database was written by a newer release: run that release, or restore a backup.")
    return present != scripts.get_current_head()


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    # Without it alembic asks for the deprecated separator rules.
    config.set_main_option("path_separator", "os")
    return config
