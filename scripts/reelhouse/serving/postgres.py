"""Connect DuckDB to the PostgreSQL server that gets a copy; keep its password out of all output.

dbt logs every statement, and DuckDB names the server in its errors. So the address is read here and
not in SQL, and its password goes to libpq through the environment.
"""

from __future__ import annotations

import os

import duckdb

from reelhouse.lake.connection import load_extension
from reelhouse.sql import quoted

ADDRESS = "REELHOUSE_SERVING"
EXAMPLE = "host=127.0.0.1 port=5432 dbname=reelhouse user=publisher"


def connect_serving(connection: duckdb.DuckDBPyConnection) -> str:
    """Attach the server of REELHOUSE_SERVING under the name `serving`; returns that name.

    Raises:
        ValueError: there is no usable address; the message does not show it.
        duckdb.Error: the server cannot be reached or refuses; the message shows no password.
    """
    address, passwords = split_address(os.environ.get(ADDRESS, ""))
    os.environ.update(passwords)
    with connection.cursor() as cursor:
        load_extension(cursor, "postgres_scanner")
        cursor.execute(f"attach if not exists {quoted(address)} as serving (type postgres)")
    return "serving"


def split_address(address: str) -> tuple[str, dict[str, str]]:
    """Split a connection string or URI into what may be shown and libpq's variables with secrets.

    Raises:
        ValueError: the address is missing or malformed; the message does not show it.
    """
    try:
        from psycopg import conninfo, pq
    except ImportError:
        raise ValueError(
            "The copy in PostgreSQL needs the package psycopg: `make serve-postgres` installs it."
        ) from None
    if not address.strip():
        raise ValueError(
            f"{ADDRESS} is not set. Set it to a connection string such as '{EXAMPLE}'."
        )
    malformed = ValueError(
        f"{ADDRESS} is not a PostgreSQL connection string. Its value is not shown, because it can"
        f" hold a password. Use one such as '{EXAMPLE} password=...'. In a URI, percent-encode"
        " characters such as @ and / in the password."
    )
    try:
        options = [option for option in pq.Conninfo.parse(address.encode()) if option.val]
    except Exception:  # its message quotes the address
        raise malformed from None
    shown, passwords = {}, {}
    for option in options:
        name, value = option.keyword.decode(), option.val.decode()
        if option.dispchar != b"*":
            shown[name] = value
        elif option.envvar:
            passwords[option.envvar.decode()] = value
        else:
            raise ValueError(
                f"{ADDRESS} must not contain {name}, because error messages would show it."
            )
    # A password that is not encoded runs over into what comes after it.
    if "@" in shown.get("host", "") + shown.get("dbname", ""):
        raise malformed
    if not shown.get("port", "").replace(",", "").isdecimal() and "port" in shown:
        raise malformed
    return conninfo.make_conninfo(**shown), passwords
