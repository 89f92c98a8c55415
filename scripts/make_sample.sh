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
        --regions US,us-east,us-west,eu-west,eu-central,ap-south,ap-northeast,sa-east \
        --duplicate-share 0.02 --dirty-share 0.01 --format "$format" --quiet > /dev/null
    day=$((day + 1))
done

# resource_metrics: three hours, by the minute.
rm -rf seeds/sample/resource_metrics
python scripts/generate_delivery.py resource_metrics --out seeds/sample --seed 7 --start 2025-01-14 --hours 3 > /dev/null

# api_requests: three days in three formats; on the second evening playback gets slow, then catalog fails.
# On the third one client asks far too fast, and the last five minutes are busy, with a few failures.
rm -rf seeds/sample/api_requests
date=12
for format in log.gz jsonl.gz parquet; do
    python scripts/generate_delivery.py api_requests --out seeds/sample --seed 7 --start "2025-01-$date" \
        --requests-per-day 1200 --clients 150 --format "$format" \
        --incident playback,2025-01-13T18:00,50,8,0 --incident catalog,2025-01-13T20:30,45,1,0.5 \
        --incident recommendations,2025-01-14T23:56,2,4,0.1 --rush 2025-01-13T20:40,180,160,60 \
        --rush 2025-01-14T19:15,3,130,1 --rush 2025-01-14T23:54:30,300,240,90 > /dev/null
    date=$((date + 1))
done

# Playback, CDN and throughput: two days with what comes late on the third.
rm -rf seeds/sample/playback_events seeds/sample/cdn_requests seeds/sample/throughput_samples
python scripts/generate_playback.py --out seeds/sample --seed 7 --ladder seeds/reference/ladder_segments.csv > /dev/null

# cache_requests: the last three days of those two weeks, in three formats.
rm -rf seeds/sample/cache_requests
day=11
for format in parquet csv.gz jsonl.gz; do
    python scripts/generate_cache_requests.py --out seeds/sample --seed 7 --first-day "$day" --days 1 \
        --requests-per-day 550 --profiles 60 --titles 40 --dirty-share 0.005 --format "$format" > /dev/null
    day=$((day + 1))
done
