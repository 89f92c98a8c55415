"""How to open a lake: its extension, its catalogs, and one way to attach it."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from reelhouse.paths import in_workspace, workspace_command
from reelhouse.sql import quoted

LIVE_CATALOG = "catalog.ducklake"
PUBLISHED_CATALOG = "published.ducklake"
# Letters that a lake's path must not hold, and what DuckDB takes them for.
UNUSABLE_LETTERS = {"?": "the start of options", "\\": "a separator of folders"}
MISSING_EXTENSION = (
    "DuckDB's extension '{name}' is neither in the Python environment nor could it be "
    "downloaded. Install it with the project's locked requirements (`make build` does), or "
    "connect this machine to the network once and run `duckdb -c 'install {name}'`."
)


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension of DuckDB into a connection: from its wheel, else by DuckDB's own download.

    Raises:
        RuntimeError: neither way worked; the message says what to do.
    """
    hint = MISSING_EXTENSION.format(name=name)
    try:
        from duckdb_extensions import import_extension

        import_extension(name, con=connection)
    except Exception:  # the wheel is optional: any failure leaves DuckDB's own installer
        try:
            connection.install_extension(name)
        except duckdb.Error as error:
            raise RuntimeError(hint) from error
    try:
        connection.load_extension(name)
    except duckdb.Error as error:
        raise RuntimeError(f"{hint} (DuckDB says: {error})") from error


def load_ducklake(connection: duckdb.DuckDBPyConnection) -> None:
    """Load DuckLake into a connection; raises RuntimeError as `load_extension` does."""
    load_extension(connection, "ducklake")


def check_lake_path(lake: str) -> None:
    """Refuse a lake's folder that DuckDB or DuckLake cannot use.

    Raises:
        ValueError: the path cannot hold a lake; the message says why and what to do.
    """
    for letter, meaning in UNUSABLE_LETTERS.items():
        if letter in lake:
            raise ValueError(
                f"a lake cannot be kept in '{lake}': DuckDB reads {letter!r} as {meaning}."
                " Choose a path without it."
            )
    if Path(lake).exists() and not Path(lake).is_dir():
        raise ValueError(f"a lake cannot be kept in '{lake}': that is a file, not a folder.")


def attach_lake(
    connection: duckdb.DuckDBPyConnection,
    lake: str | Path,
    catalog: str = LIVE_CATALOG,
    *,
    read_only: bool = True,
) -> None:
    """Attach a lake's folder to a connection, under the name `lake`.

    The folder counts, not the path recorded in its catalog: it may have been moved since.

    Args:
        connection: any connection; DuckLake is loaded into it.
        lake: folder of the lake.
        catalog: the live state, or `PUBLISHED_CATALOG` for the one that readers see.
        read_only: whether nothing may be written.
    """
    check_lake_path(str(lake))
    folder = os.path.abspath(lake)
    load_ducklake(connection)
    connection.execute(
        f"attach {quoted(f'ducklake:{folder}/{catalog}')} as lake ("
        f"{'read_only, ' if read_only else ''}data_path {quoted(f'{folder}/data/')},"
        " override_data_path true, data_inlining_row_limit 0)"
    )


def connect(lake: str, catalog: str = PUBLISHED_CATALOG) -> duckdb.DuckDBPyConnection:
    """Open a lake's folder read-only, with its marts in the search path.

    Args:
        lake: folder of the lake.
        catalog: the published state, or `LIVE_CATALOG` for everything that refreshes have
            committed, tested or not; a running refresh locks the latter.

    Raises:
        FileNotFoundError: the folder has no such state; the message says how to create one.
    """
    path = Path(lake) / catalog
    if not path.exists():
        build = f"{workspace_command()} build" if in_workspace() else "make build"
        hint = (
            f"run `{build}` first"
            if catalog == LIVE_CATALOG or not (Path(lake) / LIVE_CATALOG).exists()
            else f"run a complete `{build}`, or read the committed state with --unpublished"
        )
        raise FileNotFoundError(f"nothing is published in the lake '{lake}': {hint}")
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    attach_lake(connection, lake, catalog)
    connection.execute("use lake.analytics")
    return connection
