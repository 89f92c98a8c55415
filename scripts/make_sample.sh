#!/usr/bin/env bash
# Write the sample of watch_events anew: two weeks in every format, with late, repeated and dirty rows.
# As many events as fit into 250 KB, so the plain text formats come on working days.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf seeds/sample/watch_events
day=0
for format in parquet csv.gz jsonl.gz parquet parquet csv jsonl parquet csv.gz parquet jsonl.gz parquet csv.gz parquet; do
    reelhouse generate watch-events --out seeds/sample --seed 7 --first-day "$day" --days 1 \
        --events-per-day 300 --profiles 200 --titles 60 --late-share 0.02 --late-days 10 \
        --regions US,us-east,us-west,eu-west,eu-central,ap-south,ap-northeast,sa-east \
        --duplicate-share 0.02 --dirty-share 0.01 --format "$format" > /dev/null
    day=$((day + 1))
done

# resource_metrics: a few hours of each day, in the end by the minute: enough history for a forecast of the next.
# A small file of rows that no fact keeps shows the quarantine of this feed, and of others below.
rm -rf seeds/sample/resource_metrics
reelhouse generate resource-metrics --out seeds/sample --seed 7 --start 2025-01-01 --days 12 \
    --hours 3 --every-minutes 10 > /dev/null
reelhouse generate resource-metrics --out seeds/sample --seed 7 --start 2025-01-13 \
    --hours 9 --every-minutes 10 > /dev/null
reelhouse generate resource-metrics --out seeds/sample --seed 7 --start 2025-01-14 --hours 3 > /dev/null
cat > seeds/sample/resource_metrics/2025-01-14-rejected.csv <<'ROWS'
service_name,instance,minute_ts,cpu_percent,memory_percent
catalog,catalog-1,2025-01-14 02:00:00,-5,40
catalog,catalog-2,yesterday,30,40
ROWS

# api_requests: three days in three formats; on the second evening playback gets slow, then catalog fails.
# On the third one client asks far too fast, and the last five minutes are busy, with a few failures.
rm -rf seeds/sample/api_requests
date=12
for format in log.gz jsonl.gz parquet; do
    reelhouse generate api-requests --out seeds/sample --seed 7 --start "2025-01-$date" \
        --requests-per-day 1200 --clients 150 --format "$format" \
        --incident playback,2025-01-13T18:00,50,8,0 --incident catalog,2025-01-13T20:30,45,1,0.5 \
        --incident recommendations,2025-01-14T23:56,2,4,0.1 --rush 2025-01-13T20:40,180,160,60 \
        --rush 2025-01-14T19:15,3,130,1 --rush 2025-01-14T23:54:30,300,240,90 > /dev/null
    date=$((date + 1))
done

# An hour at a thousand requests a minute, dense enough for sketches by the minute.
reelhouse generate load-test --out seeds/sample --seed 7 --start 2025-01-13 > /dev/null
cat > seeds/sample/api_requests/2025-01-14-rejected.csv <<'ROWS'
request_ts,service_name,endpoint,method,status_code,response_time_ms,response_bytes
2025-01-14 10:00:00,catalog,/search,GET,9999,20,100
2025-01-14 10:00:01,catalog,/search,GET,200,-1,100
ROWS

# Playback, CDN and throughput: two days with what comes late on the third.
rm -rf seeds/sample/playback_events seeds/sample/cdn_requests seeds/sample/throughput_samples
reelhouse generate playback --out seeds/sample --seed 7 --ladder seeds/reference/ladder_segments.csv > /dev/null
cat > seeds/sample/cdn_requests/2025-01-14-rejected.csv <<'ROWS'
request_id,edge,region,object,content_class,cache_status,response_bytes,time_to_first_byte_ms,request_ts
rejected-1,edge-a,nowhere,/t1/1.m4s,segment,hit,1000,5,2025-01-14 10:00:00
rejected-2,edge-a,us-east,/t1/1.m4s,segment,lost,1000,5,2025-01-14 10:00:00
ROWS
# Requests with the player's report; the third has a key that does not count.
cat > seeds/sample/cdn_requests/2025-01-14-cmcd.csv <<'ROWS'
request_id,edge,region,title_id,object,content_class,cache_status,response_bytes,time_to_first_byte_ms,ttl_seconds,age_seconds,cmcd,request_ts
player-1,cdn-eu-west,eu-west,t00001,/t00001/3000/1.m4s,static,hit,1500000,12.5,7200,30,"bl=21300,br=3000,d=4004,mtp=25400,ot=v,sf=d,sid=""s-player"",st=v,su,tb=6000,v=2",2025-01-14 10:00:00.250
player-2,cdn-eu-west,eu-west,t00001,/t00001/3000/2.m4s,static,miss,1480000,88.0,7200,0,"bl=25300,br=3000,d=4004,mtp=9100,ot=v,sf=d,sid=""s-player"",st=v,tb=6000,v=2",2025-01-14 10:00:04.100
player-3,cdn-eu-west,eu-west,t00001,/t00001/3000/3.m4s,static,hit,1510000,11.0,7200,4,"bl=0,bs,br=fast,d=4004,ot=v,sf=d,sid=""s-player"",st=v,v=2",2025-01-14 10:00:31.700
ROWS
cat > seeds/sample/throughput_samples/2025-01-13-rejected.csv <<'ROWS'
trace_id,sample_number,duration_ms,bandwidth_kbps,latency_ms,trace_started_at
rejected-1,1,-1000,4000,30,2025-01-13 10:00:00
rejected-2,1,1000,fast,30,2025-01-13 10:00:00
ROWS

# demand_forecasts: what another tool forecast for two days, and two rows that cannot be used.
mkdir -p seeds/sample/demand_forecasts
{
    echo service_name,resource,grain,method,origin_ts,target_ts,forecast
    for hour in $(seq 1 48); do
        target=$(date -u -d "2025-01-13 20:00 UTC + $hour hours" '+%F %T')
        # Most at 21:00, least at 9:00: cores that the service asks for.
        forecast=$(awk -v hour="$hour" 'BEGIN {printf "%.1f", 1.4 + 0.8 * cos((hour - 1) * 3.14159265 / 12)}')
        echo "playback,cpu_pods,hour,by_hand,2025-01-13 20:00:00,$target,$forecast"
    done
    echo playback,cpu_pods,century,by_hand,2025-01-13 20:00:00,2025-01-13 21:00:00,2
    echo playback,cpu_pods,hour,by_hand,2025-01-13 20:00:00,2025-01-13 19:00:00,2
} > seeds/sample/demand_forecasts/2025-01-13.csv

# cache_requests: the last three days of those two weeks, in three formats.
rm -rf seeds/sample/cache_requests
day=11
for format in parquet csv.gz jsonl.gz; do
    reelhouse generate cache-requests --out seeds/sample --seed 7 --first-day "$day" --days 1 \
        --requests-per-day 550 --profiles 60 --titles 40 --dirty-share 0.005 --format "$format" > /dev/null
    day=$((day + 1))
done
