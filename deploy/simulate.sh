#!/bin/sh
# A simulated help desk and SOC: the last day's events at once, then those of the next hours, each in its moment.
# Every run has tickets of its own: their names carry the minute in which it began.
set -eu

now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
end=$(date -u -d '+8 hours' +%Y-%m-%dT%H:%M:%SZ)
run=$(date -u +%m%d%H%M)

tenggat simulate --events "${EVENTS:-6000}" --seed "$(date +%s)" --span 32h --until "$end" |
  sed "s/\"subject\":\"\(TCK\|SEC\)-/&$run-/" |
  awk -v now="$now" '{
    match($0, /"time":"[^"]*/)
    print > (substr($0, RSTART + 8, RLENGTH - 8) <= now ? "/tmp/past.jsonl" : "/tmp/ahead.jsonl")
  }'

tenggat produce /tmp/past.jsonl --rate 1000
exec tenggat produce /tmp/ahead.jsonl --speed 1
