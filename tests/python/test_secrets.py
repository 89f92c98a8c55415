"""The password of the PostgreSQL server is in nothing that dbt prints, logs or writes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import psycopg
import pytest
from conftest import ROWS_ONLY
from lakehouse_lake import run_operation
from postgres_process import free_port, postgres_server
from watch_events import deliver, event

from reelhouse.serving import postgres as serving

pytestmark = pytest.mark.one_domain(bare=True)

SECRET = "T0PSECRET"
MALFORMED = (
    "host=127.0.0.1 password {}",
    "host=127.0.0.1 password=two words{}",
    "host=127.0.0.1 password='{}",
    "postgresql://publisher:{}@[::1/reelhouse",
    "postgresql://publisher:{}/x@127.0.0.1/reelhouse",
    "postgresql://publisher:x@{}@127.0.0.1/reelhouse",
    "postgresql://publisher:{}%zz@127.0.0.1/reelhouse",
    "host=127.0.0.1 port={}",
    "{}",
)


def written(project) -> list[Path]:
    """Files that dbt has written below the project's folder."""
    links = {path for path in project.folder.iterdir() if path.is_symlink()}
    return [
        path
        for path in project.folder.rglob("*")
        if path.is_file() and not links & {path, *path.parents}
    ]


def test_no_failure_shows_the_password(project, server):
    """Each way to fail, and one publication that works: then look into all that was written."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create role guarded superuser login password '{SECRET}'")
    deliver(project, "a.csv", [event("1"), event("2")])
    project.build("--select", "+daily_user_metrics", *ROWS_ONLY)
    address = psycopg.conninfo.conninfo_to_dict(server)
    guarded = f"{server.replace('user=publisher', 'user=guarded')} password={SECRET}"
    for failing, said in (
        (f"host=127.0.0.1 port={free_port()} dbname=d user=u password={SECRET}", "refused"),
        (guarded.replace(SECRET, f"{SECRET}x"), "password authentication failed"),
        (f"postgresql://u:{SECRET}@nowhere.invalid/d", "could not translate host name"),
        (guarded.replace("dbname=postgres", "dbname=nowhere"), 'database "nowhere" does not exist'),
        (MALFORMED[0].format(SECRET), "REELHOUSE_SERVING is not a PostgreSQL connection string"),
        ("", "REELHOUSE_SERVING is not set. Set it to"),
    ):
        project.environment["REELHOUSE_SERVING"] = failing
        outcome = run_operation(project, "serve_postgres", expect_success=False)
        assert outcome.returncode != 0 and said in outcome.stdout, (failing, outcome.stdout)
        assert SECRET not in outcome.stdout
    uri = f"postgresql://guarded:{SECRET}@{address['host']}:{address['port']}/postgres"
    project.environment["REELHOUSE_SERVING"] = uri
    assert "copied" in run_operation(project, "serve_postgres").stdout
    files = written(project)
    assert {"dbt.log", "output.txt", "run_results.json"} <= {path.name for path in files}
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


@pytest.fixture(scope="module")
def server():
    with postgres_server(method="scram-sha-256") as address:
        yield address


@pytest.mark.parametrize("address", MALFORMED)
def test_a_malformed_address_is_not_shown(address, monkeypatch):
    monkeypatch.setenv("REELHOUSE_SERVING", address.format(SECRET))
    with duckdb.connect() as connection, pytest.raises(ValueError) as refused:
        serving.connect_serving(connection)
    assert SECRET not in str(refused.value) and "is not a PostgreSQL connection string" in str(
        refused.value
    )
    hidden = refused.value.__suppress_context__ or refused.value.__context__ is None
    assert hidden, "the first error quotes the address"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("host=h port=5432 dbname=d user=u password=p", "user=u dbname=d host=h port=5432"),
        ("postgresql://u:p@h:5432/d?sslmode=require", "user=u dbname=d host=h port=5432"),
        ("postgresql://u:p?@h/d", "user=u dbname=d host=h"),
        ("host=h,i port=5432,5433 user=u@tenant password='p'", "user=u@tenant host=h,i"),
    ],
)
def test_all_but_the_password_is_kept(address, shown):
    kept, passwords = serving.split_address(address)
    assert kept.startswith(shown) and passwords["PGPASSWORD"] in ("p", "p?")
    assert serving.split_address("host=h dbname=d")[1] == {}


def test_a_password_that_libpq_takes_from_the_address_alone_is_refused():
    with pytest.raises(ValueError, match="must not contain sslpassword") as refused:
        serving.split_address(f"host=h sslpassword={SECRET}")
    assert SECRET not in str(refused.value)
