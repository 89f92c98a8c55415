"""Judge quarantined rows again, after a list, a rule or a variable was corrected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from reelhouse.cli.make_variables import choose_lake
from reelhouse.paths import ROOT
from reelhouse.refresh.build import build


def replay(feed: str, landing: str, lake: str, dbt_arguments: list[str]) -> int:
    """Judge the rejected rows of a feed again, by the next build, which this runs.

    Args:
        feed: name of the feed.
        landing: folder of delivered files; empty for the sample.
        lake: folder of the lake; empty for the default of `choose_lake`.
        dbt_arguments: further arguments of `dbt build`.

    Returns:
        The exit status of the build, or of the step that failed before it; 2 for an unknown feed.
    """
    feeds = sorted(path.stem[5:] for path in (ROOT / "models" / "landing").glob("land_*.sql"))
    if feed not in feeds:
        print(
            f"reelhouse replay: there is no feed {feed!r}. The feeds are {', '.join(feeds)}.",
            file=sys.stderr,
        )
        return 2
    dbt = Path(sys.executable).with_name("dbt")
    status = subprocess.run(
        [str(dbt), "run-operation", "replay", "--args", json.dumps({"feed": feed})],
        cwd=ROOT,
        env={**os.environ, "REELHOUSE_LAKE": choose_lake(landing, lake)},
        check=False,
    ).returncode
    return status or build(landing, lake, dbt_arguments)
