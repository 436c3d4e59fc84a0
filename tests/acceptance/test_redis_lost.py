from __future__ import annotations

import pytest

from stream_app.kpi.bucket import Bucket
from tests.acceptance.comparison import differences
from tests.acceptance.log import stated
from tests.acceptance.material import CONFIG, LAST, disturbed, simulated, swirled, text_of
from tests.acceptance.system import System

LINES = disturbed(swirled(simulated(1500, 31), 32), 33, 100)
LOST = 3.0
"""Seconds of quiet after a loss: it is noticed within one or two."""

pytestmark = [pytest.mark.chaos]


@pytest.mark.soak  # the losses of tests/chaos have it, under load
def test_an_emptied_redis_heals_by_reading_the_log_again_also_where_nothing_comes_in(system: System) -> None:
    events, conf = system.file("events.jsonl", text_of(LINES)), system.file("tenggat.yaml", CONFIG)
    worker = system.worker(conf)
    system.produce(events, "--rate", 1000)  # slowly, so that the topic tells of what late events took back
    system.settle()
    replayed = system.replay(events, "--config", conf, "--until", LAST)
    assert not differences(replayed, system.report("--until", LAST))
    before = system.spoken()
    assert any(one["type"] == "sla.corrected" for one in before.messages)

    system.redis.flushall()
    system.settle(within=15, quiet=LOST)  # soon: each second Redis is asked whether it still agrees

    assert not differences(replayed, system.report("--until", LAST))
    assert system.spoken() == before  # what the topic holds is not said again, and nothing is taken back
    assert before.standing() == stated(system.report()["signals"])
    assert worker.total("tenggat_state_rewinds_total") == len(system.tps())


def test_the_report_reads_the_very_buckets_so_that_a_wrong_one_shows(system: System) -> None:
    events, conf = system.file("events.jsonl", text_of(LINES)), system.file("tenggat.yaml", CONFIG)
    system.worker(conf)
    system.produce(events)
    system.settle()
    right = system.report("--until", LAST)

    key = next(
        key
        for tp in system.tps()
        for key in sorted(
            system.redis.keys(
                b"{%s:%s-%d}:bucket:60m:*" % (system.names.namespace.encode(), tp.topic.encode(), tp.partition)
            )
        )
    )
    name, data = next(iter(sorted(system.redis.hgetall(key).items())))
    doubled = Bucket.decode(data)
    doubled.merge(Bucket.decode(data))
    system.redis.hset(key, name, doubled.encode())

    wrong = system.report("--until", LAST)
    assert wrong["kpis"] != right["kpis"]
    assert (wrong["entities"], wrong["signals"]) == (right["entities"], right["signals"])
