#!/usr/bin/env bash
# Write the sample of watch_events anew: two weeks in every format, with late, repeated and dirty rows.
# As many events as fit into 250 KB, so the plain text formats come on working days.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf seeds/sample/watch_events
day=0
for format in parquet csv.gz jsonl.gz parquet parquet csv jsonl parquet csv.gz parquet jsonl.gz parquet csv.gz parquet; do
    python scripts/generate_watch_events.py --out seeds/sample --seed 7 --first-day "$day" --days 1 \
        --events-per-day 300 --profiles 200 --titles 60 --late-share 0.02 --late-days 10 \
        --duplicate-share 0.02 --dirty-share 0.01 --format "$format" --quiet > /dev/null
    day=$((day + 1))
done

# cache_requests: the last three days of those two weeks, in three formats.
rm -rf seeds/sample/cache_requests
day=11
for format in parquet csv.gz jsonl.gz; do
    python scripts/generate_cache_requests.py --out seeds/sample --seed 7 --first-day "$day" --days 1 \
        --requests-per-day 550 --profiles 60 --titles 40 --dirty-share 0.005 --format "$format" > /dev/null
    day=$((day + 1))
done
