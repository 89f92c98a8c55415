"""The dbt plugin of the embedded lake: SQL functions for what SQL cannot do.

dbt-duckdb loads this module (see profiles/profiles.yml). `delivered_files`, `take_file`,
`read_groups`, `clear_taken` and `unread_input` read delivered files (see files.py and rows.py),
because SQL cannot catch the error of an unreadable file. `source_mappings` reads YAML.
`publish_catalog` exists because SQL cannot rename a file.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig

from reelhouse.lake.connection import PUBLISHED_CATALOG, check_lake_path, load_ducklake
from reelhouse.lake.files import Incoming, delivered_files, unread_input
from reelhouse.lake.rows import drop_rows, read_groups
from reelhouse.serving.postgres import connect_serving
from reelhouse.sources.mappings import source_mappings
from reelhouse.sql import quoted


def machine_memory_bytes() -> int:
    """Return the memory of this machine, or of the container (control group) if that has less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # another system, or "max": no limit
            memory = min(memory, int(Path(limit).read_text()))
    return memory


def publish_catalog(connection: duckdb.DuckDBPyConnection, lake: Path) -> str:
    """Give readers the committed state of the lake: a copy of its catalog, renamed into place.

    Data files never change, so a copy of the catalog is a copy of the state. Readers open it
    while the next refresh writes; one that has an older copy open keeps it. The copy notes where
    the data is now: the lake may have been moved since its own catalog was written.

    Args:
        connection: connection that has the lake attached as `lake`.
        lake: folder of the lake.

    Returns:
        Path of the published catalog.
    """
    published, unfinished = lake / PUBLISHED_CATALOG, lake / f".{PUBLISHED_CATALOG}.unfinished"
    unfinished.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute(f"attach {quoted(str(unfinished))} as unfinished_publication")
        cursor.execute("copy from database __ducklake_metadata_lake to unfinished_publication")
        cursor.execute(
            "update unfinished_publication.ducklake_metadata set value = $1"
            " where key = 'data_path' and scope is null",
            [f"{lake.absolute()}/data/"],
        )
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
        check_lake_path(plugin_config["lake_path"])
        self.memory_limit = plugin_config.get("memory_limit", "")
        os.umask(os.umask(0o007) | 0o007)
        self.lake = Path(plugin_config["lake_path"])
        self.lake.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # a group's member writes to it and does not own it
            self.lake.chmod(self.lake.stat().st_mode & 0o7770)

    def configure_connection(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Bound what DuckDB may keep in memory, load DuckLake and register the functions."""
        limit = self.memory_limit or f"{machine_memory_bytes() // 2}B"
        connection.execute(f"set memory_limit = {quoted(limit)}")
        connection.execute(f"set temp_directory = {quoted(str(self.lake / '.spill'))}")
        load_ducklake(connection)
        self.connection, self.unreadable = connection, []
        incoming = Incoming(self.lake, connection)
        functions = {
            "delivered_files": (delivered_files, ["VARCHAR", "VARCHAR", "BOOLEAN"]),
            "take_file": (incoming.take, ["VARCHAR", "BIGINT", *["VARCHAR"] * 4]),
            "unreadable_files": (lambda: json.dumps(self.unreadable), []),
            "drop_rows": (lambda table: drop_rows(connection, table), ["VARCHAR"]),
            "clear_taken": (incoming.clear, ["VARCHAR"]),
            "unread_input": (
                lambda path, feeds, links: json.dumps(unread_input(path, feeds, links)),
                ["VARCHAR", "VARCHAR[]", "BOOLEAN"],
            ),
            "source_mappings": (source_mappings, ["VARCHAR"] * 4),
            "connect_serving": (lambda: connect_serving(connection), []),
            "publish_catalog": (lambda: publish_catalog(connection, self.lake), []),
        }
        for name, (function, parameters) in functions.items():
            connection.create_function(name, function, parameters, "VARCHAR", side_effects=True)

    def store(self, target_config: TargetConfig) -> None:
        """Read the rows of new files (dbt-duckdb's hook for code outside of a query).

        Afterwards `unreadable_files` returns the files that can't be read (see `read_groups`).
        """
        self.unreadable = read_groups(self.connection, target_config.config["groups"])
