"""What the embedded lake needs from Python: its extension, and the reading of delivered files.

dbt-duckdb loads this module as a plugin (see profiles/profiles.yml). It adds SQL functions:
`delivered_files`, `take_file`, `clear_taken` and `unread_input` (see delivery.py), because SQL
cannot catch the error of an unreadable file, and `publish_catalog`, because SQL cannot rename one.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from delivery import Incoming, delivered_files, unread_input

LIVE_CATALOG = "catalog.ducklake"
PUBLISHED_CATALOG = "published.ducklake"
MISSING_EXTENSION = (
    "DuckDB's extension 'ducklake' is neither in the Python environment nor could it be "
    "downloaded. Install it with the project's locked requirements (`make build` does), or "
    "connect this machine to the network once and run `duckdb -c 'install ducklake'`."
)


def load_ducklake(connection: duckdb.DuckDBPyConnection) -> None:
    """Load DuckLake into a connection: from its wheel, else by DuckDB's own download.

    Raises:
        RuntimeError: neither way worked; the message says what to do.
    """
    try:
        from duckdb_extensions import import_extension

        import_extension("ducklake", con=connection)
    except Exception:  # the wheel is optional: any failure leaves DuckDB's own installer
        try:
            connection.install_extension("ducklake")
        except duckdb.Error as error:
            raise RuntimeError(MISSING_EXTENSION) from error
    try:
        connection.load_extension("ducklake")
    except duckdb.Error as error:
        raise RuntimeError(f"{MISSING_EXTENSION} (DuckDB says: {error})") from error


def publish_catalog(connection: duckdb.DuckDBPyConnection, lake: Path) -> str:
    """Give readers the committed state of the lake: a copy of its catalog, renamed into place.

    Data files never change, so a copy of the catalog is a copy of the whole state. Readers open it
    while the next refresh writes; one that has an older copy open keeps it.

    Args:
        connection: connection that has the lake attached as `lake`.
        lake: folder of the lake.

    Returns:
        Path of the published catalog.
    """
    published, unfinished = lake / PUBLISHED_CATALOG, lake / f".{PUBLISHED_CATALOG}.unfinished"
    unfinished.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute(f"attach '{unfinished}' as unfinished_publication")
        cursor.execute("copy from database __ducklake_metadata_lake to unfinished_publication")
        cursor.execute("detach unfinished_publication")
    unfinished.replace(published)
    return str(published)


class Plugin(BasePlugin):
    """Makes the lake's folder, its extension and the functions of this module available to dbt."""

    def initialize(self, plugin_config: dict) -> None:
        """Make the lake's folder: DuckLake makes its catalog there, but not the folder.

        What the process writes from here on is for owner and group alone; an existing lake's folder
        is closed to others as well.
        """
        os.umask(os.umask(0o007) | 0o007)
        self.lake = Path(plugin_config["lake_path"])
        self.lake.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # a group's member writes to it and does not own it
            self.lake.chmod(self.lake.stat().st_mode & 0o7770)
        self.incoming = Incoming(self.lake)

    def configure_connection(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Load DuckLake and register the functions."""
        load_ducklake(connection)
        functions = {
            "delivered_files": (delivered_files, ["VARCHAR", "VARCHAR", "BOOLEAN"]),
            "take_file": (self.incoming.take, ["VARCHAR", "BIGINT", *["VARCHAR"] * 4]),
            "clear_taken": (self.incoming.clear, ["VARCHAR"]),
            "unread_input": (
                lambda path, feeds, links: json.dumps(unread_input(path, feeds, links)),
                ["VARCHAR", "VARCHAR[]", "BOOLEAN"],
            ),
            "publish_catalog": (lambda: publish_catalog(connection, self.lake), []),
        }
        for name, (function, parameters) in functions.items():
            connection.create_function(name, function, parameters, "VARCHAR", side_effects=True)
