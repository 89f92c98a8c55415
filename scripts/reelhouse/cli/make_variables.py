"""Run a command with the values of the Makefile's variables, which no shell evaluates.

    ARGS="--vars '{as_of: 2025-01-01}'" python scripts/reelhouse/cli/make_variables.py dbt build

The Makefile exports LANDING, LAKE, SERVING and ARGS. ARGS is split into words as a shell splits
them, quotes included, and nothing in it is expanded. The others become what dbt and the scripts
read: REELHOUSE_LAKE and REELHOUSE_SERVING.
"""

from __future__ import annotations

import os
import shlex
import sys

SAMPLE = "seeds/sample"
DEFAULT_LAKE = "lake"


def choose_lake(landing: str, lake: str) -> str:
    """Return the lake's folder: the sample and your own data never share one.

    An explicit choice (`--lake`, else REELHOUSE_LAKE) wins. Otherwise the sample uses the default
    of `dbt build`, and your own data a separate folder.
    """
    chosen = lake or os.environ.get("REELHOUSE_LAKE", "")
    if chosen:
        return chosen
    return DEFAULT_LAKE if landing in ("", SAMPLE) else "lake/own"


def main() -> int:
    """Become the command that was given; exit status 2 where ARGS has an open quote."""
    given = {name: os.environ.pop(name, "") for name in ("LANDING", "LAKE", "SERVING", "ARGS")}
    lake = choose_lake(given["LANDING"], given["LAKE"])
    if lake != DEFAULT_LAKE or given["LAKE"]:
        os.environ["REELHOUSE_LAKE"] = lake
    elif not os.environ.get("REELHOUSE_LAKE"):
        os.environ.pop("REELHOUSE_LAKE", None)  # empty is no folder
    if given["SERVING"]:
        os.environ["REELHOUSE_SERVING"] = given["SERVING"]
    try:
        arguments = shlex.split(given["ARGS"])
    except ValueError as error:
        print(f"ARGS cannot be split into words: {error}.", file=sys.stderr)
        return 2
    os.execvp(sys.argv[1], [*sys.argv[1:], *arguments])


if __name__ == "__main__":
    sys.exit(main())
