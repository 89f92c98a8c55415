"""Turn the public throughput traces and ladders into the feed throughput_samples and its seed.

    reelhouse import throughput-traces --data ../shared/data --out landing

The traces are real as they are. Derived: when a trace was taken (the name of a 3G file holds it; a
4G file has none and gets the first day of 2016), and the height of each rung of a ladder (the
files give only bitrates: `HEIGHTS`).
"""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

from reelhouse.generate.playback import LADDER_COLUMNS

# Lines of the picture by bitrate (kbit/s): what encoders use for them, as the files do not say.
HEIGHTS = {
    "bbb": (240, 240, 360, 360, 480, 480, 720, 720, 1080, 1080),
    "bbb4k": (480, 720, 1080, 1080, 2160, 2160),
}


def taken_at(name: str, number: int) -> datetime:
    """Return when a trace was taken: from its name, else a minute of the first day of 2016."""
    if found := re.search(r"(\d{4}-\d{2}-\d{2}_\d{4})", name):
        return datetime.strptime(found.group(1), "%Y-%m-%d_%H%M")
    return datetime(2016, 1, 1) + timedelta(minutes=number)


def adapt_traces(data: Path, out: Path) -> int:
    """Write the feed; returns the number of samples.

    Args:
        data: folder that holds `throughput_traces/`.
        out: landing folder.
    """
    path = out / "throughput_samples" / "traces.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ["trace_id", "sample_number", "duration_ms", "bandwidth_kbps", "latency_ms"]
    count = 0
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow([*columns, "network_type", "trace_started_at"])
        for number, file in enumerate(sorted((data / "throughput_traces").glob("*report*.json"))):
            trace_id = file.stem.replace("_report", "")
            for position, sample in enumerate(json.loads(file.read_text()), 1):
                values = [sample[name] for name in columns[2:]]
                rows.writerow(
                    [trace_id, position, *values, file.name[:2], taken_at(file.name, number)]
                )
                count += 1
    return count


def adapt_ladders(data: Path, path: Path) -> int:
    """Write the ladders as a seed `ladder_segments`; returns the number of rows.

    Args:
        data: folder that holds `throughput_traces/`.
        path: file to write.
    """
    count = 0
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(LADDER_COLUMNS)
        for ladder, heights in HEIGHTS.items():
            content = json.loads((data / "throughput_traces" / f"ladder_{ladder}.json").read_text())
            for segment, sizes in enumerate(content["segment_sizes_bits"], 1):
                rungs = zip(heights, content["bitrates_kbps"], sizes, strict=True)
                for level, (height, rate, size) in enumerate(rungs, 1):
                    duration = content["segment_duration_ms"]
                    rows.writerow([ladder, segment, level, height, rate, duration, size])
                    count += 1
    return count
