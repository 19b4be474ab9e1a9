"""Bring a database to the present schema, once, however many processes start at the same time."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from jeung.errors import DatabaseTooNew
from node.store.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


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
            # Loaded only where there is something to do: a process of a running node starts faster without it.
            from alembic import command

            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def needs_upgrade(connection: Connection) -> bool:
    """Tell whether the database lacks steps of this release.

    Raises:
        DatabaseTooNew: it holds a step this release does not know.
    """
    known = revisions()
    present = None
    if inspect(connection).has_table(_VERSION_TABLE):
        present = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - constant
    if present is not None and present not in known:
        raise DatabaseTooNew("The database was written by a newer release: run that release, or restore a backup.")
    return present != known[-1]


def revisions() -> list[str]:
    """Give the revisions of this release in their order: what the names of the migrations' files begin with."""
    return sorted(path.name.partition("_")[0] for path in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    # A percent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    # Without it alembic asks for the deprecated separator rules.
    config.set_main_option("path_separator", "os")
    return config
