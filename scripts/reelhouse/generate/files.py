"""How generators write files: the same bytes each time, under a hidden name until complete."""

from __future__ import annotations

import zlib
from pathlib import Path

# Placeholder for a byte that is not UTF-8, until the file is written.
BROKEN_LETTER = "\u00ff"
# Text is compressed in pieces of this many bytes.
PIECE_BYTES = 1 << 22
# DuckDB's COPY options by file format. `finish_text` compresses text afterwards.
COPY_OPTIONS = {
    "parquet": "format parquet, compression zstd",
    "csv": "format csv, header true, compression none",
    "csv.gz": "format csv, header true, compression none",
    "jsonl": "format json, compression none",
    "jsonl.gz": "format json, compression none",
}


def finish_text(path: Path, compressed: bool) -> None:
    """Replace the placeholder by a byte that is not UTF-8, and compress (gzip without a time)."""
    finished = path.with_name(f"{path.name}.2")
    # 31 asks for a gzip header, which here carries no time: the same rows are the same bytes.
    # The lowest level: ids are random, and level 6 takes three times as long for a seventh less.
    packer = zlib.compressobj(level=1, wbits=31) if compressed else None
    with path.open("rb") as source, finished.open("wb") as target:
        # Complete lines, so that no character is split.
        while lines := source.readlines(PIECE_BYTES):
            piece = b"".join(lines).replace(BROKEN_LETTER.encode(), b"\xff")
            target.write(packer.compress(piece) if packer else piece)
        if packer:
            target.write(packer.flush())
    finished.replace(path)
