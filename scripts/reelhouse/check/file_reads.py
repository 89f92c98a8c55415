"""What a query really read: the row groups and bytes of each file, from DuckDB's log of its reads.

EXPLAIN ANALYZE reports how many files a scan opened, but not which row groups, and it knows
nothing of those that a Bloom filter excluded. The file system's log has every read with its place;
Parquet's footer says what lies there.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

# DuckDB reads a gap up to this size (bytes) instead of seeking: data in a gap is by-catch.
READ_THROUGH_BYTES = 1 << 14

# DuckDB asks for the head of a page in pieces of 256 bytes. At the end of a row group two of them
# can reach into the next one: of a chunk that is larger, that is by-catch too.
PAGE_HEAD_BYTES = 512

# A row group is read if its pages are, not if only its Bloom filter is.
CHUNKS_READ = """
    with reads as (
        select distinct
            path as file,
            pos as first_byte,
            pos + bytes as end_byte
        from duckdb_logs_parsed('FileSystem')
        where op = 'READ' and path like '%.parquet'
    ),

    chunks as (
        select
            file_name as file,
            row_group_id,
            row_group_num_rows as row_count,
            path_in_schema as column_name,
            total_compressed_size as bytes,
            coalesce(dictionary_page_offset, data_page_offset) as first_byte
        from parquet_metadata($files)
    )

    select
        chunks.file,
        chunks.row_group_id,
        chunks.row_count,
        chunks.column_name,
        chunks.bytes
    from chunks
    inner join reads
        on
            chunks.file = reads.file
            and reads.first_byte < chunks.first_byte + chunks.bytes
            and reads.end_byte > chunks.first_byte
    group by all
    having
        sum(
            least(reads.end_byte, chunks.first_byte + chunks.bytes)
            - greatest(reads.first_byte, chunks.first_byte)
        ) >= least(chunks.bytes, $page_head_bytes)
"""


@dataclass(frozen=True)
class Chunk:
    """One column of one row group that a query read."""

    file: str
    row_group: int
    row_count: int
    column: str
    bytes: int


@dataclass(frozen=True)
class Reads:
    """Everything that one query read: files opened, bytes asked of the file system, chunks."""

    files: frozenset[str]
    bytes: int
    chunks: tuple[Chunk, ...]

    @property
    def columns(self) -> set[str]:
        """The columns of which a chunk was read that is no by-catch."""
        return {chunk.column for chunk in self.chunks if chunk.bytes > READ_THROUGH_BYTES}

    @property
    def row_groups(self) -> dict[tuple[str, int], int]:
        """Row count of each row group of which something was read, by file and number."""
        return {(chunk.file, chunk.row_group): chunk.row_count for chunk in self.chunks}


def file_reads(connection: duckdb.DuckDBPyConnection, sql: str) -> Reads:
    """Run a query with the log of the file system's reads on, and say what it read.

    Give a fresh connection: what is cached from an earlier query is not read again.
    """
    connection.execute("call truncate_duckdb_logs()")
    connection.execute("call enable_logging('FileSystem')")
    try:
        connection.execute(sql).fetchall()
    finally:
        connection.execute("call disable_logging()")
    opened = connection.execute(
        "select path, sum(bytes) filter (op = 'READ') from duckdb_logs_parsed('FileSystem')"
        " where path like '%.parquet' group by path"
    ).fetchall()
    files = [path for path, _ in opened]
    bound = {"files": files, "page_head_bytes": PAGE_HEAD_BYTES}
    chunks = connection.execute(CHUNKS_READ, bound).fetchall() if files else []
    return Reads(
        frozenset(files), sum(size or 0 for _, size in opened), tuple(Chunk(*row) for row in chunks)
    )
